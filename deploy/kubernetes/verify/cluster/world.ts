/** An installation on a cluster under a steady load, with connections of the checkers to its servers. */
import { Redis } from 'ioredis';
import { Partitioners } from 'kafkajs';
import { createRandom } from '#algorithms/random.ts';
import type { RecordName } from '#contracts/generated/records.ts';
import { createRegistry } from '#contracts/registry.ts';
import { CATALOG, qualifiedTopic, type TopicName, type TopicValue } from '#topics/catalog.ts';
import { connectKafka } from '#topics/connection.ts';
import { createTopicCodec } from '#topics/topic-codec.ts';
import { type ComparedWorld, type Comparison, settleAndCompare } from '../../../faults/nemesis/compare.ts';
import { type PublishedItems, SHARED_ITEMS, someGeneration } from '../../../faults/nemesis/generations.ts';
import { type Load, startLoad } from '../../../faults/nemesis/load.ts';
import { LOAD_USERS } from '../../../faults/nemesis/world.ts';
import { FORWARDED_PORT } from '../../source/components/kafka.ts';
import { TOPIC_NAMESPACE } from '../../source/workloads.ts';
import { type Forward, forward, kubectl } from './kubectl.ts';

const ACTIONS_PER_SECOND = 3;
const SLATES_PER_SECOND = 1.5;
/** Long, because a busy machine is no fault of the pods; a pod that is lost resets its connections at once. */
const REQUEST_TIMEOUT_MS = 30_000;
const LOCAL = '127.0.0.1';

/** Addresses on this machine of the servers of the installation, as variables of the tools. */
export interface ServerAddresses {
  readonly KAFKA_BROKERS: string;
  readonly SCHEMA_REGISTRY_URL: string;
  readonly TRIBUTARY_NAMESPACE: string;
}

export interface Connections extends Pick<ComparedWorld, 'namespace' | 'write'> {
  readonly env: ServerAddresses;
  readonly redisPort: number;
  close(): Promise<void>;
}

/**
 * Reaches Kafka, the registry and Redis through kubectl port-forward. A forward ends with its pod.
 * @param written records that are written, whose schemas an older version may lack
 */
export async function connectServers(written: readonly RecordName[] = []): Promise<Connections> {
  const forwards: Forward[] = [];
  const open = async (target: string, ports: string): Promise<number> => {
    const one = await forward(target, ports);
    forwards.push(one);
    return one.port;
  };
  const closeForwards = () => Promise.all(forwards.map((one) => one.close()));
  try {
    await open('pod/kafka-0', String(FORWARDED_PORT));
    const registryPort = await open('service/registry', ':8080');
    const redisPort = await open('pod/redis-0', ':6379');
    const env = {
      KAFKA_BROKERS: `${LOCAL}:${FORWARDED_PORT}`,
      SCHEMA_REGISTRY_URL: `http://${LOCAL}:${registryPort}/apis/ccompat/v7`,
      TRIBUTARY_NAMESPACE: TOPIC_NAMESPACE,
    };
    const kafka = connectKafka([env.KAFKA_BROKERS]);
    const codec = createTopicCodec(createRegistry({ url: env.SCHEMA_REGISTRY_URL }), TOPIC_NAMESPACE);
    await codec.prepare(written);
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    const topicOf = (name: TopicName): string => qualifiedTopic(TOPIC_NAMESPACE, name);
    return {
      env,
      redisPort,
      namespace: { kafka, codec, topicOf, namespace: TOPIC_NAMESPACE },
      async write<T extends TopicName>(topic: T, key: string, value: TopicValue<T>): Promise<void> {
        const encoded = codec.encode(CATALOG[topic].schema, value as never);
        await producer.send({ topic: topicOf(topic), acks: -1, messages: [{ key, value: encoded }] });
      },
      async close() {
        await producer.disconnect().catch(() => undefined);
        await closeForwards();
      },
    };
  } catch (error) {
    await closeForwards();
    throw error;
  }
}

export interface ClusterWorld {
  readonly load: Load;
  /** The password of Redis, which must be nowhere to be read. */
  readonly password: string;
  /** Image of a stage, as the cluster has it. */
  readonly image: string;
  /** Ends the load, and compares the log and the stores with what they should hold. */
  compare(): Promise<Comparison>;
  close(): Promise<void>;
}

/** Publishes a generation of embeddings and starts the load at an address of the gateway. */
export async function openClusterWorld(options: {
  gateway: string;
  password: string;
  image: string;
  /** Slates that were asked for before the load. */
  otherSlates: number;
  seed: string;
}): Promise<ClusterWorld> {
  const { gateway, password, image, otherSlates, seed } = options;
  const generations: PublishedItems[] = [someGeneration(0, Date.now())];
  const connections = await connectServers(['ItemEmbedding', 'Release']);
  try {
    for (const { name, embeddings, release } of generations) {
      for (const { key, value } of embeddings) await connections.write('embeddings', key, value);
      await connections.write('releases', name, release);
    }
  } finally {
    await connections.close();
  }
  const load = startLoad({
    gateway,
    random: createRandom(`${seed}/load`),
    users: LOAD_USERS,
    items: SHARED_ITEMS,
    actionsPerSecond: ACTIONS_PER_SECOND,
    slatesPerSecond: SLATES_PER_SECOND,
    timeoutMs: REQUEST_TIMEOUT_MS,
  });
  return {
    load,
    password,
    image,
    async compare() {
      await load.stop();
      const { namespace, write, redisPort, close } = await connectServers(['UserAction', 'Slate']);
      const redis = new Redis({ host: LOCAL, port: redisPort, password, maxRetriesPerRequest: 3 });
      redis.on('error', () => undefined);
      try {
        return await settleAndCompare({
          namespace,
          write,
          redis,
          load,
          generations,
          slowClients: { count: otherSlates },
        });
      } finally {
        redis.disconnect();
        await close();
      }
    },
    async close() {
      await load.stop();
    },
  };
}

/** Runs a program in the container of a stage. @returns what it printed */
export async function execute(target: string, args: readonly string[]): Promise<string> {
  return kubectl(['exec', target, '--', ...args]);
}
