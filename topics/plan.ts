/**
 * Computes the changes that bring a cluster to the state of the catalogue. Pure: it takes a state and returns
 * changes.
 */

import { TributaryError } from '#contracts/errors.ts';
import { COMMON_CONFIGS, qualifiedTopic, TOPICS, type TopicDeclaration, type TopicName } from './catalog.ts';

export interface PlanOptions {
  /** Partitions of each topic keyed by userId. Default: those that the namespace has, or the catalogue's if it is new. */
  readonly userPartitions?: number;
  /**
   * Replicas of each partition. If it is left out, the cluster's default applies and existing topics are not checked.
   */
  readonly replicationFactor?: number;
  /** Retention of single topics in milliseconds, instead of the catalogue's; −1 is for ever. */
  readonly retentionMs?: Readonly<Partial<Record<TopicName, number>>>;
}

export interface DesiredTopic {
  readonly topic: string;
  readonly key: TopicDeclaration['key'];
  readonly partitions: number;
  readonly replicationFactor?: number;
  readonly configs: Readonly<Record<string, string>>;
  readonly subject: string;
  readonly record: TopicDeclaration['schema'];
}

export interface ActualTopic {
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Effective configuration, defaults included. */
  readonly configs: Readonly<Record<string, string>>;
  /** The part of the configuration that was set on the topic itself. */
  readonly overrides: Readonly<Record<string, string>>;
}

export interface ActualSubject {
  /** Compatibility level set on the subject itself; null if the registry's default applies. */
  readonly compatibility: string | null;
  /** Whether the newest version is the schema of this source tree. */
  readonly current: boolean;
}

export interface ActualState {
  readonly topics: ReadonlyMap<string, ActualTopic>;
  readonly subjects: ReadonlyMap<string, ActualSubject>;
}

export interface ConfigDifference {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

export type Change =
  | {
      readonly kind: 'create-topic';
      readonly topic: string;
      readonly partitions: number;
      readonly replicationFactor?: number;
      readonly configs: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'alter-configs';
      readonly topic: string;
      readonly differences: readonly ConfigDifference[];
      /** All settings of the topic: Kafka drops settings that a request to alter omits. */
      readonly configs: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'register-schema';
      readonly subject: string;
      readonly record: TopicDeclaration['schema'];
    }
  | {
      readonly kind: 'set-compatibility';
      readonly subject: string;
      readonly from: string | null;
      readonly to: string;
    }
  | { readonly kind: 'refused'; readonly topic: string; readonly reason: string };

/** Subject under which the schema of a topic's values is registered. */
export function subjectOfTopic(topic: string): string {
  return `${topic}-value`;
}

/**
 * Returns the topics as a namespace should have them.
 * @throws TributaryError `topics.option` for a retention override of a topic that is only compacted
 */
export function desiredTopics(namespace: string, options: PlanOptions = {}): readonly DesiredTopic[] {
  return TOPICS.map((declaration) => {
    const topic = qualifiedTopic(namespace, declaration.name);
    return {
      topic,
      key: declaration.key,
      partitions:
        declaration.key === 'userId'
          ? (options.userPartitions ?? declaration.partitions)
          : declaration.partitions,
      ...(options.replicationFactor === undefined ? {} : { replicationFactor: options.replicationFactor }),
      configs: desiredConfigs(declaration, options),
      subject: subjectOfTopic(topic),
      record: declaration.schema,
    };
  });
}

function desiredConfigs(declaration: TopicDeclaration, options: PlanOptions): Record<string, string> {
  const configs: Record<string, string> = { 'cleanup.policy': declaration.cleanup, ...COMMON_CONFIGS };
  const override = options.retentionMs?.[declaration.name];
  if (override !== undefined && declaration.cleanup === 'compact') {
    throw new TributaryError(
      'topics.option',
      `--retention: ${declaration.name} is compacted and keeps the newest message of each key for ever; leave its retention out.`,
    );
  }
  const retentionMs = override ?? declaration.retentionMs;
  if (retentionMs !== undefined) configs['retention.ms'] = String(retentionMs);
  // With three replicas a write survives the loss of one broker, and is still accepted while one is down.
  if (options.replicationFactor !== undefined) {
    configs['min.insync.replicas'] = String(Math.max(1, options.replicationFactor - 1));
  }
  return configs;
}

/** Returns the changes from `actual` to `desired`, in the order in which they must be applied. */
export function planChanges(
  desired: readonly DesiredTopic[],
  actual: ActualState,
  compatibility: string,
): readonly Change[] {
  return desired.flatMap((topic) => [
    ...topicChanges(topic, actual.topics.get(topic.topic)),
    ...subjectChanges(topic, actual.subjects.get(topic.subject), compatibility),
  ]);
}

function topicChanges(desired: DesiredTopic, actual: ActualTopic | undefined): Change[] {
  const { topic, partitions, replicationFactor, configs } = desired;
  if (actual === undefined) {
    const replication = replicationFactor === undefined ? {} : { replicationFactor };
    return [{ kind: 'create-topic', topic, partitions, ...replication, configs }];
  }
  const refused = (reason: string): Change => ({ kind: 'refused', topic, reason });
  const changes: Change[] = [];
  if (actual.partitions !== partitions) changes.push(refused(partitionReason(desired, actual)));
  if (replicationFactor !== undefined && actual.replicationFactor !== replicationFactor) {
    changes.push(
      refused(
        `it has ${actual.replicationFactor} of ${replicationFactor} replicas a partition: ` +
          'move it with kafka-reassign-partitions.sh, which can limit the traffic that this causes.',
      ),
    );
  }
  const differences = Object.entries(configs)
    .map(([name, to]) => ({ name, from: actual.configs[name] ?? 'unset', to }))
    .filter(({ from, to }) => !sameConfig(from, to));
  if (differences.length > 0) {
    changes.push({ kind: 'alter-configs', topic, differences, configs: { ...actual.overrides, ...configs } });
  }
  return changes;
}

function partitionReason(desired: DesiredTopic, actual: ActualTopic): string {
  const counts = `it has ${actual.partitions} partitions and should have ${desired.partitions}: `;
  return actual.partitions > desired.partitions
    ? `${counts}Kafka cannot take partitions away. Copy it to a new namespace (topics copy), or delete it if its content may go.`
    : `${counts}more partitions would move keys (${desired.key}) to other partitions, so that the order of a key, ` +
        'joins and state would break. Copy it to a new namespace instead (topics copy).';
}

/** Kafka treats `compact,delete` and `delete,compact` as one policy. */
function sameConfig(a: string, b: string): boolean {
  const normal = (value: string) => value.split(',').sort().join(',');
  return normal(a) === normal(b);
}

function subjectChanges(desired: DesiredTopic, actual: ActualSubject | undefined, to: string): Change[] {
  const { subject, record } = desired;
  const from = actual?.compatibility ?? null;
  const changes: Change[] = [];
  // The level comes first, because the registry checks a new version against the level in force.
  if (from !== to) changes.push({ kind: 'set-compatibility', subject, from, to });
  if (!actual?.current) changes.push({ kind: 'register-schema', subject, record });
  return changes;
}

/** Formats the plan for people, one change a line. */
export function renderPlan(changes: readonly Change[]): string {
  if (changes.length === 0) return 'Nothing to do: the cluster matches the catalogue.';
  return changes.map(renderChange).join('\n');
}

export function renderChange(change: Change): string {
  switch (change.kind) {
    case 'create-topic': {
      const replicas = change.replicationFactor === undefined ? '' : `, ${change.replicationFactor} replicas`;
      const configs = Object.entries(change.configs).map(([name, value]) => `${name}=${value}`);
      const partitions = change.partitions === 1 ? '1 partition' : `${change.partitions} partitions`;
      return `+ create ${change.topic}: ${partitions}${replicas}, ${configs.join(', ')}`;
    }
    case 'alter-configs': {
      const differences = change.differences.map(({ name, from, to }) => `${name} ${from} → ${to}`);
      return `~ alter ${change.topic}: ${differences.join(', ')}`;
    }
    case 'register-schema':
      return `+ register ${change.record} under ${change.subject}`;
    case 'set-compatibility':
      return `~ set compatibility of ${change.subject}: ${change.from ?? 'default'} → ${change.to}`;
    case 'refused':
      return `! ${change.topic} is left alone: ${change.reason}`;
  }
}
