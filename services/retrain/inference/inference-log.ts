import type { Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import type { Latent } from '#contracts/generated/records.ts';
import { createRegistry } from '#contracts/registry.ts';
import { kafkaSecurityOf } from '#platform/config.ts';
import { createKafka } from '#platform/kafka/client.ts';
import { createProducer } from '#platform/kafka/producer.ts';
import { createMetrics } from '#platform/observability/metrics.ts';
import type { StagePorts } from '#platform/stage.ts';
import { qualifiedTopic } from '#topics/catalog.ts';
import type { KafkaSecurity } from '#topics/kafka/security.ts';
import { createTopicCodec } from '#topics/topic-codec.ts';

/** The address of the log. */
export interface LogAddress {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly namespace: string;
  /** Default: neither TLS nor credentials. */
  readonly security?: KafkaSecurity;
}

/** The topic `inference` as coordinator and workers use it. */
export interface InferenceLog {
  readonly address: LogAddress;
  readonly kafka: Kafka;
  /** Qualified name. */
  readonly topic: string;
  /** Consumer group of the workers: each partition has one of them. */
  readonly groupId: string;
  readonly log: Logger;
  decode(bytes: Buffer): Latent | Promise<Latent>;
  /** Resolves when all in-sync replicas have the message. */
  send(partition: number, message: Latent): Promise<void>;
}

const GROUP = 'retrain.inference';

/** The log through the connections of a stage. */
export function inferenceLogOf(stage: StagePorts): InferenceLog {
  return {
    address: { ...stage.config, security: kafkaSecurityOf(stage.config) },
    kafka: stage.kafka,
    topic: stage.topic('inference'),
    groupId: groupIn(stage.config.namespace),
    log: stage.log,
    decode: (bytes) => stage.codec.decode('Latent', bytes),
    async send(partition, message) {
      await stage.produce('inference', message.itemIds[0] ?? '', message, { partition });
    },
  };
}

/** The log through new connections, for a process that is no stage. */
export async function openInferenceLog(
  address: LogAddress,
  log: Logger,
): Promise<InferenceLog & { close(): Promise<void> }> {
  const { brokers, registryUrl, namespace, security = {} } = address;
  const kafka = createKafka({ brokers, clientId: 'retrain-inference', log, security });
  const codec = createTopicCodec(createRegistry({ url: registryUrl }), namespace);
  await codec.prepare(['Latent']);
  const producer = await createProducer({ kafka, metrics: createMetrics('retrain') });
  const topic = qualifiedTopic(namespace, 'inference');
  return {
    address,
    kafka,
    topic,
    groupId: groupIn(namespace),
    log,
    decode: (bytes) => codec.decode('Latent', bytes),
    async send(partition, message) {
      await producer.send(topic, {
        partition,
        key: message.itemIds[0] ?? '',
        value: codec.encode('Latent', message),
      });
    },
    close: () => producer.close(),
  };
}

function groupIn(namespace: string): string {
  return namespace === '' ? GROUP : `${namespace}.${GROUP}`;
}
