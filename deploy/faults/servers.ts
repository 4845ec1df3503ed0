import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KafkaCluster, type KafkaClusterOptions, startKafkaCluster } from '../local/kafka.ts';
import { bringParts } from '../local/parts.mjs';
import { freePort } from '../local/ports.ts';
import { type ManagedProcess, Supervisor } from '../local/processes.ts';
import { startRedis, startRegistry } from '../local/servers.ts';
import type { StackAddresses } from '../local/stack.ts';

/** A Redis that can be killed, and started again on the data that it has on disk. */
export interface RedisServer {
  readonly port: number;
  /** Folder of its data; `dump.rdb` there is loaded at the start. */
  readonly data: string;
  readonly process: ManagedProcess | undefined;
  restart(): Promise<void>;
}

/** Servers of a run with faults, which belong to it alone. */
export interface FaultServers {
  readonly env: StackAddresses;
  readonly kafka: KafkaCluster;
  readonly redis: RedisServer;
  /** For logs of stages too. */
  readonly runDirectory: string;
  stop(): Promise<void>;
}

/**
 * Starts Kafka and Redis on 127.0.0.1, and a Schema Registry unless the environment names one: it is not hurt, and so may be
 * shared.
 */
export async function startFaultServers(
  kafkaOptions: Pick<KafkaClusterOptions, 'heap' | 'proxied'> & { readonly nodes: number },
): Promise<FaultServers> {
  const { nodes, ...options } = kafkaOptions;
  const runDirectory = mkdtempSync(join(tmpdir(), 'tributary-faults-'));
  const supervisor = new Supervisor({ runDirectory });
  const { KAFKA_BROKERS: _kafka, REDIS_URL: _redis, ...env } = process.env;
  const parts = await bringParts(['kafka', 'registry', 'redis'], { env, quiet: true });
  const redisData = join(runDirectory, 'data', 'redis');
  const redisPort = await freePort();
  const ports = await Promise.all(Array.from({ length: nodes }, () => freePort()));
  const stop = async (): Promise<void> => {
    await supervisor.stop();
    rmSync(runDirectory, { recursive: true, force: true });
  };
  try {
    const [kafka, registryUrl, redisUrl] = await Promise.all([
      startKafkaCluster(supervisor, parts.kafka!, {
        ...options,
        data: join(runDirectory, 'data', 'kafka'),
        ports,
      }),
      parts.registry
        ? startRegistry(supervisor, parts.registry, await freePort())
        : (env.SCHEMA_REGISTRY_URL ?? ''),
      startRedis(supervisor, parts.redis!, redisData, redisPort),
    ]);
    return {
      env: { KAFKA_BROKERS: kafka.brokers, SCHEMA_REGISTRY_URL: registryUrl, REDIS_URL: redisUrl },
      kafka,
      redis: {
        port: redisPort,
        data: redisData,
        get process() {
          return supervisor.processes.find(({ name }) => name === 'redis');
        },
        restart: async () => void (await startRedis(supervisor, parts.redis!, redisData, redisPort)),
      },
      runDirectory,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
