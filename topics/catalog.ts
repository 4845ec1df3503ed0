/** Declares the name, key, schema and clean-up policy of every topic. All other code takes topic names from here. */
import { MAX_TIMESTAMP_AHEAD_MS } from '#contracts/domain/times.ts';
import type { RecordName, RecordTypes } from '#contracts/generated/records.ts';

/** Names of the topics, without a namespace. */
export type TopicName =
  | 'actions'
  | 'items'
  | 'interests'
  | 'proposals'
  | 'slates'
  | 'rewards'
  | 'embeddings'
  | 'releases'
  | 'models'
  | 'model-parts'
  | 'inference'
  | 'experiments'
  | 'candidates'
  | 'dead-letters';

export interface TopicDeclaration {
  readonly name: TopicName;
  /** Content of the message key, as UTF-8. Topics keyed by `userId` have the same number of partitions. */
  readonly key:
    | 'userId'
    | 'itemId'
    | 'generation/itemId'
    | 'generation'
    | 'model/generation'
    | 'model/generation/part'
    | 'experiment'
    | 'sourceTopic';
  /** Name of the Avro record of the values (see contracts/schemas). */
  readonly schema: RecordName;
  readonly partitions: number;
  readonly cleanup: 'delete' | 'compact' | 'compact,delete';
  /** Retention in milliseconds, −1 for ever; undefined for topics that are only compacted. */
  readonly retentionMs?: number;
  readonly summary: string;
}

const DAY = 86_400_000;

/**
 * Partitions of every topic keyed by userId in a namespace that is created without another number. One number for all, so that joins
 * are local and one process owns a user. What runs asks Kafka instead, because a namespace keeps the number that it was created with.
 */
export const USER_PARTITIONS = 6;

/** Retention of `actions` by event time, in milliseconds (PinnerSage: 90 days). */
export const ACTIONS_RETENTION_MS = 90 * DAY;

const DECLARATIONS = {
  actions: {
    name: 'actions',
    key: 'userId',
    schema: 'UserAction',
    partitions: USER_PARTITIONS,
    cleanup: 'delete',
    retentionMs: ACTIONS_RETENTION_MS,
    summary: 'actions of users, as accepted by the gateway',
  },
  items: {
    name: 'items',
    key: 'itemId',
    schema: 'Item',
    partitions: 3,
    cleanup: 'compact',
    summary: 'the catalogue',
  },
  interests: {
    name: 'interests',
    key: 'userId',
    schema: 'UserInterests',
    partitions: USER_PARTITIONS,
    cleanup: 'compact,delete',
    retentionMs: 90 * DAY,
    summary: 'medoids of each user after each action',
  },
  proposals: {
    name: 'proposals',
    key: 'userId',
    schema: 'Proposal',
    partitions: USER_PARTITIONS,
    cleanup: 'delete',
    retentionMs: DAY,
    summary: 'candidates for a user, one message per model',
  },
  slates: {
    name: 'slates',
    key: 'userId',
    schema: 'Slate',
    partitions: USER_PARTITIONS,
    cleanup: 'delete',
    retentionMs: 30 * DAY,
    summary: 'slates shown to users, with propensities and features',
  },
  rewards: {
    name: 'rewards',
    key: 'userId',
    schema: 'Reward',
    partitions: USER_PARTITIONS,
    cleanup: 'delete',
    retentionMs: 30 * DAY,
    summary: 'reward of each shown item',
  },
  embeddings: {
    name: 'embeddings',
    key: 'generation/itemId',
    schema: 'ItemEmbedding',
    partitions: 3,
    cleanup: 'compact',
    summary: 'item vectors, by generation',
  },
  releases: {
    name: 'releases',
    key: 'generation',
    schema: 'Release',
    partitions: 1,
    cleanup: 'compact',
    summary: 'state of each generation: building, ready, active, retired, rejected',
  },
  models: {
    name: 'models',
    key: 'model/generation',
    schema: 'ModelWeights',
    partitions: 1,
    cleanup: 'compact',
    summary: 'manifests of trained artefacts',
  },
  'model-parts': {
    name: 'model-parts',
    key: 'model/generation/part',
    schema: 'ModelPart',
    partitions: 1,
    cleanup: 'compact',
    summary: 'bytes of trained artefacts, in parts',
  },
  inference: {
    name: 'inference',
    key: 'itemId',
    schema: 'Latent',
    partitions: 6,
    cleanup: 'delete',
    // An inference takes minutes, and nothing reads its messages when it has ended.
    retentionMs: DAY / 4,
    summary: 'the shuffle of an inference by workers',
  },
  candidates: {
    name: 'candidates',
    key: 'userId',
    schema: 'CandidateSet',
    partitions: USER_PARTITIONS,
    cleanup: 'delete',
    retentionMs: 30 * DAY,
    summary: 'all candidates of a share of the slates, with their features',
  },
  experiments: {
    name: 'experiments',
    key: 'experiment',
    schema: 'Experiment',
    partitions: 1,
    cleanup: 'compact',
    summary: 'which experiments run, and the arm that was promoted',
  },
  'dead-letters': {
    name: 'dead-letters',
    key: 'sourceTopic',
    schema: 'DeadLetter',
    partitions: 1,
    cleanup: 'delete',
    retentionMs: 30 * DAY,
    summary: 'messages that could not be decoded or handled, with the reason',
  },
} as const satisfies Readonly<Record<TopicName, TopicDeclaration>>;

/**
 * Configuration of every topic. A broker refuses a message whose timestamp lies further ahead of the broker's clock, so
 * that the timestamp bounds the times that the message itself names.
 */
export const COMMON_CONFIGS: Readonly<Record<string, string>> = {
  'message.timestamp.after.max.ms': String(MAX_TIMESTAMP_AHEAD_MS),
};

/** Name of the record that the values of a topic contain. */
export type TopicRecord<T extends TopicName> = (typeof DECLARATIONS)[T]['schema'];

/** Type of the values of a topic. */
export type TopicValue<T extends TopicName> = RecordTypes[TopicRecord<T>];

/** Every topic by its name, typed with the record of its values. */
export const CATALOG: {
  readonly [T in TopicName]: TopicDeclaration & { readonly name: T; readonly schema: TopicRecord<T> };
} = DECLARATIONS;

/** The topics in the order of the data's path. */
export const TOPICS: readonly TopicDeclaration[] = Object.values(CATALOG);

/** Name of a topic inside a namespace: `shop.actions`; the empty namespace adds nothing. */
export function qualifiedTopic(namespace: string, name: TopicName): string {
  return namespace === '' ? name : `${namespace}.${name}`;
}
