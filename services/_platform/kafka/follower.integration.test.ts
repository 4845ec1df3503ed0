import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DecodeError } from '#contracts/codec.ts';
import { createLogger } from '../observability/logger.ts';
import { createMetrics } from '../observability/metrics.ts';
import { openTestKafka, type TestKafka } from '../testing/kafka.ts';
import { waitFor } from '../testing/wait-for.ts';
import { type Follower, follow } from './follower.ts';
import { createProducer, type SafeProducer } from './producer.ts';

function decode(bytes: Buffer): never {
  if (bytes.toString() === 'poison') throw new DecodeError('decode.magic', 'poison');
  return bytes.toString() as never;
}

describe('a follower', () => {
  let test: TestKafka;
  let producer: SafeProducer;
  const failures: unknown[] = [];

  before(async () => {
    test = await openTestKafka();
    producer = await createProducer({ kafka: test.kafka, metrics: createMetrics('test') });
  });

  after(async () => {
    await producer.close();
    await test.close();
  });

  const put = (topic: string, key: string, value: string | null, timestamp?: number) =>
    producer.send(topic, {
      key,
      value: value === null ? null : Buffer.from(value),
      ...(timestamp === undefined ? {} : { timestamp }),
    });

  async function followTopics(
    topics: ReadonlyArray<{ topic: string; since?: number }>,
    taken: string[],
  ): Promise<Follower> {
    return follow({
      kafka: test.kafka,
      groupPrefix: test.prefix,
      followed: topics.map(({ topic, since }) => ({
        topic,
        since,
        decode,
        apply: ({ key, value }) => void taken.push(`${key}=${value}`),
      })),
      log: createLogger('test', 'silent'),
      onFailure: (error) => void failures.push(error),
    });
  }

  it('a follower has caught up when it has read everything up to the end offsets, and then continues', async () => {
    const [full, empty, dated] = [
      await test.createTopic(3),
      await test.createTopic(1),
      await test.createTopic(2),
    ];
    const keys = Array.from({ length: 200 }, (_, i) => `k${i}`);
    await Promise.all(keys.map((key) => put(full, key, '1')));
    await put(full, 'k0', null);
    await put(full, 'k1', 'poison');
    await Promise.all(['a', 'b', 'c'].map((key, i) => put(dated, key, '1', 1_000 * (i + 1))));

    const taken: string[] = [];
    const follower = await followTopics(
      [{ topic: full }, { topic: empty }, { topic: dated, since: 2_000 }],
      taken,
    );
    await follower.caughtUp;
    const expected = [...keys.map((key) => `${key}=1`), 'k0=null', 'b=1', 'c=1'];
    assert.deepEqual(
      [...taken].sort(),
      expected.toSorted(),
      'all of it once, but the poison and what is too old',
    );
    assert.ok(taken.indexOf('k0=1') < taken.indexOf('k0=null'));

    await put(empty, 'late', '1');
    await waitFor(() => taken.includes('late=1'), { message: 'what came after it had caught up' });
    await follower.close();
    assert.deepEqual(failures, []);
    await put(empty, 'closed', '1');
    assert.equal(taken.length, expected.length + 1);
  });

  it('a follower of empty topics has caught up at once', async () => {
    const follower = await followTopics([{ topic: await test.createTopic(2) }], []);
    await follower.caughtUp;
    await follower.close();
  });

  it('a follower leaves no group behind', async () => {
    const admin = test.kafka.admin();
    await admin.connect();
    const { groups } = await admin.listGroups();
    await admin.disconnect();
    assert.deepEqual(
      groups.filter(({ groupId }) => groupId.startsWith(`${test.prefix}.follower`)),
      [],
    );
  });
});
