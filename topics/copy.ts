/** Copies the topics of a namespace from which all others can be made into another namespace, which may have other partitions. */
import { type Kafka, type Message, Partitioners, type Producer } from 'kafkajs';
import { TributaryError } from '#contracts/errors.ts';
import { CATALOG, qualifiedTopic, type TopicName } from './catalog.ts';
import { partitionOfKey } from './partitioner.ts';
import { readTopic, STOP, type TopicMessage } from './reader.ts';
import { readPartitionCount } from './user-partitions.ts';

/**
 * The topics that are copied, in this order: interests, proposals and rewards follow from them, and a retraining makes embeddings. Slates
 * come before the actions on them.
 */
export const COPIED_TOPICS: readonly TopicName[] = ['items', 'experiments', 'slates', 'actions'];

/** Header of a copy: `partition:offset` of its original. */
export const COPIED_FROM_HEADER = 'copied-from';

export interface CopyOptions {
  readonly kafka: Kafka;
  /** Namespaces. */
  readonly from: string;
  readonly to: string;
  readonly signal?: AbortSignal;
  /** Called when a topic is copied. */
  readonly onTopic?: (topic: CopiedTopic) => unknown;
}

export interface CopiedTopic {
  readonly topic: TopicName;
  readonly copied: number;
  /** Messages that an earlier run had copied. */
  readonly found: number;
  /** Partitions of the original and of the copy. */
  readonly partitions: readonly [from: number, to: number];
}

const BATCH_MESSAGES = 500;
const BATCH_BYTES = 512 * 1_024;

/**
 * Copies each message with its key, value, headers and time, in the order of each key, up to the ends of the topics at the start. A copy
 * names its original, so that a further run goes on where one ended: each message is copied once.
 * @returns what was copied of each topic; topics are missing if the signal aborted
 * @throws TributaryError `topics.option` for one namespace twice, or one that has messages and no copies;
 *   `topics.unknown-topic`, `kafka.unreachable`, `topics.stalled`
 */
export async function copyNamespace(options: CopyOptions): Promise<CopiedTopic[]> {
  const { kafka, from, to, signal, onTopic } = options;
  if (from === to)
    throw new TributaryError('topics.option', `--to: “${to}” is the namespace itself; name another one.`);
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  const done: CopiedTopic[] = [];
  try {
    const newest = await newestCopies(kafka, to);
    for (const topic of COPIED_TOPICS) {
      const copied = await copyTopic(producer, options, topic, newest);
      if (signal?.aborted) break;
      done.push(copied);
      await onTopic?.(copied);
    }
  } finally {
    await producer.disconnect();
  }
  return done;
}

async function copyTopic(
  producer: Producer,
  { kafka, from, to, signal }: CopyOptions,
  topic: TopicName,
  newest: ReadonlyMap<string, number>,
): Promise<CopiedTopic> {
  const [source, target] = [qualifiedTopic(from, topic), qualifiedTopic(to, topic)];
  const partitions = [
    await readPartitionCount(kafka, source),
    await readPartitionCount(kafka, target),
  ] as const;
  const batches = new Map<number, Message[]>();
  let [copied, found, messages, bytes] = [0, 0, 0, 0];

  /** One request for each partition: a request for several may be acknowledged although one of them has failed. */
  const flush = async (): Promise<void> => {
    const sends = [...batches.values()].map((batch) =>
      producer.send({ topic: target, acks: -1, messages: batch }),
    );
    batches.clear();
    await Promise.all(sends);
    copied += messages;
    [messages, bytes] = [0, 0];
  };

  await readTopic({
    kafka,
    topic: source,
    from: { at: 'beginning' },
    ...(signal && { signal }),
    async onMessage(message) {
      if (signal?.aborted) return STOP;
      const partition =
        message.key === null ? message.partition % partitions[1] : partitionOfKey(message.key, partitions[1]);
      const known = newest.get(placeOf(topic, message.partition, partition)) ?? -1;
      if (message.offset <= known) {
        found += 1;
        return undefined;
      }
      const batch = batches.get(partition) ?? [];
      batches.set(partition, batch);
      batch.push(copyOf(message, partition));
      messages += 1;
      bytes += (message.value?.length ?? 0) + (message.key?.length ?? 0);
      if (messages >= BATCH_MESSAGES || bytes >= BATCH_BYTES) await flush();
      return undefined;
    },
  });
  await flush();
  return { topic, copied, found, partitions };
}

function copyOf({ key, value, headers, timestamp, partition, offset }: TopicMessage, to: number): Message {
  return {
    key,
    value,
    partition: to,
    timestamp: String(timestamp),
    headers: { ...headers, [COPIED_FROM_HEADER]: `${partition}:${offset}` },
  };
}

/**
 * Returns the newest original that is copied, for each topic and pair of partitions: the copies of a partition in another one are in its
 * order.
 * @throws TributaryError `topics.option` if the namespace has messages and no copies
 */
async function newestCopies(kafka: Kafka, namespace: string): Promise<Map<string, number>> {
  const newest = new Map<string, number>();
  let other: string | undefined;
  for (const name of COPIED_TOPICS) {
    const topic = qualifiedTopic(namespace, name);
    await readTopic({
      kafka,
      topic,
      from: { at: 'beginning' },
      onMessage({ headers, partition, offset }) {
        const [from, original] = (headers[COPIED_FROM_HEADER]?.toString() ?? '').split(':').map(Number);
        if (from === undefined || original === undefined) {
          other ??= `${topic} ${partition}:${offset}`;
          return;
        }
        const place = placeOf(name, from, partition);
        newest.set(place, Math.max(newest.get(place) ?? -1, original));
      },
    });
  }
  if (other !== undefined && newest.size === 0)
    throw new TributaryError(
      'topics.option',
      `--to: “${namespace}” holds messages and no copies, such as ${other}; name a namespace that is new.`,
    );
  return newest;
}

function placeOf(topic: TopicName, from: number, to: number): string {
  return `${topic} ${from}>${to}`;
}

/** Formats what was copied of a topic for people. */
export function renderCopied({ topic, copied, found, partitions: [from, to] }: CopiedTopic): string {
  const before = found === 0 ? '' : `, ${found} were there`;
  return `${CATALOG[topic].name}: ${copied} copied${before}, from ${from} to ${to} partitions`;
}
