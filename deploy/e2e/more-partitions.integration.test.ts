import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { CATALOG, type TopicName, type TopicValue } from '#topics/catalog.ts';
import { copyNamespace } from '#topics/copy.ts';
import { groupLags } from '#topics/lag.ts';
import { readTopic } from '#topics/reader.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import { rewardLine, START, someAction, someSlate } from '../../services/feedback/attribution.testing.ts';
import { type Stages, startStages } from '../local/stages.ts';

const USERS = Array.from({ length: 24 }, (_, i) => `user-${i}`);
const ITEMS = Array.from({ length: 9 }, (_, i) => `item-${i}`);
/** Rewards are a function of the log alone: times are of now, so that the clock closes no slate. */
const SETTINGS = {
  TRIBUTARY_FEEDBACK_ATTRIBUTION_MS: '100',
  TRIBUTARY_FEEDBACK_SLATE_DELAY_MS: '30',
  TRIBUTARY_FEEDBACK_CLOCK_TOLERANCE_MS: '20',
  TRIBUTARY_FEEDBACK_IDLE_MS: '86400000',
};

/** Rounds are a second apart, and end before now. */
const FIRST_ROUND = Date.now() - START - 10_000;

describe('a namespace that is replayed with twice the partitions', () => {
  const runDirectory = mkdtempSync(join(tmpdir(), 'tributary-partitions-'));
  const started: Stages[] = [];
  let old: TestNamespace;
  let wider: TestNamespace;

  before(async () => {
    [old, wider] = [await openTestNamespace(), await openTestNamespace()];
    await old.apply({ userPartitions: 2 });
    await wider.apply({ userPartitions: 4 });
  });
  after(async () => {
    await Promise.all(started.map((stages) => stages.stop()));
    await Promise.all([old.close(), wider.close()]);
    rmSync(runDirectory, { recursive: true, force: true });
  });

  async function start(namespace: TestNamespace): Promise<void> {
    const env = { ...SETTINGS, TRIBUTARY_NAMESPACE: namespace.namespace };
    started.push(await startStages({ names: ['interests', 'feedback'], env, runDirectory }));
  }

  function put<T extends 'slates' | 'actions'>(topic: T, value: TopicValue<T>) {
    return old.produce(topic, {
      key: value.userId,
      value: old.encode(CATALOG[topic].schema, value as never),
    });
  }

  async function read<T extends TopicName>(namespace: TestNamespace, topic: T): Promise<TopicValue<T>[]> {
    const values: TopicValue<T>[] = [];
    await readTopic({
      kafka: namespace.kafka,
      topic: namespace.topicOf(topic),
      from: { at: 'beginning' },
      onMessage: async ({ value }) =>
        void (value && values.push((await namespace.codec.decode(CATALOG[topic].schema, value)) as never)),
    });
    return values;
  }

  /** Acts of every user, with a slate before each that some of them pay; times grow with the round. */
  async function live(rounds: readonly number[]): Promise<void> {
    const random = createRandom(`rounds ${rounds.join()}`);
    for (const round of rounds) {
      const time = FIRST_ROUND + round * 1_000;
      for (const user of USERS) {
        const shown = [...ITEMS].sort(() => random.next() - 0.5).slice(0, 3);
        await put('slates', someSlate(`slate-${user}-${round}`, user, time, shown));
        await put('actions', someAction(user, ITEMS[random.integer(ITEMS.length)]!, 'buy', time + 50));
      }
    }
  }

  async function caughtUp(namespace: TestNamespace, groups: readonly string[]): Promise<void> {
    await waitFor(
      async () => {
        const lags = await groupLags(namespace.kafka, namespace.namespace);
        const of = (group: string) =>
          lags.filter((one) => one.group === `${namespace.namespace}.${group}` && one.lag === 0);
        return groups.every((group) => of(group).length > 0) && lags.every(({ lag }) => lag === 0);
      },
      { message: `${groups.join()} without lag`, timeoutMs: 120_000 },
    );
  }

  const rewardsOf = async (namespace: TestNamespace): Promise<string[]> =>
    (await read(namespace, 'rewards')).map(rewardLine).sort();

  /** The newest interests of each user, without the offset, which is that of the namespace. */
  async function interestsOf(namespace: TestNamespace): Promise<Map<string, unknown>> {
    const newest = new Map<string, unknown>();
    for (const { version: _, streamTime: __, ...rest } of await read(namespace, 'interests'))
      newest.set(rest.userId, rest);
    return newest;
  }

  it('has the interests and rewards of the old one, and goes on from there', async () => {
    await start(old);
    await live([1, 2, 3]);
    await caughtUp(old, ['interests', 'feedback']);

    const options = { kafka: old.kafka, from: old.namespace, to: wider.namespace };
    await copyNamespace(options);
    await start(wider);
    // While the new stages read, the old gateway still accepts; the last copy comes when it has stopped.
    await live([4]);
    const last = (await copyNamespace(options)).find(({ topic }) => topic === 'actions');
    assert.deepEqual([last?.copied, last?.found], [USERS.length, 3 * USERS.length]);

    await Promise.all([old, wider].map((namespace) => caughtUp(namespace, ['interests', 'feedback'])));
    const expected = await rewardsOf(old);
    // The slates of the last round are still open.
    assert.equal(expected.length, 3 * 3 * USERS.length);
    await waitFor(async () => (await rewardsOf(wider)).length >= expected.length, {
      message: 'rewards of the new namespace',
    });
    assert.deepEqual(await rewardsOf(wider), expected);
    await waitFor(async () => (await interestsOf(wider)).size === USERS.length, { message: 'interests' });
    assert.deepEqual(
      [...(await interestsOf(wider))].sort(([a], [b]) => a.localeCompare(b)),
      [...(await interestsOf(old))].sort(([a], [b]) => a.localeCompare(b)),
    );
  });
});
