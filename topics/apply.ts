/** Brings a cluster and its Schema Registry to the state that the catalogue declares. */
import { setTimeout as pause } from 'node:timers/promises';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { TributaryError } from '#contracts/errors.ts';
import { SCHEMAS } from '#contracts/generated/records.ts';
import { COMPATIBILITY, type Registry } from '#contracts/registry.ts';
import { qualifiedTopic } from './catalog.ts';
import { withAdmin } from './connection.ts';
import {
  type ActualState,
  type ActualSubject,
  type ActualTopic,
  type Change,
  type DesiredTopic,
  desiredTopics,
  type PlanOptions,
  planChanges,
  renderPlan,
} from './plan.ts';

export interface ApplyOptions extends PlanOptions {
  readonly kafka: Kafka;
  readonly registry: Registry;
  readonly namespace: string;
}

// Node finds only the first few named exports of this CommonJS package, and these are not among them.
const { ConfigResourceTypes, ConfigSource, KafkaJSAggregateError } = kafkajs;

/** Time for the cluster to create the topics and elect their leaders, in milliseconds. */
const CREATION_TIMEOUT_MS = 30_000;

type ChangeOf<K extends Change['kind']> = Extract<Change, { kind: K }>;

/** Returns the changes that `applyTopics` would make, without making them. */
export async function planTopics(options: ApplyOptions): Promise<readonly Change[]> {
  return withAdmin(options.kafka, async (admin) => (await planWith(admin, options)).changes);
}

/** A namespace keeps the partitions that it was created with, unless others are asked for, which is refused. */
async function planWith(admin: Admin, options: ApplyOptions) {
  const state = await readState(admin, options.registry, desiredTopics(options.namespace, options));
  const held = state.topics.get(qualifiedTopic(options.namespace, 'actions'))?.partitions;
  const userPartitions = options.userPartitions ?? held;
  const desired = desiredTopics(options.namespace, {
    ...options,
    ...(userPartitions === undefined ? {} : { userPartitions }),
  });
  return { desired, changes: planChanges(desired, state, COMPATIBILITY) };
}

/**
 * Creates the topics, sets their configuration, registers their schemas, and resolves once every partition has a
 * leader. It is safe to repeat, and to run twice at the same time.
 * @returns the changes made, in order
 * @throws TributaryError `topics.refused` before any change when the plan contains a refusal, and when Kafka refuses;
 *   `kafka.unreachable`; and the registry's errors
 */
export async function applyTopics(options: ApplyOptions): Promise<readonly Change[]> {
  const { kafka, registry } = options;
  return withAdmin(kafka, async (admin) => {
    const { desired, changes } = await planWith(admin, options);
    const refusals = ofKind(changes, 'refused');
    if (refusals.length > 0) {
      throw new TributaryError('topics.refused', `Nothing was changed:\n${renderPlan(refusals)}`);
    }
    await createTopics(admin, ofKind(changes, 'create-topic'));
    await alterConfigs(admin, ofKind(changes, 'alter-configs'));
    for (const { subject, to } of ofKind(changes, 'set-compatibility')) {
      await registry.setCompatibility(subject, to);
    }
    for (const { subject, record } of ofKind(changes, 'register-schema')) {
      await registry.register(subject, SCHEMAS[record]);
    }
    await waitForLeaders(admin, desired);
    return changes;
  });
}

function ofKind<K extends Change['kind']>(changes: readonly Change[], kind: K): ChangeOf<K>[] {
  return changes.filter((change): change is ChangeOf<K> => change.kind === kind);
}

async function readState(
  admin: Admin,
  registry: Registry,
  desired: readonly DesiredTopic[],
): Promise<ActualState> {
  const [topics, subjects] = await Promise.all([
    readTopics(admin, desired),
    Promise.all(desired.map(async (topic) => [topic.subject, await readSubject(registry, topic)] as const)),
  ]);
  return { topics, subjects: new Map(subjects) };
}

async function readTopics(
  admin: Admin,
  desired: readonly DesiredTopic[],
): Promise<ReadonlyMap<string, ActualTopic>> {
  const names = new Set(await admin.listTopics());
  const existing = desired.map(({ topic }) => topic).filter((topic) => names.has(topic));
  // An empty list would mean all topics of the cluster.
  if (existing.length === 0) return new Map();
  const { topics } = await admin.fetchTopicMetadata({ topics: existing });
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: existing.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
  });
  const entries = new Map(resources.map(({ resourceName, configEntries }) => [resourceName, configEntries]));
  return new Map(
    topics.map(({ name, partitions }) => {
      const configs = entries.get(name) ?? [];
      const own = configs.filter(({ configSource }) => configSource === ConfigSource.TOPIC_CONFIG);
      const toObject = (list: typeof configs) =>
        Object.fromEntries(list.map(({ configName, configValue }) => [configName, configValue]));
      const actual: ActualTopic = {
        partitions: partitions.length,
        replicationFactor: partitions[0]?.replicas.length ?? 0,
        configs: toObject(configs),
        overrides: toObject(own),
      };
      return [name, actual];
    }),
  );
}

async function readSubject(registry: Registry, { subject, record }: DesiredTopic): Promise<ActualSubject> {
  const [compatibility, id, latest] = await Promise.all([
    registry.compatibilityOf(subject),
    registry.idOf(subject, SCHEMAS[record]),
    registry.latestId(subject),
  ]);
  return { compatibility: compatibility ?? null, current: id !== undefined && id === latest };
}

async function createTopics(admin: Admin, changes: readonly ChangeOf<'create-topic'>[]): Promise<void> {
  if (changes.length === 0) return;
  const topics = changes.map(({ topic, partitions, replicationFactor, configs }) => ({
    topic,
    numPartitions: partitions,
    ...(replicationFactor === undefined ? {} : { replicationFactor }),
    configEntries: configEntries(configs),
  }));
  try {
    // createTopics returns false if another process created the topics first. The wait for leaders is our own,
    // because kafkajs stops waiting for a broker that is still busy creating the topics.
    await admin.createTopics({ topics, timeout: CREATION_TIMEOUT_MS, waitForLeaders: false });
  } catch (cause) {
    throw refusedByKafka('create the topics', cause);
  }
}

async function alterConfigs(admin: Admin, changes: readonly ChangeOf<'alter-configs'>[]): Promise<void> {
  if (changes.length === 0) return;
  const resources = changes.map(({ topic, configs }) => ({
    type: ConfigResourceTypes.TOPIC,
    name: topic,
    configEntries: configEntries(configs),
  }));
  try {
    await admin.alterConfigs({ validateOnly: false, resources });
  } catch (cause) {
    throw refusedByKafka('alter the configuration', cause);
  }
}

function configEntries(configs: Readonly<Record<string, string>>): { name: string; value: string }[] {
  return Object.entries(configs).map(([name, value]) => ({ name, value }));
}

function refusedByKafka(what: string, cause: unknown): TributaryError {
  const errors = cause instanceof KafkaJSAggregateError ? cause.errors : [cause];
  const reasons = new Set(errors.map((error) => (error instanceof Error ? error.message : String(error))));
  return new TributaryError('topics.refused', `Kafka refused to ${what}: ${[...reasons].join('; ')}.`, {
    cause,
  });
}

/**
 * For a moment each broker answers UNKNOWN_TOPIC or LEADER_NOT_AVAILABLE for a new topic, and a leader that the
 * metadata name may not know its role yet. A partition counts as led once its leader returns offsets.
 */
async function waitForLeaders(admin: Admin, desired: readonly DesiredTopic[]): Promise<void> {
  const topics = desired.map(({ topic }) => topic);
  const deadline = performance.now() + CREATION_TIMEOUT_MS;
  for (;;) {
    const trouble = await whyNotLed(admin, topics);
    if (trouble === undefined) return;
    if (performance.now() > deadline) {
      throw new TributaryError(
        'topics.stalled',
        'Some partitions have no leader after 30 s: check the health of the brokers, then apply again.',
        {
          cause: trouble,
          retryable: true,
        },
      );
    }
    await pause(100);
  }
}

async function whyNotLed(admin: Admin, topics: string[]): Promise<unknown> {
  try {
    const metadata = await admin.fetchTopicMetadata({ topics });
    const leaderless = metadata.topics.filter(({ partitions }) =>
      partitions.some(({ leader }) => leader < 0),
    );
    if (leaderless.length > 0)
      return new Error(`no leader: ${leaderless.map(({ name }) => name).join(', ')}`);
    for (const topic of topics) await admin.fetchTopicOffsets(topic);
    return undefined;
  } catch (error) {
    return error;
  }
}
