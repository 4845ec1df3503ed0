import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Kafka } from 'kafkajs';

/** Sends record batches exactly as they are. */
export interface RawProducer {
  /**
   * Resolves when the leader has the batch.
   * @param topic qualified name
   * @returns the offset of its first record, or Kafka's error code if the broker refuses it
   */
  send(topic: string, partition: number, batch: Buffer): Promise<{ offset: number } | { error: number }>;
  close(): void;
}

const PRODUCE = 0;
/** The first version that accepts zstd. */
const VERSION = 7;
const TIMEOUT_MS = 30_000;

/** Opens a connection to each broker that leads a partition it is asked for. */
export async function openRawProducer(kafka: Kafka): Promise<RawProducer> {
  const admin = kafka.admin();
  await admin.connect();
  const sockets = new Map<number, Socket>();
  let turn: Promise<unknown> = Promise.resolve();

  async function leaderOf(topic: string, partition: number): Promise<Socket> {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const leader = topics[0]!.partitions.find(({ partitionId }) => partitionId === partition)!.leader;
    const known = sockets.get(leader);
    if (known !== undefined) return known;
    const broker = (await admin.describeCluster()).brokers.find(({ nodeId }) => nodeId === leader)!;
    const socket = connect(broker.port, broker.host);
    await once(socket, 'connect');
    sockets.set(leader, socket);
    return socket;
  }

  async function exchange(topic: string, partition: number, batch: Buffer) {
    const socket = await leaderOf(topic, partition);
    socket.write(produceRequest(topic, partition, batch));
    return readAnswer(await readFrame(socket), topic);
  }

  return {
    send(topic, partition, batch) {
      const sent = turn.then(() => exchange(topic, partition, batch));
      turn = sent.catch(() => undefined);
      return sent;
    },
    close() {
      for (const socket of sockets.values()) socket.destroy();
      void admin.disconnect();
    },
  };
}

/** One topic and one partition, acknowledged by all in-sync replicas. */
function produceRequest(topic: string, partition: number, batch: Buffer): Buffer {
  const body = Buffer.concat([
    int16(PRODUCE),
    int16(VERSION),
    int32(1),
    text('poison'),
    int16(-1),
    int16(-1),
    int32(TIMEOUT_MS),
    int32(1),
    text(topic),
    int32(1),
    int32(partition),
    int32(batch.length),
    batch,
  ]);
  return Buffer.concat([int32(body.length), body]);
}

async function readFrame(socket: Socket): Promise<Buffer> {
  let held = Buffer.alloc(0);
  while (held.length < 4 || held.length < 4 + held.readInt32BE(0)) {
    const [chunk] = (await once(socket, 'data', { signal: AbortSignal.timeout(TIMEOUT_MS) })) as [Buffer];
    held = Buffer.concat([held, chunk]);
  }
  return held.subarray(4);
}

/** Correlation id, number of topics, name, number of partitions, partition, error code, offset. */
function readAnswer(frame: Buffer, topic: string): { offset: number } | { error: number } {
  const at = 4 + 4 + 2 + Buffer.byteLength(topic) + 4 + 4;
  const error = frame.readInt16BE(at);
  return error === 0 ? { offset: Number(frame.readBigInt64BE(at + 2)) } : { error };
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function text(value: string): Buffer {
  return Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);
}
