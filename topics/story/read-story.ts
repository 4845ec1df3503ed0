/** Reads the messages of one user or one item from all topics. */
import type { Kafka } from 'kafkajs';
import { type Codec, DecodeError } from '#contracts/codec.ts';
import type { DeadLetter, Item, RecordTypes, UserAction } from '#contracts/generated/records.ts';
import { CATALOG, qualifiedTopic, TOPICS, type TopicName } from '../catalog.ts';
import { partitionOfKey } from '../partitioner.ts';
import type { Position } from '../positions.ts';
import { type ReadResult, readTopic, type TopicMessage } from '../reader.ts';
import type { StoryEntry } from './entry.ts';

export type Subject = { readonly userId: string } | { readonly itemId: string };

export interface StoryOptions {
  readonly kafka: Kafka;
  readonly codec: Codec;
  readonly namespace: string;
  readonly subject: Subject;
  readonly from: Position;
  readonly signal: AbortSignal;
  /** Only these of the topics of the story. */
  readonly topics?: readonly TopicName[];
}

/** Name of the header that carries the trace (W3C Trace Context). */
const TRACE_HEADER = 'traceparent';

/** Topics whose messages name neither a user nor an item, or only in bulk. */
const WITHOUT_STORY: ReadonlySet<TopicName> = new Set<TopicName>([
  'releases',
  'models',
  'model-parts',
  'inference',
  'experiments',
]);

/** Returns the topics in which messages of the subject may stand. */
export function topicsOfStory(subject: Subject): readonly TopicName[] {
  const names = TOPICS.filter(
    ({ name, key }) => !WITHOUT_STORY.has(name) && ('itemId' in subject || key === 'userId'),
  );
  return [...names.map(({ name }) => name), ...('userId' in subject ? (['dead-letters'] as const) : [])];
}

/** Where a later read of each topic resumes. */
export type StoryPositions = ReadonlyMap<TopicName, ReadonlyMap<number, number>>;

/** Reads what is in the log now. Undecodable messages are left out: they are dead letters of their readers. */
export async function readStory(
  options: StoryOptions,
): Promise<{ readonly entries: StoryEntry[]; readonly next: StoryPositions }> {
  const entries: StoryEntry[] = [];
  const { subject, topics = topicsOfStory(subject) } = options;
  const next = await Promise.all(
    topics.map(async (name) => {
      const read = await readOne(options, name, options.from, 'end', (entry) => void entries.push(entry));
      return [name, read.next] as const;
    }),
  );
  return { entries, next: new Map(next) };
}

/** Hands over the entries as they are written, from the positions on, one after the other, until the signal. */
export async function followStory(
  options: StoryOptions,
  from: StoryPositions,
  onEntry: (entry: StoryEntry) => Promise<void>,
): Promise<void> {
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  let turn = Promise.resolve();
  const take = (entry: StoryEntry): Promise<void> => {
    turn = turn.then(() => onEntry(entry));
    return turn;
  };
  const reads = [...from].map(([name, offsets]) =>
    readOne({ ...options, signal }, name, { at: 'offsets', offsets }, 'never', take),
  );
  try {
    await Promise.all(reads);
  } finally {
    ending.abort();
    await Promise.allSettled(reads);
  }
}

async function readOne(
  { kafka, codec, namespace, subject, signal }: StoryOptions,
  name: TopicName,
  from: Position,
  until: 'end' | 'never',
  onEntry: (entry: StoryEntry) => unknown,
): Promise<ReadResult> {
  const partitions = partitionsOf(name, subject);
  return readTopic({
    kafka,
    topic: qualifiedTopic(namespace, name),
    from,
    until,
    signal,
    ...(partitions !== undefined && { partitions }),
    onMessage: async (message) => {
      if (!mayBeOf(name, subject, message)) return;
      const value = await decoded(codec, name, message);
      if (value === undefined || !isOf(name, subject, value)) return;
      await onEntry(toEntry(name, message, value));
    },
  });
}

/** All messages of a user are in one partition; the stages reject what stands elsewhere. */
function partitionsOf(name: TopicName, subject: Subject): readonly number[] | undefined {
  const { key, partitions } = CATALOG[name];
  if ('userId' in subject && key === 'userId') return [partitionOfKey(subject.userId, partitions)];
  if ('itemId' in subject && key === 'itemId') return [partitionOfKey(subject.itemId, partitions)];
  return undefined;
}

/** Judges by the key alone, so that most messages need not be decoded. */
function mayBeOf(name: TopicName, subject: Subject, { key }: TopicMessage): boolean {
  const kind = CATALOG[name].key;
  const text = key?.toString('utf8') ?? '';
  if ('userId' in subject) return kind === 'userId' ? text === subject.userId : name === 'dead-letters';
  if (kind === 'itemId') return text === subject.itemId;
  return kind === 'generation/itemId' ? text.endsWith(`/${subject.itemId}`) : true;
}

function isOf(name: TopicName, subject: Subject, value: RecordTypes[keyof RecordTypes] | null): boolean {
  if (name === 'dead-letters') {
    const { key, sourceTopic } = value as DeadLetter;
    const wanted = 'userId' in subject ? subject.userId : subject.itemId;
    const keyed = 'userId' in subject ? 'userId' : 'itemId';
    const source = (CATALOG as Readonly<Record<string, { readonly key: string }>>)[sourceTopic];
    return source?.key === keyed && key?.toString('utf8') === wanted;
  }
  if (value === null || 'userId' in subject) return true;
  return mentions(name, value, subject.itemId);
}

/** Whether a record keyed by a user names the item in a place that matters. */
function mentions(name: TopicName, value: RecordTypes[keyof RecordTypes], itemId: string): boolean {
  switch (name) {
    case 'interests':
      return (value as RecordTypes['UserInterests']).medoids.some((medoid) => medoid.itemId === itemId);
    case 'proposals': {
      const { candidates, items } = value as RecordTypes['Proposal'];
      return candidates.includes(itemId) || items.some((item) => item.itemId === itemId);
    }
    case 'slates':
      return (value as RecordTypes['Slate']).slots.some((slot) => slot.itemId === itemId);
    default:
      return (value as Partial<UserAction>).itemId === itemId;
  }
}

/** @returns undefined for a value that cannot be decoded */
async function decoded(
  codec: Codec,
  name: TopicName,
  { value, batchError }: TopicMessage,
): Promise<RecordTypes[keyof RecordTypes] | null | undefined> {
  if (value === null) return name === 'dead-letters' ? undefined : null;
  if (batchError !== undefined) return undefined;
  try {
    return await codec.decode(CATALOG[name].schema, value);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function toEntry(topic: TopicName, message: TopicMessage, value: StoryEntry['value']): StoryEntry {
  const { partition, offset, timestamp, key, headers } = message;
  return {
    topic,
    partition,
    offset,
    // The message of an action has the time of the event, by which retention goes.
    at: topic === 'actions' && value !== null ? (value as UserAction).receivedAt : timestamp,
    key: storyKey(topic, key, value),
    trace: /^00-([0-9a-f]{32})-/.exec(headers[TRACE_HEADER]?.toString('latin1') ?? '')?.[1],
    value,
  };
}

/** The user or the item by which entries are linked; a dead letter carries the key of its message. */
function storyKey(topic: TopicName, key: Buffer | null, value: StoryEntry['value']): string {
  const own = topic === 'dead-letters' ? (value as DeadLetter).key : key;
  return own?.toString('utf8') ?? '';
}

/** Reads the titles of the catalogue. */
export async function readTitles(
  options: Pick<StoryOptions, 'kafka' | 'codec' | 'namespace' | 'signal'>,
): Promise<ReadonlyMap<string, string>> {
  const titles = new Map<string, string>();
  await readTopic({
    ...options,
    topic: qualifiedTopic(options.namespace, 'items'),
    from: { at: 'beginning' },
    onMessage: async (message) => {
      const item = (await decoded(options.codec, 'items', message)) as Item | null | undefined;
      if (item) titles.set(item.itemId, item.title);
    },
  });
  return titles;
}
