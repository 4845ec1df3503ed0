/** `tributary/kafka`: a producer of actions for apps in Node that write to Kafka themselves. */
import { uuidV7 } from '#contracts/client/uuid.ts';
import { actionFault, timestampOf } from '#contracts/domain/action-validity.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { UserAction } from '#contracts/generated/records.ts';
import { createRegistry } from '#contracts/registry.ts';
import type { Acknowledgement } from '#platform/kafka/lanes.ts';
import { createProducer } from '#platform/kafka/producer.ts';
import { createMetrics } from '#platform/observability/metrics.ts';
import { qualifiedTopic } from '#topics/catalog.ts';
import { connectKafka } from '#topics/connection.ts';
import type { KafkaSecurity } from '#topics/kafka/security.ts';
import { createTopicCodec } from '#topics/topic-codec.ts';

/** An action as an app produces it; absent fields are as the gateway would fill them. */
export type ProducedAction = Pick<UserAction, 'userId' | 'itemId' | 'type'> & Partial<UserAction>;

export interface ActionProducer {
  /**
   * Resolves when all in-sync replicas have the action. Many may be under way at once; those of one user keep their order.
   * @throws TributaryError with the code and field of an invalid action, which is not written; `kafka.unacknowledged` (retryable):
   *   produce it again with the same `eventId`, and it counts once
   */
  produce(action: ProducedAction): Promise<Acknowledgement & { readonly eventId: string }>;
  /** Waits for what is under way and leaves. */
  close(): Promise<void>;
}

export interface ActionProducerOptions {
  /** Each written host:port. */
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  /** Prefix of the topics, as TRIBUTARY_NAMESPACE. Default: none. */
  readonly namespace?: string;
  readonly security?: KafkaSecurity;
}

/**
 * Connects a producer that keeps the promises of the gateway: `acks=all` on every partition, the partitioner of the topics, the
 * rules of `contracts/domain/action-validity.ts`, and times that the brokers accept.
 * @throws TributaryError `registry.not-registered` if the topics were not applied; an error of Kafka if no broker answers
 */
export async function createActionProducer({
  brokers,
  registryUrl,
  namespace = '',
  security = {},
}: ActionProducerOptions): Promise<ActionProducer> {
  const codec = createTopicCodec(createRegistry({ url: registryUrl }), namespace);
  await codec.prepare(['UserAction']);
  const producer = await createProducer({
    kafka: connectKafka(brokers, security),
    metrics: createMetrics('app'),
  });
  const topic = qualifiedTopic(namespace, 'actions');
  return {
    async produce(action) {
      const now = Date.now();
      const value: UserAction = {
        eventId: uuidV7(now, (bytes) => crypto.getRandomValues(bytes)),
        occurredAt: now,
        receivedAt: now,
        contextId: null,
        value: null,
        slateId: null,
        slot: null,
        ...action,
      };
      const timestamp = timestampOf(value);
      const fault = actionFault({ value, key: value.userId, timestamp });
      if (fault !== undefined) {
        throw new TributaryError(fault.code, fault.reason, { field: fault.field, status: 400 });
      }
      const message = { key: value.userId, value: codec.encode('UserAction', value), timestamp };
      return { ...(await producer.send(topic, message)), eventId: value.eventId };
    },
    close: () => producer.close(),
  };
}
