import { type IHeaders, type Kafka, Partitioners, type Producer } from 'kafkajs';
import { TributaryError } from '../errors.ts';
import type { StageMetrics } from '../observability/metrics.ts';

export interface OutgoingMessage {
  readonly key: string;
  /** Encoded value; null is a tombstone. */
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, string | Buffer>>;
  /** Milliseconds since the epoch; the present when left out. */
  readonly timestamp?: number;
}

/** Where an acknowledged message stands. */
export interface Acknowledgement {
  readonly partition: number;
  readonly offset: number;
}

export interface SafeProducer {
  /**
   * Resolves when all in-sync replicas have the message.
   * @param topic qualified name
   * @throws TributaryError `kafka.unacknowledged` (retryable): the message may or may not be in the log.
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

interface Lane {
  readonly topic: string;
  readonly partition: number;
  waiting: Waiting[];
  sending: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** Bytes a single request may carry; the brokers' default limit is 1 MiB a batch. */
const MAX_REQUEST_BYTES = 512 * 1024;
const MAX_REQUEST_MESSAGES = 2_000;
/** What each record costs beside its key, value and headers, generously. */
const RECORD_OVERHEAD_BYTES = 64;

/**
 * The only way to produce. kafkajs 2.2.4 was measured to lose acknowledged messages when a broker dies and one
 * request spans several partitions: its answer then misses partitions, silently. So each request carries one
 * partition, its answer must name that partition, and a partition has one request in flight, which keeps the
 * order within it. Idempotence lets a retried request count once.
 *
 * Messages linger a few milliseconds, because many small requests cost far more than the wait.
 */
export async function createProducer(options: {
  kafka: Kafka;
  metrics: StageMetrics;
  /** Milliseconds a message may wait for company. Default 5. */
  lingerMs?: number;
}): Promise<SafeProducer> {
  const { kafka, metrics, lingerMs = 5 } = options;
  const producer = kafka.producer({
    idempotent: true,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
    metadataMaxAge: 60_000,
  });
  await producer.connect();
  const partitionOf = await createPartitionLookup(kafka);
  const lanes = new Map<string, Lane>();

  async function lookup(topic: string, key: string): Promise<Lane> {
    const partition = await partitionOf(topic, key);
    const name = `${topic}\n${partition}`;
    let lane = lanes.get(name);
    if (lane === undefined) {
      lane = { topic, partition, waiting: [], sending: false, timer: undefined };
      lanes.set(name, lane);
    }
    return lane;
  }

  function schedule(lane: Lane): void {
    if (lane.sending || lane.timer !== undefined || lane.waiting.length === 0) return;
    if (lane.waiting.length >= MAX_REQUEST_MESSAGES) void drain(lane);
    else lane.timer = setTimeout(() => void drain(lane), lingerMs);
  }

  /** Sends what waits, request by request, until the lane is empty. */
  async function drain(lane: Lane): Promise<void> {
    clearTimeout(lane.timer);
    lane.timer = undefined;
    lane.sending = true;
    while (lane.waiting.length > 0) await sendOne(producer, metrics, lane, takeRequest(lane));
    lane.sending = false;
  }

  async function flush(): Promise<void> {
    const settled = [...lanes.values()].flatMap((lane) => {
      if (lane.waiting.length > 0 && !lane.sending) void drain(lane);
      return lane.sending ? [whenIdle(lane)] : [];
    });
    await Promise.all(settled);
  }

  return {
    async send(topic, message) {
      const lane = await lookup(topic, message.key);
      return new Promise<Acknowledgement>((resolve, reject) => {
        lane.waiting.push({ message, resolve, reject, since: performance.now() });
        schedule(lane);
      });
    },
    flush,
    async close() {
      await flush();
      await producer.disconnect();
    },
  };
}

function whenIdle(lane: Lane): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => {
      if (lane.sending || lane.waiting.length > 0) setTimeout(check, 1);
      else resolve();
    };
    check();
  });
}

function takeRequest(lane: Lane): Waiting[] {
  let bytes = 0;
  let count = 0;
  for (const { message } of lane.waiting) {
    bytes += RECORD_OVERHEAD_BYTES + message.key.length + (message.value?.length ?? 0);
    if (count > 0 && (bytes > MAX_REQUEST_BYTES || count >= MAX_REQUEST_MESSAGES)) break;
    count += 1;
  }
  return lane.waiting.splice(0, count);
}

async function sendOne(
  producer: Producer,
  metrics: StageMetrics,
  lane: Lane,
  request: Waiting[],
): Promise<void> {
  try {
    const answers = await producer.send({
      topic: lane.topic,
      acks: -1,
      messages: request.map(({ message }) => ({
        partition: lane.partition,
        key: message.key,
        value: message.value,
        ...(message.headers === undefined ? {} : { headers: message.headers as IHeaders }),
        ...(message.timestamp === undefined ? {} : { timestamp: String(message.timestamp) }),
      })),
    });
    const answer = answers.find((candidate) => candidate.partition === lane.partition);
    if (answer?.baseOffset === undefined || answer.errorCode !== 0) {
      throw new Error(`the answer to a write misses partition ${lane.partition} of ${lane.topic}`);
    }
    const base = Number(answer.baseOffset);
    const now = performance.now();
    metrics.messagesProduced.inc({ topic: lane.topic }, request.length);
    for (const [index, { resolve, since }] of request.entries()) {
      metrics.produceSeconds.observe({ topic: lane.topic }, (now - since) / 1_000);
      resolve({ partition: lane.partition, offset: base + index });
    }
  } catch (cause) {
    const error = new TributaryError(
      'kafka.unacknowledged',
      `${lane.topic}, partition ${lane.partition}: ${(cause as Error).message}`,
      { cause, retryable: true, status: 503 },
    );
    for (const { reject } of request) reject(error);
  }
}

/** The Java-compatible murmur2 partition of a key, so that producers in other languages meet the same partitions. */
async function createPartitionLookup(kafka: Kafka): Promise<(topic: string, key: string) => Promise<number>> {
  const partitioner = Partitioners.DefaultPartitioner();
  const counts = new Map<string, Promise<number>>();

  async function fetchCount(topic: string): Promise<number> {
    const admin = kafka.admin();
    try {
      await admin.connect();
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]!.partitions.length;
    } catch (cause) {
      counts.delete(topic);
      throw new TributaryError(
        'kafka.unacknowledged',
        `topic ${topic} is not there: run \`npm run topics -- apply\``,
        {
          cause,
          retryable: true,
          status: 503,
        },
      );
    } finally {
      await admin.disconnect();
    }
  }

  return async (topic, key) => {
    let count = counts.get(topic);
    if (count === undefined) {
      count = fetchCount(topic);
      counts.set(topic, count);
    }
    const partitionMetadata = Array.from({ length: await count }, (_, partitionId) => ({
      partitionErrorCode: 0,
      partitionId,
      leader: 0,
      replicas: [],
      isr: [],
    }));
    return partitioner({ topic, partitionMetadata, message: { key, value: null } });
  };
}
