import { type IHeaders, type Kafka, Partitioners, type Producer } from 'kafkajs';
import { reasonOf, TributaryError } from '#contracts/errors.ts';
import type { StageMetrics } from '../observability/metrics.ts';
import { createPartitionLookup } from './partition-lookup.ts';

export interface OutgoingMessage {
  readonly key: string;
  /** Encoded value; null is a tombstone. */
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, string | Buffer>>;
  /** Milliseconds since the epoch. Default: now. */
  readonly timestamp?: number;
  /** Overrides the partition of the key: for copies of a message that several partitions need. */
  readonly partition?: number;
}

/** Position of an acknowledged message. */
export interface Acknowledgement {
  readonly partition: number;
  readonly offset: number;
}

export interface SafeProducer {
  /**
   * Resolves when all in-sync replicas have the message.
   * @param topic qualified name
   * @throws TributaryError `kafka.unacknowledged` (retryable): the message may or may not be in the log. Rejects at
   *   once if too many bytes wait already, so that an outage of the brokers does not exhaust the memory.
   *   `entry.too-large` (413): the record has more than MAX_RECORD_BYTES, or more than the brokers accept; it is not in
   *   the log.
   */
  send(topic: string, message: OutgoingMessage): Promise<Acknowledgement>;
  /** Resolves when everything sent so far is settled. */
  flush(): Promise<void>;
  /** Flushes and leaves. */
  close(): Promise<void>;
}

interface Waiting {
  readonly message: OutgoingMessage;
  readonly resolve: (acknowledgement: Acknowledgement) => void;
  readonly reject: (error: Error) => void;
  readonly since: number;
}

/** Messages that wait for one partition. */
interface Lane {
  readonly topic: string;
  readonly partition: number;
  waiting: Waiting[];
  /** Whether a timer or a request is pending. */
  busy: boolean;
}

/** Maximum bytes of a request; the brokers' default limit is 1 MiB a batch. */
const MAX_REQUEST_BYTES = 512 * 1024;
/**
 * Largest key, value and headers of a record together, in bytes. The brokers accept batches of 1,048,588 bytes by default;
 * the frame of a batch with one record takes at most 256 of them.
 */
export const MAX_RECORD_BYTES = 1_048_576 - 256;
const MAX_REQUEST_MESSAGES = 2_000;
/** Maximum bytes that may wait for the brokers altogether. */
const MAX_WAITING_BYTES = 64 * 1_048_576;
/** Upper estimate of a record's overhead beside its key, value and headers. */
const RECORD_OVERHEAD_BYTES = 64;

/**
 * The only way to produce. kafkajs 2.2.4 loses acknowledged messages when a broker dies and one request spans several
 * partitions: its response then silently omits partitions. Therefore each request carries one partition, its response
 * must name that partition, and a partition has one request in flight, which keeps the order within it (decision
 * 0001). Idempotence makes a retried request count once.
 *
 * Messages linger a few milliseconds, because many small requests cost far more CPU than the wait.
 */
export async function createProducer(options: {
  kafka: Kafka;
  metrics: StageMetrics;
  /** Milliseconds for which a message may linger to be batched. Default 5. */
  lingerMs?: number;
  /** Bytes that may wait for the brokers altogether. Default 64 MiB. */
  maxWaitingBytes?: number;
}): Promise<SafeProducer> {
  const { kafka, metrics, lingerMs = 5, maxWaitingBytes = MAX_WAITING_BYTES } = options;
  const sessions = createSessions(kafka);
  await sessions.connect();
  const partitionOf = createPartitionLookup(kafka);
  const lanes = new Map<string, Lane>();
  const unsettled = new Set<Promise<unknown>>();
  let waitingBytes = 0;

  function laneOf(topic: string, partition: number): Lane {
    const name = `${topic}\n${partition}`;
    let lane = lanes.get(name);
    if (lane === undefined) {
      lane = { topic, partition, waiting: [], busy: false };
      lanes.set(name, lane);
    }
    return lane;
  }

  async function enqueue(topic: string, message: OutgoingMessage): Promise<Acknowledgement> {
    const lane = laneOf(topic, message.partition ?? (await partitionOf(topic, message.key)));
    return new Promise<Acknowledgement>((resolve, reject) => {
      lane.waiting.push({ message, resolve, reject, since: performance.now() });
      if (lane.busy) return;
      lane.busy = true;
      setTimeout(() => void drain(lane), lingerMs);
    });
  }

  /** Sends the waiting messages, request by request, until the lane is empty. */
  async function drain(lane: Lane): Promise<void> {
    while (lane.waiting.length > 0) {
      await deliver(lane, drainRequest(lane));
    }
    lane.busy = false;
  }

  /** Settles each message of the request. */
  async function deliver(lane: Lane, request: readonly Waiting[]): Promise<void> {
    try {
      const baseOffset = await sessions.use((producer) => write(producer, lane, request));
      settle(metrics, lane, request, baseOffset);
    } catch (cause) {
      if (isTooLarge(cause) && request.length > 1) {
        // The brokers accept less than by default. A message that is too large must not fail its neighbours.
        const middle = Math.ceil(request.length / 2);
        await deliver(lane, request.slice(0, middle));
        await deliver(lane, request.slice(middle));
        return;
      }
      const error = isTooLarge(cause)
        ? tooLarge(lane.topic, 'the brokers accept less than the record has', cause)
        : unacknowledged(lane, cause);
      for (const { reject } of request) reject(error);
    }
  }

  async function flush(): Promise<void> {
    await Promise.allSettled(unsettled);
  }

  return {
    send(topic, message) {
      const bytes = sizeOf(message);
      if (bytes > MAX_REQUEST_BYTES && recordBytes(message) > MAX_RECORD_BYTES) {
        const reason = `the record has ${recordBytes(message)} bytes; at most ${MAX_RECORD_BYTES} are allowed`;
        return Promise.reject(tooLarge(topic, reason));
      }
      if (waitingBytes > 0 && waitingBytes + bytes > maxWaitingBytes)
        return Promise.reject(overfull(topic, waitingBytes));
      waitingBytes += bytes;
      const sent = enqueue(topic, message);
      const forget = (): void => {
        waitingBytes -= bytes;
        unsettled.delete(sent);
      };
      unsettled.add(sent);
      sent.then(forget, forget);
      return sent;
    },
    flush,
    async close() {
      await flush();
      await sessions.close();
    },
  };
}

interface Session {
  readonly producer: Promise<Producer>;
  uses: number;
}

/**
 * The current kafkajs producer. A producer with a failed write is never used again: kafkajs would give other messages
 * the sequence numbers of those with an unknown outcome, and a broker that has the earlier ones would treat the new
 * ones as duplicates, confirm them and drop them.
 */
function createSessions(kafka: Kafka) {
  let current = open();

  function open(): Session {
    const producer = connectProducer(kafka);
    // The next user of the session handles the error; until then nobody awaits it.
    producer.catch(() => undefined);
    return { producer, uses: 0 };
  }

  async function disconnect({ producer }: Session): Promise<void> {
    await producer.then((connected) => connected.disconnect()).catch(() => undefined);
  }

  return {
    /** @throws TributaryError `kafka.unreachable` */
    async connect(): Promise<void> {
      await current.producer;
    },
    async use<T>(work: (producer: Producer) => Promise<T>): Promise<T> {
      const session = current;
      session.uses += 1;
      try {
        return await work(await session.producer);
      } catch (error) {
        if (session === current) current = open();
        throw error;
      } finally {
        session.uses -= 1;
        if (session !== current && session.uses === 0) void disconnect(session);
      }
    },
    close: () => disconnect(current),
  };
}

async function connectProducer(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({
    idempotent: true,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
    metadataMaxAge: 60_000,
  });
  try {
    await producer.connect();
  } catch (cause) {
    throw new TributaryError('kafka.unreachable', reasonOf(cause), { cause, retryable: true, status: 503 });
  }
  return producer;
}

function sizeOf({ key, value }: OutgoingMessage): number {
  return RECORD_OVERHEAD_BYTES + key.length + (value?.length ?? 0);
}

function recordBytes({ key, value, headers = {} }: OutgoingMessage): number {
  const inHeaders = Object.entries(headers).reduce(
    (sum, [name, content]) => sum + Buffer.byteLength(name) + Buffer.byteLength(content),
    0,
  );
  return Buffer.byteLength(key) + (value?.length ?? 0) + inHeaders;
}

/** Whether a broker refused a request for its size. */
function isTooLarge(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('type' in cause && (cause.type === 'MESSAGE_TOO_LARGE' || cause.type === 'RECORD_LIST_TOO_LARGE'))
      return true;
  }
  return false;
}

function tooLarge(topic: string, reason: string, cause?: unknown): TributaryError {
  return new TributaryError('entry.too-large', `${topic}: ${reason}`, { cause, status: 413 });
}

function unacknowledged({ topic, partition }: Lane, cause: unknown): TributaryError {
  const reason = `${topic}, partition ${partition}: ${reasonOf(cause)}`;
  return new TributaryError('kafka.unacknowledged', reason, { cause, retryable: true, status: 503 });
}

function overfull(topic: string, waitingBytes: number): TributaryError {
  const reason = `${topic}: ${Math.round(waitingBytes / 1_048_576)} MiB already wait for the brokers`;
  return new TributaryError('kafka.unacknowledged', reason, { retryable: true, status: 503 });
}

function drainRequest(lane: Lane): Waiting[] {
  let bytes = 0;
  let count = 0;
  for (const { message } of lane.waiting) {
    bytes += sizeOf(message);
    if (count > 0 && (bytes > MAX_REQUEST_BYTES || count >= MAX_REQUEST_MESSAGES)) break;
    count += 1;
  }
  return lane.waiting.splice(0, count);
}

/** @returns the offset of the first message */
async function write(producer: Producer, lane: Lane, request: readonly Waiting[]): Promise<number> {
  const { topic, partition } = lane;
  const answers = await producer.send({
    topic,
    acks: -1,
    messages: request.map(({ message: { key, value, headers, timestamp } }) => ({
      partition,
      key,
      value,
      ...(headers === undefined ? {} : { headers: headers as IHeaders }),
      ...(timestamp === undefined ? {} : { timestamp: String(timestamp) }),
    })),
  });
  const answer = answers.find((candidate) => candidate.partition === partition);
  if (answer?.baseOffset === undefined || answer.errorCode !== 0) {
    throw new Error('the response to a write does not name its partition');
  }
  return Number(answer.baseOffset);
}

function settle(metrics: StageMetrics, lane: Lane, request: readonly Waiting[], baseOffset: number): void {
  const { topic, partition } = lane;
  const now = performance.now();
  metrics.messagesProduced.inc({ topic }, request.length);
  for (const [index, { resolve, since }] of request.entries()) {
    metrics.produceSeconds.observe({ topic }, (now - since) / 1_000);
    resolve({ partition, offset: baseOffset + index });
  }
}
