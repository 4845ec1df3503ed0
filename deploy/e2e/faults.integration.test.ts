import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { anAction, aSlate } from '#contracts/domain/records.testing.ts';
import type { Reward, Slate, UserInterests } from '#contracts/generated/records.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { USER_PARTITIONS } from '#topics/catalog.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import { encodeBlock } from '../../services/rerank/learning/blocks.ts';
import { blockField } from '../../services/rerank/learning/redis-store.ts';
import { applyRewards } from '../../services/rerank/learning/rewards.testing.ts';
import { nothingLearned } from '../../services/rerank/learning/rewards.ts';
import { readInterestsRecords } from '../faults/read-stores.ts';
import { openPath, type Path } from '../path/path.ts';
import { GENERATION, ITEM_IDS, publishGeneration } from './publish-generation.testing.ts';

const USERS = Array.from({ length: 24 }, (_, i) => `user-${i}`);
const ACTIONS = 600;
const ATTRIBUTION_MS = 3_000;
/** The clock must neither close slates nor drop actions here, because its timing is not a function of the log. */
const SETTINGS = {
  TRIBUTARY_FEEDBACK_ATTRIBUTION_MS: String(ATTRIBUTION_MS),
  TRIBUTARY_FEEDBACK_CLOCK_TOLERANCE_MS: '2000',
  TRIBUTARY_FEEDBACK_SLATE_DELAY_MS: '150000',
  TRIBUTARY_FEEDBACK_IDLE_MS: '86400000',
};
const LONG = { timeoutMs: 120_000 };

let killed: Path;
let calm: Path | undefined;

before(async () => {
  killed = await openPath(
    ['interests', 'index', 'propose', 'rerank', 'feedback'],
    SETTINGS,
    publishGeneration,
  );
});
after(async () => {
  await killed?.close();
  await calm?.close();
});

test('kill -9 of interests and of rerank during a replay changes nothing that the log determines', async (t) => {
  await t.test('a replay goes on while both are killed and come back', replayWithKills);
  await t.test(
    'the bandit’s statistics equal those of a fresh reading of rewards, to the last bit',
    compareStatistics,
  );
  await t.test(
    'windows and medoids are byte for byte those of an undisturbed run, and the rewards are the same set',
    compareWithCalmRun,
  );
});

async function replayWithKills(): Promise<void> {
  await waitFor(
    async () => {
      const { body } = await killed.call('index', 'GET', '/status');
      return (body as { active: { generation: string } | null }).active?.generation === GENERATION;
    },
    { message: 'the generation is served', ...LONG },
  );

  const random = createRandom('replay');
  let restarts: Promise<void> = Promise.resolve();
  for (let i = 0; i < ACTIONS; i++) {
    const userId = USERS[random.integer(USERS.length)]!;
    const type = random.next() < 0.1 ? 'hide' : random.next() < 0.5 ? 'view' : 'buy';
    await act(userId, ITEM_IDS[random.integer(ITEM_IDS.length)]!, type, `event-${i}`);
    if (i % 20 === 7) await act(userId, ITEM_IDS[0]!, 'buy', `event-${i - 3}`);
    if (i % 4 === 0) await visit(userId, random.next() < 0.4);
    if (i === Math.floor(ACTIONS / 3)) restarts = killAndRestart('interests');
    if (i === Math.floor((2 * ACTIONS) / 3)) {
      await restarts;
      restarts = killAndRestart('rerank');
    }
  }
  await restarts;
  for (const userId of USERS) await waitForSlate(userId);
  await closeAllSlates();
  await killed.caughtUp();
  await waitFor(async () => (await rewardsOf(killed)).size === (await slotsOf(killed)), {
    message: 'one reward for each slot of each slate',
    ...LONG,
  });
  await killed.caughtUp();
  assert.ok((await rewardsOf(killed)).size > 100, 'the replay served slates');
  assert.ok(
    [...(await rewardsOf(killed)).values()].some(({ reward }) => reward === 1),
    'some were bought from',
  );
}

async function killAndRestart(stage: string): Promise<void> {
  killed.stages.kill(stage, 'SIGKILL');
  await killed.stages.restart(stage);
}

function act(userId: string, itemId: string, type: 'buy' | 'view' | 'hide', eventId: string): Promise<void> {
  return killed.write('actions', userId, anAction({ eventId, userId, itemId, type, occurredAt: Date.now() }));
}

/** Requests a slate and may buy its first item. While rerank is down there is none. */
async function visit(userId: string, buys: boolean): Promise<void> {
  const slate = await slateOf(userId).catch(() => undefined);
  const top = slate?.slots[0];
  if (slate !== undefined && top !== undefined && buys) {
    await act(userId, top.itemId, 'buy', `reaction-${slate.slateId}`);
  }
}

async function slateOf(userId: string): Promise<Slate> {
  const { status, body } = await killed.call('rerank', 'POST', '/slates', { userId, n: 5 });
  if (status !== 200) throw new Error(`rerank answers ${status}`);
  return body as Slate;
}

/** The path has recovered when a user's slate reflects an action that was made after the restarts. */
async function waitForSlate(userId: string): Promise<void> {
  await act(userId, ITEM_IDS[1]!, 'buy', `last-${userId}`);
  const last = (await killed.read('actions')).filter(({ key }) => key === userId).at(-1);
  assert.ok(last);
  await waitFor(async () => (await slateOf(userId)).interestsVersion >= last.offset, {
    message: `a slate of ${userId} that reflects offset ${last.offset}`,
    ...LONG,
  });
}

/** Advances the stream time and the slates of every partition beyond all attribution windows. */
async function closeAllSlates(): Promise<void> {
  for (let partition = 0; partition < USER_PARTITIONS; partition++) {
    const userId = userOfPartition(partition);
    const occurredAt = Date.now() + ATTRIBUTION_MS + 60_000;
    await killed.write(
      'actions',
      userId,
      anAction({ eventId: `close-${partition}`, userId, itemId: ITEM_IDS[0]!, type: 'view', occurredAt }),
    );
    const servedAt = Date.now() + 290_000;
    await killed.write(
      'slates',
      userId,
      aSlate({ slateId: `close-${partition}`, userId, servedAt, slots: [] }),
    );
  }
}

function userOfPartition(partition: number): string {
  for (let i = 0; ; i++)
    if (partitionOfKey(`closer-${i}`, USER_PARTITIONS) === partition) return `closer-${i}`;
}

async function slotsOf(path: Path): Promise<number> {
  const slates = await path.read('slates');
  return slates.reduce((sum, { value }) => sum + value.slots.length, 0);
}

/**
 * Rewards by id. Duplicates in the log must be equal. The sequence number is left out: it depends on the order of
 * closing.
 */
async function rewardsOf(path: Path): Promise<Map<string, Omit<Reward, 'sequence'>>> {
  const rewards = new Map<string, Omit<Reward, 'sequence'>>();
  for (const { value } of await path.read('rewards')) {
    const { sequence: _sequence, ...reward } = value;
    const known = rewards.get(reward.rewardId);
    if (known !== undefined) assert.deepEqual(reward, known);
    rewards.set(reward.rewardId, reward);
  }
  return rewards;
}

async function compareStatistics(): Promise<void> {
  const rewards = await killed.read('rewards');
  let observations = 0;
  for (let partition = 0; partition < USER_PARTITIONS; partition++) {
    const learned = nothingLearned();
    applyRewards(
      learned,
      rewards.filter((reward) => reward.partition === partition).map(({ value }) => value),
    );
    const key = `${killed.namespace.namespace}:rerank:statistics:${partition}`;
    for (const [place, block] of learned.blocks) {
      observations += block.statistics.count;
      const held = await killed.redis.hgetBuffer(key, blockField(place));
      assert.deepEqual(held, Buffer.from(encodeBlock(block)), `partition ${partition}`);
    }
  }
  const taught = [...(await rewardsOf(killed)).values()].filter(({ exposure }) => exposure !== 'unknown');
  assert.equal(observations, taught.length, 'each reward that teaches counts once');
  assert.ok(observations > 0);
}

async function compareWithCalmRun(): Promise<void> {
  const actions = await killed.read('actions');
  const slates = await killed.read('slates');
  calm = await openPath(['interests', 'feedback'], SETTINGS, async (path) => {
    for (const { key, value } of await killed.read('embeddings')) await path.write('embeddings', key, value);
    for (const { key, value } of await killed.read('releases')) await path.write('releases', key, value);
  });
  for (const { key, value, partition } of actions) await calm.write('actions', key, value, partition);
  for (const { key, value, partition } of slates) await calm.write('slates', key, value, partition);
  await calm.caughtUp();
  await waitFor(async () => (await rewardsOf(calm!)).size === (await slotsOf(calm!)), {
    message: 'one reward for each slot of each slate in the calm run',
    ...LONG,
  });

  const wanted = await recordsOf(calm);
  const found = await recordsOf(killed);
  assert.ok(wanted.size >= USERS.length);
  assert.deepEqual([...found.keys()].sort(), [...wanted.keys()].sort());
  for (const [userId, record] of wanted) {
    const interests = JSON.parse(record.interests) as UserInterests;
    assert.equal(interests.generation, GENERATION);
    assert.deepEqual(found.get(userId), record, `window and medoids of ${userId}`);
  }
  assert.deepEqual(sorted(await rewardsOf(killed)), sorted(await rewardsOf(calm)));
}

/** Window and interests of every user: the bytes of the window, and the interests as JSON text. */
async function recordsOf({
  redis,
  namespace,
}: Path): Promise<Map<string, { window: string; interests: string }>> {
  const records = await readInterestsRecords(redis, namespace.namespace);
  return new Map([...records].map(([userId, { window, interests }]) => [userId, { window, interests }]));
}

function sorted<V>(byId: ReadonlyMap<string, V>): Array<[string, V]> {
  return [...byId].sort(([a], [b]) => (a < b ? -1 : 1));
}
