import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import type { PartLocations } from './parts.mjs';
import { freePort } from './ports.ts';
import type { ManagedProcess, Supervisor } from './processes.ts';

/**
 * KRaft requires a cluster id when it formats its storage. Each stack is a cluster by itself, so one constant is
 * enough.
 */
const CLUSTER_ID = 'VHJpYnV0YXJ5LWxvY2FsLQ';
/** Before Kafka elects new leaders it waits for so long for a broker that was killed. */
const BROKER_SESSION_MS = 6_000;
/** A node that was killed recovers its log first, and a busy machine takes long to start three. */
const READY_TIMEOUT_MS = 120_000;

/** An address at which a broker listens, and the one that it names to clients that come by it, such as a proxy. */
export interface ProxiedListener {
  readonly port: number;
  readonly advertisedPort: number;
}

export interface KafkaClusterOptions {
  /** Folder of the data of all nodes. */
  readonly data: string;
  /** Port of each node, which is broker and controller in one. Three nodes have replication 3 and min in-sync 2. */
  readonly ports: readonly number[];
  /** Most heap of a node, as Java writes it. Default 512m. */
  readonly heap?: string;
  /** Further listeners of the first node. */
  readonly proxied?: readonly ProxiedListener[];
}

export interface KafkaCluster {
  /** host:port of each node, separated by commas */
  readonly brokers: string;
  /** The process of a node, by its index; undefined if it does not run. */
  process(node: number): ManagedProcess | undefined;
  /** Starts a node again on the storage that it has, and resolves when it answers. */
  restart(node: number): Promise<void>;
}

/** Starts one KRaft node on empty storage. @returns host:port */
export async function startKafka(
  supervisor: Supervisor,
  parts: PartLocations['kafka'],
  data: string,
  port: number,
): Promise<string> {
  return (await startKafkaCluster(supervisor, parts, { data, ports: [port] })).brokers;
}

/** Starts KRaft nodes on empty storage, and resolves when each of them knows all. */
export async function startKafkaCluster(
  supervisor: Supervisor,
  { java, libraries }: PartLocations['kafka'],
  { data, ports, heap = '512m', proxied = [] }: KafkaClusterOptions,
): Promise<KafkaCluster> {
  const nameOf = (node: number): string => (ports.length === 1 ? 'kafka' : `kafka-${node + 1}`);
  const controllers = await Promise.all(ports.map(() => freePort()));
  const files = ports.map((_, node) => {
    const folder = ports.length === 1 ? data : join(data, String(node + 1));
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'server.properties');
    const listeners = node === 0 ? proxied : [];
    writeFileSync(file, brokerProperties({ log: join(folder, 'log'), node, ports, controllers, listeners }));
    return file;
  });
  const start = (node: number): Promise<ManagedProcess> =>
    supervisor.start({
      name: nameOf(node),
      command: java,
      args: [...javaOptions(libraries, heap, 4), 'kafka.Kafka', files[node]!],
      readyTimeoutMs: READY_TIMEOUT_MS,
      isReady: () => answersMetadata(`127.0.0.1:${ports[node]}`, ports.length),
    });
  for (const [node, file] of files.entries()) {
    const tool = ['kafka.tools.StorageTool', 'format', '--cluster-id', CLUSTER_ID, '--config', file];
    const args = [...javaOptions(libraries, '64m', 1), ...tool];
    await supervisor.run({ name: `${nameOf(node)}-format`, command: java, args });
  }
  await Promise.all(ports.map((_, node) => start(node)));
  return {
    brokers: ports.map((port) => `127.0.0.1:${port}`).join(','),
    process: (node) => supervisor.processes.find(({ name }) => name === nameOf(node)),
    restart: async (node) => void (await start(node)),
  };
}

function javaOptions(libraries: string, heap: string, tier: number): string[] {
  return [
    `-Xms${heap}`,
    `-Xmx${heap}`,
    '-XX:+UseSerialGC',
    '-XX:+ExitOnOutOfMemoryError',
    `-XX:TieredStopAtLevel=${tier}`,
    ...['-Dorg.slf4j.simpleLogger.showDateTime=true', '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS'],
    ...['-cp', join(libraries, '*')],
  ];
}

function brokerProperties(options: {
  log: string;
  /** Index of this node. */
  node: number;
  ports: readonly number[];
  controllers: readonly number[];
  listeners: readonly ProxiedListener[];
}): string {
  const { log, node, ports, controllers, listeners } = options;
  const replicas = ports.length;
  const inSync = Math.max(1, replicas - 1);
  const own = `PLAINTEXT://127.0.0.1:${ports[node]}`;
  const further = listeners.map((listener, i) => ({ name: `PROXIED${i}`, ...listener }));
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': node + 1,
    'controller.quorum.voters': controllers.map((port, i) => `${i + 1}@127.0.0.1:${port}`).join(','),
    listeners: [
      own,
      `CONTROLLER://127.0.0.1:${controllers[node]}`,
      ...further.map(({ name, port }) => `${name}://127.0.0.1:${port}`),
    ].join(','),
    'advertised.listeners': [
      own,
      ...further.map(({ name, advertisedPort }) => `${name}://127.0.0.1:${advertisedPort}`),
    ].join(','),
    'listener.security.protocol.map': ['PLAINTEXT', 'CONTROLLER', ...further.map(({ name }) => name)]
      .map((name) => `${name}:PLAINTEXT`)
      .join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': log,
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 5,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': 5,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    ...(replicas > 1 ? { 'broker.session.timeout.ms': BROKER_SESSION_MS } : {}),
    // The first assignment need not wait for more members.
    'group.initial.rebalance.delay.ms': 0,
    'auto.create.topics.enable': false,
    // The default of 128 MB would be a quarter of the heap.
    'log.cleaner.dedupe.buffer.size': 16_777_216,
  })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

async function answersMetadata(broker: string, nodes: number): Promise<boolean> {
  const kafka = new Kafka({
    brokers: [broker],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 2_000,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const cluster = await admin.describeCluster();
    return cluster.brokers.length === nodes;
  } finally {
    await admin.disconnect();
  }
}
