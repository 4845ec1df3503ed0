import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startKafka } from './kafka.ts';
import { bringParts } from './parts.mjs';
import { claimPort } from './ports.ts';
import { type ManagedProcess, type ProcessFailedError, Supervisor } from './processes.ts';
import { startRedis, startRegistry } from './servers.ts';

/** Addresses of the servers, by the names of the stages' environment variables. */
export interface StackAddresses {
  /** host:port, several separated by commas */
  readonly KAFKA_BROKERS: string;
  /** The Schema Registry API, for Apicurio with its path. */
  readonly SCHEMA_REGISTRY_URL: string;
  readonly REDIS_URL: string;
}

export interface StackOptions {
  /** Folder with the servers' data, emptied at each start, and their logs. One stack at a time (see lock.ts). */
  readonly runDirectory: string;
  /**
   * Ports, unless TRIBUTARY_KAFKA_PORT, TRIBUTARY_REGISTRY_PORT or TRIBUTARY_REDIS_PORT override them. Default: free
   * ports.
   */
  readonly ports?: { readonly kafka?: number; readonly registry?: number; readonly redis?: number };
  /** An address here replaces the server of that name, which is then not started. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly onUnexpectedExit?: (error: ProcessFailedError) => void;
}

export interface Stack {
  readonly env: StackAddresses;
  readonly processes: readonly ManagedProcess[];
  stop(): Promise<void>;
}

/**
 * Starts an empty Kafka broker, Schema Registry and Redis on 127.0.0.1, and waits until each answers.
 *
 * @throws {PortInUseError} for a given port on which a program listens
 * @throws {ProcessFailedError} for a server that does not start, with the end of its log
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { runDirectory, ports = {}, environment = process.env, onUnexpectedExit } = options;
  const supervisor = new Supervisor({ runDirectory, ...(onUnexpectedExit && { onUnexpectedExit }) });
  const parts = await bringParts(['kafka', 'registry', 'redis'], { env: environment, quiet: true });
  const claim = async (server: 'kafka' | 'registry' | 'redis') => {
    // An address replaces this server, so no port is needed.
    if (!parts[server]) return 0;
    const variable = `TRIBUTARY_${server.toUpperCase()}_PORT`;
    const wanted = environment[variable] ? Number(environment[variable]) : ports[server];
    return claimPort(wanted, server, variable);
  };
  const port = {
    kafka: await claim('kafka'),
    registry: await claim('registry'),
    redis: await claim('redis'),
  };
  const data = join(runDirectory, 'data');
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true });
  const { kafka, registry, redis } = parts;
  try {
    const [KAFKA_BROKERS, SCHEMA_REGISTRY_URL, REDIS_URL] = await Promise.all([
      kafka ? startKafka(supervisor, kafka, join(data, 'kafka'), port.kafka) : environment.KAFKA_BROKERS!,
      registry ? startRegistry(supervisor, registry, port.registry) : environment.SCHEMA_REGISTRY_URL!,
      redis ? startRedis(supervisor, redis, join(data, 'redis'), port.redis) : environment.REDIS_URL!,
    ]);
    return {
      env: { KAFKA_BROKERS, SCHEMA_REGISTRY_URL, REDIS_URL },
      get processes() {
        return supervisor.processes;
      },
      stop: () => supervisor.stop(),
    };
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}
