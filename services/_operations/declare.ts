import { type Kafka, Partitioners, type Producer } from 'kafkajs';
import { type ErrorCode, reasonOf, TributaryError } from '#contracts/errors.ts';

/** A message of a topic whose keys name what they decide, encoded. */
export interface Declaration {
  readonly key: string;
  readonly value: Buffer;
}

/** What to write, and what the caller learns of it. */
export interface Decided<T> {
  readonly messages: readonly Declaration[];
  readonly result: T;
}

export interface DecisionTopic {
  readonly kafka: Kafka;
  /** Qualified name; its declarations go to one partition. */
  readonly topic: string;
  /** Code of the error of a decision that a different one at the same moment overtook. */
  readonly overtaken: ErrorCode;
}

/** Time after which the brokers undo the write of a process that ended in the middle of it. Until then it holds up all readers. */
const TRANSACTION_TIMEOUT_MS = 10_000;
/** How a broker answers the write of a producer after a later one has begun with the same transactional id. */
const FENCED: readonly unknown[] = ['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED'];

/** The decisions that this process has begun, by client and topic. */
const underWay = new WeakMap<Kafka, Map<string, Promise<unknown>>>();

/**
 * Reads, decides and writes, so that no other decision about the topic comes between the read and the write. In one process decisions wait for each
 * other. Across processes the fence is the transactional id of the topic: a process that begins to decide thereby ends the right of all
 * earlier ones to write, and reads only after what they have written is whole. So of two decisions at the same moment the earlier one is
 * written before the later one reads, or it fails.
 * @param decide reads the topic and decides; what it throws is thrown, and nothing is written
 * @throws TributaryError of the code `overtaken` (409, retryable) if a different process has begun to decide meanwhile: nothing is written;
 *   `kafka.unacknowledged` if the brokers did not confirm the write
 */
export function declareAlone<T>(topic: DecisionTopic, decide: () => Promise<Decided<T>>): Promise<T> {
  const own = underWay.get(topic.kafka) ?? new Map<string, Promise<unknown>>();
  underWay.set(topic.kafka, own);
  const deciding = (own.get(topic.topic) ?? Promise.resolve()).then(() => declareFenced(topic, decide));
  own.set(
    topic.topic,
    deciding.catch(() => undefined),
  );
  return deciding;
}

async function declareFenced<T>(
  { kafka, topic, overtaken }: DecisionTopic,
  decide: () => Promise<Decided<T>>,
): Promise<T> {
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
    transactionalId: `${topic}.decisions`,
    transactionTimeout: TRANSACTION_TIMEOUT_MS,
    maxInFlightRequests: 1,
  });
  try {
    const write = await begin(producer, topic);
    const { messages, result } = await decide();
    await write(messages).catch((error: unknown) => {
      throw isFenced(error) ? overtakenBy(overtaken, topic, error) : unacknowledged(topic, error);
    });
    return result;
  } finally {
    await producer.disconnect();
  }
}

/** Ends the right of earlier producers to write. @returns the write of all messages or none */
async function begin(
  producer: Producer,
  topic: string,
): Promise<(messages: readonly Declaration[]) => Promise<void>> {
  try {
    await producer.connect();
    const transaction = await producer.transaction();
    return async (messages) => {
      await transaction.send({ topic, acks: -1, messages: [...messages] });
      await transaction.commit();
    };
  } catch (cause) {
    throw new TributaryError(
      'kafka.unreachable',
      `No decision about ${topic} can begin (${reasonOf(cause)}): check that the brokers are up, and that the user may write with the transactional id ${topic}.decisions.`,
      { cause, retryable: true, status: 503 },
    );
  }
}

function isFenced(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if ('type' in cause && FENCED.includes(cause.type)) return true;
  return false;
}

function overtakenBy(code: ErrorCode, topic: string, cause: unknown): TributaryError {
  const reason = `A different process decided about ${topic} at the same moment: nothing was written.`;
  return new TributaryError(code, reason, { cause, retryable: true, status: 409 });
}

function unacknowledged(topic: string, cause: unknown): TributaryError {
  const reason = `${topic} did not acknowledge the change (${reasonOf(cause)}).`;
  return new TributaryError('kafka.unacknowledged', reason, { cause, retryable: true });
}
