/** Sends dead letters back to their source topics. */
import { createHash } from 'node:crypto';
import { type Kafka, Partitioners, type Producer } from 'kafkajs';
import type { Codec } from '#contracts/codec.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { RecordTypes } from '#contracts/generated/records.ts';
import { qualifiedTopic, type TopicName } from './catalog.ts';
import type { Position } from './positions.ts';
import { readTopic, STOP, type TopicMessage } from './reader.ts';
import { isTopicName } from './tail.ts';

/** Header of a requeued message: `partition:offset` of the letter in `dead-letters`. */
export const REQUEUED_FROM_HEADER = 'requeued-from';

export interface RequeueOptions {
  readonly kafka: Kafka;
  readonly codec: Codec;
  readonly namespace: string;
  readonly from: Position;
  /** Only letters from this topic. */
  readonly topic?: TopicName;
  /** Only letters with this error code. */
  readonly code?: string;
  /** Only letters that this stage rejected. */
  readonly stage?: string;
  readonly partition?: number;
  /** Only the letter at this offset. */
  readonly offset?: number;
  readonly limit?: number;
  /** List the letters, but send none. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
  /** Called after each letter was acknowledged, or listed in a dry run. */
  readonly onRequeued?: (requeued: RequeuedLetter) => unknown;
  /** Called for each selected letter that is not sent because it holds only the beginning of its message. */
  readonly onSkipped?: (skipped: Pick<RequeuedLetter, 'letter' | 'partition' | 'offset'>) => unknown;
}

export interface RequeuedLetter {
  readonly letter: RecordTypes['DeadLetter'];
  readonly partition: number;
  readonly offset: number;
  /** Partition and offset of the new message; null in a dry run. */
  readonly sentTo: { readonly partition: number; readonly offset: number } | null;
}

/**
 * Produces the selected letters again with their key, value and headers, one request each with acks=all, so that
 * every reported line is in the log. The letters stay in `dead-letters`: readers expect redelivery and drop the
 * duplicates of a second requeue. Of several letters of the same message one is sent: a message that is rejected again has a
 * further letter, and each requeue would otherwise double them.
 * @returns the number of letters sent, or listed in a dry run
 * @throws TributaryError `topics.not-acknowledged`, the errors of `readTopic`, and DecodeError for a malformed letter
 */
export async function requeueDeadLetters(options: RequeueOptions): Promise<number> {
  const producer = options.kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  if (!options.dryRun) await producer.connect();
  let requeued = 0;
  const seen = new Set<string>();
  try {
    await readTopic({
      kafka: options.kafka,
      topic: qualifiedTopic(options.namespace, 'dead-letters'),
      from: options.offset === undefined ? options.from : { at: 'offset', offset: options.offset },
      ...(options.partition !== undefined && { partitions: [options.partition] }),
      ...(options.signal && { signal: options.signal }),
      onMessage: async (message) => {
        if (options.offset !== undefined && message.offset !== options.offset) return STOP;
        if (message.value === null) return undefined;
        const letter = await options.codec.decode('DeadLetter', message.value);
        if (!isChosen(letter, options)) return undefined;
        if (letter.messageBytes !== null) {
          await options.onSkipped?.({ letter, partition: message.partition, offset: message.offset });
          return undefined;
        }
        const identity = identityOf(letter);
        if (seen.has(identity)) return undefined;
        seen.add(identity);
        const sentTo = options.dryRun ? null : await send(producer, options.namespace, letter, message);
        requeued += 1;
        await options.onRequeued?.({ letter, partition: message.partition, offset: message.offset, sentTo });
        return requeued === options.limit ? STOP : undefined;
      },
    });
  } finally {
    await producer.disconnect();
  }
  return requeued;
}

function isChosen(letter: RecordTypes['DeadLetter'], { topic, code, stage }: RequeueOptions): boolean {
  return (
    (topic === undefined || letter.sourceTopic === topic) &&
    (code === undefined || letter.code === code) &&
    (stage === undefined || letter.stage === stage)
  );
}

/** The same for all letters of one message, whichever of them came of a requeue. */
function identityOf({ sourceTopic, partition, key, value }: RecordTypes['DeadLetter']): string {
  const place = key === null ? `partition ${partition}` : `key ${key.length}`;
  const hash = createHash('sha1').update(`${sourceTopic} ${place} ${value?.length ?? -1} `);
  for (const part of [key, value]) if (part !== null) hash.update(part);
  return hash.digest('base64');
}

async function send(
  producer: Producer,
  namespace: string,
  letter: RecordTypes['DeadLetter'],
  { partition, offset }: TopicMessage,
): Promise<{ partition: number; offset: number }> {
  const place = `dead-letters ${partition}:${offset}`;
  if (!isTopicName(letter.sourceTopic)) {
    throw new TributaryError(
      'topics.unknown-topic',
      `${place}: its source topic ${letter.sourceTopic} is not in the catalogue.`,
    );
  }
  const topic = qualifiedTopic(namespace, letter.sourceTopic);
  const message = {
    key: letter.key,
    value: letter.value,
    headers: { ...letter.headers, [REQUEUED_FROM_HEADER]: `${partition}:${offset}` },
    // A message without a key returns to its own partition; a key determines the partition by itself.
    ...(letter.key === null && { partition: letter.partition }),
  };
  const [answer] = await producer.send({ topic, acks: -1, messages: [message] });
  if (answer?.errorCode !== 0 || answer.baseOffset === undefined) {
    throw new TributaryError('kafka.unacknowledged', `${topic} did not acknowledge the letter ${place}.`, {
      retryable: true,
    });
  }
  return { partition: answer.partition, offset: Number(answer.baseOffset) };
}
