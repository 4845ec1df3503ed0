import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { pino } from 'pino';
import { quantile } from '#algorithms/evaluation/quantile.ts';
import { consume } from '#platform/kafka/consumer.ts';
import { createProducer } from '#platform/kafka/producer.ts';
import { createMetrics } from '#platform/observability/metrics.ts';
import { offerLoad } from '../load.ts';

const HOPS = 4;
const PARTITIONS = 6;

/**
 * Time, in ms, for which messages travel through four topics whose consumers only pass them on, with the producer and the
 * consumers of the stages: the floor of every path through the log.
 */
export async function measureEmptyHops(
  kafka: Kafka,
  perSecond: number,
  seconds: number,
): Promise<{ p50: number; p99: number }> {
  const prefix = `hops-${randomUUID()}`;
  const topics = Array.from({ length: HOPS + 1 }, (_, hop) => `${prefix}-${hop}`);
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    topics: topics.map((topic) => ({ topic, numPartitions: PARTITIONS, replicationFactor: 1 })),
  });
  const metrics = createMetrics('bench');
  const producer = await createProducer({ kafka, metrics });
  const latencies: number[] = [];
  const joined = topics.map(() => Promise.withResolvers<void>());
  const consumers = await Promise.all(
    topics.map((topic, hop) =>
      consume({
        kafka,
        groupId: `${prefix}-${hop}`,
        subscriptions: [
          {
            topic,
            decode: (bytes: Buffer) => bytes.toString() as never,
            async handle({ messages }) {
              if (hop === HOPS)
                for (const { value } of messages) latencies.push(performance.now() - Number(value));
              else
                await Promise.all(
                  messages.map(({ key, value }) =>
                    producer.send(topics[hop + 1]!, { key, value: Buffer.from(value!) }),
                  ),
                );
            },
          },
        ],
        log: pino({ level: 'silent' }),
        metrics,
        deadLetter: async () => {},
        onAssigned: () => joined[hop]!.resolve(),
        onFailure: (error) => {
          throw error;
        },
      }),
    ),
  );
  await Promise.all(joined.map(({ promise }) => promise));
  const { requests } = await offerLoad({
    perSecond,
    until: AbortSignal.timeout(seconds * 1_000),
    send: async (number) => {
      await producer.send(topics[0]!, { key: String(number), value: Buffer.from(String(performance.now())) });
    },
  });
  for (let waited = 0; latencies.length < requests && waited < 100; waited++) await delay(100);
  await Promise.all(consumers.map(({ stop }) => stop()));
  await producer.close();
  await admin.deleteTopics({ topics });
  await admin.disconnect();
  // The first tenth warms up.
  const settled = latencies.slice(Math.floor(latencies.length / 10));
  return { p50: quantile(settled, 0.5), p99: quantile(settled, 0.99) };
}
