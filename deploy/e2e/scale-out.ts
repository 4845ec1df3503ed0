/** Every stage as several processes, on servers of several nodes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { STAGE_NAMES, urlVariable, WORKERS } from '#stages/stages.ts';
import { openTestNamespace } from '#topics/test-namespace.ts';
import { type Fleet, type Member, startFleet } from '../faults/nemesis/fleet.ts';
import { startProxy, type TcpProxy } from '../faults/nemesis/proxy.ts';
import { allReady } from '../faults/nemesis/world.ts';
import { startKafkaCluster } from '../local/kafka.ts';
import { bringParts } from '../local/parts.mjs';
import { freePort } from '../local/ports.ts';
import { Supervisor } from '../local/processes.ts';
import { startRedisCluster } from '../local/redis-cluster.ts';
import { startRegistry } from '../local/servers.ts';
import type { Path } from '../path/path.ts';
import { readAll } from '../path/read-all.ts';
import type { WholePath } from './whole-path.ts';

export const SHAPE = {
  brokers: 3,
  redisPrimaries: 3,
  copies: 2,
  indexShards: 2,
  inferenceWorkers: 2,
} as const;

const BROKER_HEAP = '320m';
const READY_TIMEOUT_MS = 600_000;

export interface ScaledOut extends WholePath {
  /** Processes of stages and workers by their names, such as `index-0-2` for the second replica of shard 0. */
  readonly members: readonly string[];
  /** Number of keys that each primary of Redis holds. */
  keysOfPrimaries(): Promise<number[]>;
  /** Stages and workers that failed by themselves, with the ends of their logs. */
  readonly crashes: readonly string[];
  close(): Promise<void>;
}

/** Starts the servers and the processes, with an address of each stage that spreads connections over its processes. */
export async function openScaledOut(settings: Readonly<Record<string, string>>): Promise<ScaledOut> {
  const runDirectory = mkdtempSync(join(tmpdir(), 'tributary-scale-out-'));
  const closing: Array<() => Promise<unknown> | unknown> = [
    () => rmSync(runDirectory, { recursive: true, force: true }),
  ];
  const close = async (): Promise<void> => {
    for (const step of closing.reverse()) await step();
  };
  try {
    const supervisor = new Supervisor({ runDirectory });
    closing.push(() => supervisor.stop());
    const servers = await startServers(supervisor, runDirectory);
    Object.assign(process.env, servers.env);
    const namespace = await openTestNamespace();
    closing.push(() => namespace.close());
    await namespace.apply();

    let fleet: Fleet | undefined;
    const members: (Member & { readonly at: string })[] = [];
    const proxies: TcpProxy[] = [];
    closing.push(() => {
      for (const proxy of proxies) proxy.close();
    });
    /** Opens an address behind which the processes are that stand at a place. */
    const balance = async (at: string): Promise<string> => {
      const port = await freePort();
      let turn = 0;
      const target = (): number | undefined => {
        const ready = members.filter((member) => member.at === at && fleet?.isReady(member.name));
        const chosen = ready[turn++ % Math.max(1, ready.length)];
        return chosen === undefined ? undefined : fleet?.portOf(chosen.name);
      };
      proxies.push(await startProxy(port, target));
      return `http://127.0.0.1:${port}`;
    };
    const addresses = new Map<string, string>();
    for (const stage of STAGE_NAMES) if (stage !== 'index') addresses.set(stage, await balance(stage));
    const shards: string[] = [];
    for (let shard = 0; shard < SHAPE.indexShards; shard++) shards.push(await balance(`index-${shard}`));
    addresses.set('index', shards.join());
    const env = {
      ...servers.env,
      ...Object.fromEntries([...addresses].map(([stage, address]) => [urlVariable(stage), address])),
      ...settings,
      TRIBUTARY_NAMESPACE: namespace.namespace,
      TRIBUTARY_LOG_LEVEL: 'warn',
      // So many processes ask the registry at once that some of them have to wait for it.
      TRIBUTARY_START_PATIENCE_MS: String(READY_TIMEOUT_MS),
      TRIBUTARY_INDEX_SHARDS: String(SHAPE.indexShards),
      TRIBUTARY_INDEX_SHARD_URLS: shards.join(),
      TRIBUTARY_INFERENCE_WORKERS: 'external',
      TRIBUTARY_INFERENCE_PATIENCE_MS: '300000',
    };
    for (let copy = 1; copy <= SHAPE.copies; copy++) {
      for (const stage of STAGE_NAMES) {
        if (stage !== 'index') members.push({ name: `${stage}-${copy}`, at: stage, stage, env });
      }
      for (let shard = 0; shard < SHAPE.indexShards; shard++) {
        const at = `index-${shard}`;
        const own = { ...env, TRIBUTARY_INDEX_SHARD: String(shard) };
        members.push({ name: `${at}-${copy}`, at, stage: 'index', env: own });
      }
    }
    const workers = Array.from({ length: SHAPE.inferenceWorkers }, (_, worker) => ({
      ...{ name: `inference-${worker + 1}`, at: 'inference', stage: WORKERS.inference.folder, env },
    }));
    const crashes: string[] = [];
    const onCrash = (name: string, reason: string): void => void crashes.push(`${name} ${reason}`);
    const all = [...members, ...workers];
    fleet = await startFleet({ members: all, runDirectory, onCrash });
    closing.push(() => fleet?.stop());
    await allReady(fleet, members, READY_TIMEOUT_MS).catch((cause: Error) => {
      throw new Error([cause.message, ...crashes].join('\n'), { cause });
    });

    const read: Path['read'] = (topic) => readAll(namespace, topic);
    return {
      namespace,
      members: all.map(({ name }) => name),
      crashes,
      read,
      async call(stage, method, path, body) {
        const response = await fetch(`${addresses.get(stage)}${path}`, {
          method,
          ...(body === undefined
            ? {}
            : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
        });
        return { status: response.status, body: await response.json() };
      },
      keysOfPrimaries: servers.keysOfPrimaries,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startServers(supervisor: Supervisor, runDirectory: string) {
  const { KAFKA_BROKERS: _kafka, REDIS_URL: _redis, SCHEMA_REGISTRY_URL: _registry, ...env } = process.env;
  const parts = await bringParts(['kafka', 'registry', 'redis'], { env, quiet: true });
  const ports = await Promise.all(Array.from({ length: SHAPE.brokers }, () => freePort()));
  const data = join(runDirectory, 'data');
  const [kafka, registry, redis] = await Promise.all([
    startKafkaCluster(supervisor, parts.kafka!, { data: join(data, 'kafka'), ports, heap: BROKER_HEAP }),
    startRegistry(supervisor, parts.registry!, await freePort()),
    startRedisCluster(supervisor, parts.redis!, join(data, 'redis'), SHAPE.redisPrimaries),
  ]);
  return {
    env: { KAFKA_BROKERS: kafka.brokers, SCHEMA_REGISTRY_URL: registry, REDIS_URL: redis.url },
    async keysOfPrimaries(): Promise<number[]> {
      const nodes = redis.ports.map((port) => new Redis(port, '127.0.0.1'));
      try {
        return await Promise.all(nodes.map((node) => node.dbsize()));
      } finally {
        for (const node of nodes) node.disconnect();
      }
    },
  };
}
