/** The ids that the cluster gives to topics. A topic that is deleted and created again has another id. */
import { createRequire } from 'node:module';
import type { Kafka } from 'kafkajs';

interface Encoder {
  readonly buffer: Buffer;
  writeBuffer(bytes: Buffer): Encoder;
}

/** The parts of kafkajs 2.2.4 that this module uses beyond its public types. */
interface Broker {
  readonly versions: Readonly<Record<number, { readonly maxVersion: number } | undefined>> | null;
  readonly connectionPool: { send(request: unknown): Promise<unknown> };
}
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  findControllerBroker(): Promise<Broker>;
}

export interface TopicIds {
  /**
   * Returns the id of a topic as 32 hexadecimal digits; undefined if the topic does not exist, or if the brokers have
   * no ids, which they have from version 2.8 on.
   */
  read(topic: string): Promise<string | undefined>;
  close(): Promise<void>;
}

const METADATA = 3;
/** The first version of the request whose answer has ids. kafkajs speaks version 6. */
const VERSION = 10;
const ID_BYTES = 16;
const NO_ID = '0'.repeat(2 * ID_BYTES);

const require = createRequire(import.meta.url);
const KafkaEncoder = require('kafkajs/src/protocol/encoder.js') as new () => Encoder;

/** Opens a connection of its own, with the addresses and credentials of the client. */
export async function openTopicIds(kafka: Kafka): Promise<TopicIds> {
  const cluster = createCluster(kafka);
  await cluster.connect();
  return {
    async read(topic) {
      try {
        const broker = await cluster.findControllerBroker();
        if ((broker.versions?.[METADATA]?.maxVersion ?? 0) < VERSION) return undefined;
        const id = (await broker.connectionPool.send(requestFor(topic))) as string;
        return id === NO_ID ? undefined : id;
      } catch (error) {
        // The broker may be gone; the next call asks another one.
        await cluster.refreshMetadata().catch(() => undefined);
        throw error;
      }
    },
    close: () => cluster.disconnect(),
  };
}

function createCluster(kafka: Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  );
  if (symbol === undefined) throw new Error('this version of kafkajs has another way to create a cluster');
  return (kafka as unknown as Record<symbol, (options: object) => Cluster>)[symbol]!({
    allowAutoTopicCreation: false,
  });
}

function requestFor(topic: string): unknown {
  return {
    request: {
      apiKey: METADATA,
      apiVersion: VERSION,
      apiName: 'Metadata',
      encode: async () => new KafkaEncoder().writeBuffer(encodeRequest(topic)),
    },
    response: {
      decode: async (bytes: Buffer) => ({ id: decodeTopicId(bytes), clientSideThrottleTime: 0 }),
      parse: async ({ id }: { id: string }) => id,
    },
  };
}

/** Encodes the request for one topic, behind the client id of the header, which ends with its tagged fields. */
function encodeRequest(topic: string): Buffer {
  const name = Buffer.from(topic);
  const noTags = Buffer.of(0);
  return Buffer.concat([
    noTags,
    compactLength(1),
    Buffer.alloc(ID_BYTES),
    compactLength(name.length),
    name,
    noTags,
    // Neither create the topic nor return the operations that are allowed on the cluster and on the topic.
    Buffer.of(0, 0, 0),
    noTags,
  ]);
}

/** The flexible versions of the protocol write a length plus one, because 0 stands for null. */
function compactLength(length: number): Buffer {
  const bytes: number[] = [];
  let rest = length + 1;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** Decodes “Metadata Response (Version: 10)”, behind the correlation id, up to the id of the first topic. */
export function decodeTopicId(bytes: Buffer): string {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes.readUInt8(at++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  };
  const skipText = (): void => {
    const size = Math.max(0, varint() - 1);
    at += size;
  };
  const skipTags = (): void => {
    for (let count = varint(); count > 0; count--) {
      varint();
      const size = varint();
      at += size;
    }
  };
  skipTags();
  at += 4; // time of the throttle
  for (let brokers = varint() - 1; brokers > 0; brokers--) {
    at += 4; // node id
    skipText(); // host
    at += 4; // port
    skipText(); // rack
    skipTags();
  }
  skipText(); // cluster id
  at += 4; // controller
  if (varint() - 1 < 1) return NO_ID;
  const errorCode = bytes.readInt16BE(at);
  at += 2;
  skipText(); // name
  return errorCode === 0 ? bytes.toString('hex', at, at + ID_BYTES) : NO_ID;
}
