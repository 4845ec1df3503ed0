import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import type { PartLocations } from './parts.mjs';
import { freePort } from './ports.ts';
import type { Supervisor } from './processes.ts';

const KAFKA_HEAP = '512m';
const REGISTRY_HEAP = '384m';
/**
 * KRaft requires a cluster id when it formats its storage. Each stack is a cluster by itself, so one constant is
 * enough.
 */
const CLUSTER_ID = 'VHJpYnV0YXJ5LWxvY2FsLQ';

/** Starts one KRaft node, broker and controller in one, on empty storage. @returns host:port */
export async function startKafka(
  supervisor: Supervisor,
  { java, libraries }: PartLocations['kafka'],
  data: string,
  port: number,
): Promise<string> {
  const properties = join(data, 'server.properties');
  mkdirSync(data, { recursive: true });
  writeFileSync(properties, brokerProperties(join(data, 'log'), port, await freePort()));
  const run = (heap: string, tier: number, ...args: string[]) => [
    ...[
      `-Xms${heap}`,
      `-Xmx${heap}`,
      '-XX:+UseSerialGC',
      '-XX:+ExitOnOutOfMemoryError',
      `-XX:TieredStopAtLevel=${tier}`,
    ],
    ...['-Dorg.slf4j.simpleLogger.showDateTime=true', '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS'],
    ...['-cp', join(libraries, '*'), ...args],
  ];
  const format = run(
    '64m',
    1,
    'kafka.tools.StorageTool',
    'format',
    '--cluster-id',
    CLUSTER_ID,
    '--config',
    properties,
  );
  await supervisor.run({ name: 'kafka-format', command: java, args: format });
  const brokers = `127.0.0.1:${port}`;
  await supervisor.start({
    name: 'kafka',
    command: java,
    args: run(KAFKA_HEAP, 4, 'kafka.Kafka', properties),
    isReady: () => answersMetadata(brokers),
  });
  return brokers;
}

function brokerProperties(logDirectory: string, port: number, controllerPort: number): string {
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': logDirectory,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 5,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 5,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    // With one broker the first assignment need not wait for more members.
    'group.initial.rebalance.delay.ms': 0,
    'auto.create.topics.enable': false,
    // The default of 128 MB would be a quarter of the heap.
    'log.cleaner.dedupe.buffer.size': 16_777_216,
  })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

async function answersMetadata(brokers: string): Promise<boolean> {
  const kafka = new Kafka({
    brokers: [brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 2_000,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const cluster = await admin.describeCluster();
    return cluster.brokers.length === 1;
  } finally {
    await admin.disconnect();
  }
}

/** Starts Apicurio with its schemas in memory. @returns the base URL of its Schema Registry API */
export async function startRegistry(
  supervisor: Supervisor,
  { java, jar }: PartLocations['registry'],
  port: number,
): Promise<string> {
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  await supervisor.start({
    name: 'registry',
    command: java,
    args: [
      `-Xmx${REGISTRY_HEAP}`,
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-Xshare:auto',
      '-jar',
      jar,
    ],
    cwd: dirname(jar),
    env: {
      ...process.env,
      QUARKUS_HTTP_HOST: '127.0.0.1',
      QUARKUS_HTTP_PORT: String(port),
      QUARKUS_MANAGEMENT_HOST: '127.0.0.1',
      QUARKUS_MANAGEMENT_PORT: String(await freePort()),
      QUARKUS_LOG_LEVEL: 'WARN',
      // "sql" without a database address is an in-memory database.
      APICURIO_STORAGE_KIND: 'sql',
    },
    readyTimeoutMs: 120_000,
    isReady: async () => {
      const response = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(5_000) });
      return response.ok;
    },
  });
  return url;
}

/**
 * Starts a Redis that writes nothing to disk and rejects writes instead of evicting a user's state. @returns its URL
 */
export async function startRedis(
  supervisor: Supervisor,
  { server }: PartLocations['redis'],
  data: string,
  port: number,
): Promise<string> {
  mkdirSync(data, { recursive: true });
  await supervisor.start({
    name: 'redis',
    command: server,
    args: [
      ...['--bind', '127.0.0.1', '--port', String(port), '--dir', data],
      ...['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'],
    ],
    isReady: () => answersPing(port),
  });
  return `redis://127.0.0.1:${port}`;
}

function answersPing(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise<boolean>((resolve, reject) => {
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (reply) => resolve(reply.toString().startsWith('+PONG')));
    socket.once('error', reject);
  }).finally(() => socket.destroy());
}
