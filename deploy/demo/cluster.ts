import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Kafka } from 'kafkajs';
import type { Codec } from '#contracts/codec.ts';
import { patiently } from '#contracts/patience.ts';
import { createRegistry } from '#contracts/registry.ts';
import { localUrl, STAGE_NAMES, urlVariable } from '#stages/stages.ts';
import { applyTopics } from '#topics/apply.ts';
import { ACTIONS_RETENTION_MS, qualifiedTopic, type TopicName } from '#topics/catalog.ts';
import { connectKafka } from '#topics/connection.ts';
import { createTopicCodec } from '#topics/topic-codec.ts';
import { claimPort } from '../local/ports.ts';
import type { ProcessFailedError } from '../local/processes.ts';
import { type Stack, startStack } from '../local/stack.ts';
import { type Stages, startStages } from '../local/stages.ts';
import { DEMO_PORTS } from './ports.ts';

/** Time in which the topics and schemas are tried again, in milliseconds. */
const REGISTRY_PATIENCE_MS = 180_000;

/** Servers, topics and stages, all ready. */
export interface Cluster {
  readonly kafka: Kafka;
  readonly codec: Codec;
  readonly namespace: string;
  /** Name of a topic inside the namespace. */
  topic(name: TopicName): string;
  /** Address of a stage. */
  url(stage: string): string;
  /** Stops the stages first, then the servers; all of them drain. */
  stop(): Promise<void>;
}

export interface ClusterOptions {
  readonly runDirectory: string;
  /** Age of the oldest event of the history, in milliseconds: the retention of `actions` must be at least that. */
  readonly spanMs: number;
  readonly environment: NodeJS.ProcessEnv;
  readonly onPhase: (phase: 'servers' | 'topics' | 'stages') => void;
  readonly onFailure: (error: ProcessFailedError) => void;
}

/** Ports of the servers that the demo starts. */
const SERVER_PORTS = {
  kafka: DEMO_PORTS.kafka.port,
  registry: DEMO_PORTS.registry.port,
  redis: DEMO_PORTS.redis.port,
};
const DAY = 86_400_000;
/** Defaults of the demo: visitors react within seconds here, so that rewards arrive before the demo ends. */
const DEMO_SETTINGS = {
  TRIBUTARY_FEEDBACK_ATTRIBUTION_MS: '5000',
  TRIBUTARY_FEEDBACK_SLATE_DELAY_MS: '1000',
  TRIBUTARY_FEEDBACK_CLOCK_TOLERANCE_MS: '1000',
  TRIBUTARY_FEEDBACK_IDLE_MS: '1000',
  // Nobody acts while the first generation is awaited, so that its users need not be clustered at the pace of live traffic.
  TRIBUTARY_REFRESH_USERS_PER_SECOND: '500',
};

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { runDirectory, environment, onPhase, onFailure } = options;
  onPhase('servers');
  const stack = await startStack({
    runDirectory,
    ports: SERVER_PORTS,
    environment,
    onUnexpectedExit: onFailure,
  });
  // Our own servers are empty; on other servers a random namespace keeps the demo away from existing topics.
  const borrowed = environment.KAFKA_BROKERS || environment.REDIS_URL || environment.SCHEMA_REGISTRY_URL;
  const namespace = environment.TRIBUTARY_NAMESPACE || (borrowed ? `demo-${Date.now().toString(36)}` : '');

  onPhase('topics');
  const kafka = connectKafka(stack.env.KAFKA_BROKERS.split(','));
  const registry = createRegistry({ url: stack.env.SCHEMA_REGISTRY_URL });
  const retention = Math.max(ACTIONS_RETENTION_MS, options.spanMs + 30 * DAY);
  // On a busy machine a registry that is ready may still take longer than the time of one request.
  await patiently(() => applyTopics({ kafka, registry, namespace, retentionMs: { actions: retention } }), {
    patienceMs: REGISTRY_PATIENCE_MS,
    onWait: ({ message }) => process.stderr.write(`  ${message}\n  It is tried again.\n`),
  });
  const topic = (name: TopicName) => qualifiedTopic(namespace, name);
  const codec = createTopicCodec(registry, namespace);
  announce(runDirectory, { ...stack.env, TRIBUTARY_NAMESPACE: namespace });

  onPhase('stages');
  const stages = await startAllStages(options, stack, namespace);
  const url = (stage: string) => localUrl(stages.ports[stage]!);
  return {
    kafka,
    codec,
    namespace,
    topic,
    url,
    async stop() {
      await stages.stop();
      await stack.stop();
    },
  };
}

/** Writes the file by which `tributary` and `npm run topics` find this demo while it runs. */
function announce(runDirectory: string, connection: Readonly<Record<string, string>>): void {
  const file = join(runDirectory, 'connection.json');
  mkdirSync(runDirectory, { recursive: true });
  writeFileSync(file, JSON.stringify(connection));
  process.on('exit', () => rmSync(file, { force: true }));
}

async function startAllStages(options: ClusterOptions, stack: Stack, namespace: string): Promise<Stages> {
  const { environment, runDirectory, onFailure } = options;
  const wanted = Number(environment[DEMO_PORTS.gateway.variable] ?? DEMO_PORTS.gateway.port);
  const ports: Record<string, number> = {
    gateway: await claimPort(wanted, 'gateway', DEMO_PORTS.gateway.variable),
  };
  for (const name of STAGE_NAMES) ports[name] ??= await claimPort(undefined, name, '');
  const peers = STAGE_NAMES.map((name) => [urlVariable(name), localUrl(ports[name]!)]);
  announce(runDirectory, {
    ...stack.env,
    TRIBUTARY_NAMESPACE: namespace,
    ...Object.fromEntries(STAGE_NAMES.map((name) => [urlVariable(name), localUrl(ports[name]!)])),
  });
  const settings = Object.entries(DEMO_SETTINGS).map(([name, value]) => [name, environment[name] ?? value]);
  return startStages({
    names: STAGE_NAMES,
    ports,
    runDirectory,
    env: { ...stack.env, TRIBUTARY_NAMESPACE: namespace, ...Object.fromEntries([...settings, ...peers]) },
    onExit: onFailure,
  });
}
