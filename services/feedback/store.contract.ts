import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StateLost } from '#platform/kafka/held-state.ts';
import { RULES, START, someAction, someSlate } from './attribution.testing.ts';
import type { UserJoin } from './attribution.ts';
import { messagesOf } from './joiner.testing.ts';
import { createJoiner } from './joiner.ts';
import {
  EMPTY_HEAD,
  type JoinChange,
  type QueuedReward,
  type RebuildableJoinStore,
  type ShownSlate,
} from './store.ts';

const NOTHING_DUE = { closesBefore: 0, forgottenUntil: 0 };

function waiting(closes: number): UserJoin {
  const open = [{ slot: 1, itemId: 'milk', earned: { actionType: 'click', reward: 0.2, delay: 7 } as const }];
  return { pending: [{ slateId: `s${closes}`, servedAt: closes - 10, closesAt: closes, open }], recent: [] };
}

function remembering(occurredAt: number): UserJoin {
  const action = {
    itemId: 'tea',
    type: 'buy',
    occurredAt,
    servedUntil: occurredAt,
    streamTime: occurredAt + 1,
  } as const;
  return { pending: [], recent: [action] };
}

function shownSlate(slateId: string): ShownSlate {
  const slots = [{ itemId: 'milk', features: [1, 0.1, 1 / 3], propensity: 0.25 }];
  const featureNames = ['bias', 'trending.rank', 'popularity'];
  return { slateId, userId: 'ann', servedAt: 5, featureNames, slots, trace: 'a trace' };
}

function queued(sequence: number): QueuedReward {
  const { slateId, userId, servedAt, featureNames, slots } = shownSlate('s');
  const [{ itemId, features, propensity }] = slots as [ShownSlate['slots'][number]];
  const reward = { rewardId: `${slateId}/0`, sequence, slateId, userId, itemId, slot: 0, reward: 0.1 + 0.2 };
  const shown = { features, featureNames, propensity, servedAt };
  return { reward: { ...reward, actionType: null, delay: null, ...shown } };
}

function change(version: number, parts: Partial<JoinChange> = {}): JoinChange {
  const head = { ...EMPTY_HEAD, version };
  return { head, users: new Map(), shown: [], joined: new Map(), closed: [], rewards: [], ...parts };
}

/** The contract of every store of the join. Each test uses a store of its own. */
export function testJoinStore(createStore: () => Promise<RebuildableJoinStore>): void {
  test('a partition without commits has its initial state', async () => {
    const store = await createStore();
    assert.deepEqual(await store.readHead(3), EMPTY_HEAD);
    assert.equal((await store.readUsers(3, ['ann'], { closesBefore: 1e15, forgottenUntil: 1e15 })).size, 0);
    assert.deepEqual(await store.readOutbox(3, 10), []);
  });

  test('a commit is read back completely, by its partition alone', async () => {
    const store = await createStore();
    const head = {
      version: 1,
      slatesOffset: 4,
      actionsOffset: 9,
      sequence: 2,
      streamTime: 1e12,
      slatesUntil: 7,
      newestServedAt: 8,
      incarnation: undefined,
    };
    const users = new Map([['ann', waiting(100)]]);
    const shown = [shownSlate('s1'), shownSlate('s2')];
    assert.equal(
      await store.commit(3, change(1, { head, users, shown, rewards: [queued(1), queued(2)] })),
      true,
    );
    assert.deepEqual(await store.readHead(3), head);
    assert.deepEqual(await store.readUsers(3, ['ann', 'bob'], NOTHING_DUE), users);
    assert.deepEqual(await store.readShown(3, ['s2', 'none']), new Map([['s2', shownSlate('s2')]]));
    assert.deepEqual(await store.readOutbox(3, 10), [queued(1), queued(2)]);
    assert.deepEqual(await store.readHead(4), EMPTY_HEAD);
  });

  test('a commit on another version than was read does nothing', async () => {
    const store = await createStore();
    const first = change(1, { users: new Map([['ann', waiting(100)]]), rewards: [queued(1)] });
    assert.equal(await store.commit(0, first), true);
    const late = change(1, { users: new Map([['ann', waiting(200)]]), rewards: [queued(9)] });
    assert.equal(await store.commit(0, late), false);
    assert.equal(await store.commit(0, change(3)), false);
    assert.deepEqual(await store.readUsers(0, ['ann'], NOTHING_DUE), new Map([['ann', waiting(100)]]));
    assert.deepEqual(await store.readOutbox(0, 10), [queued(1)]);
  });

  test('a commit on another incarnation than was read does nothing, and none changes the incarnation', async () => {
    const store = await createStore();
    const named = { offset: undefined, topicId: undefined, incarnation: 'i' };
    await store.writeTopicHead('slates', 0, { ...named, offset: 4, topicId: 't' });
    await store.writeTopicHead('actions', 0, { ...named, offset: 6 });
    const head = await store.readHead(0);
    assert.deepEqual(head, { ...EMPTY_HEAD, slatesOffset: 4, actionsOffset: 6, incarnation: 'i' });
    const next = { ...head, version: 1, slatesOffset: 5 };
    assert.equal(await store.commit(0, change(1, { head: { ...next, incarnation: 'of a copy' } })), false);
    assert.equal(await store.commit(0, change(1, { head: next })), true);
    assert.deepEqual(await store.readHead(0), next);
    await store.writeTopicHead('slates', 0, { ...named, incarnation: 'j' });
    assert.deepEqual(await store.readTopicHead('slates', 0), { offset: 5, topicId: 't', incarnation: 'j' });
    assert.deepEqual(await store.readTopicHead('actions', 0), {
      offset: 6,
      topicId: undefined,
      incarnation: 'j',
    });
    assert.equal(await store.commit(0, change(2, { head: { ...next, version: 2 } })), false);
    for (const replaces of ['of a copy', null])
      await assert.rejects(store.writeTopicHead('slates', 0, { ...named, offset: -1, replaces }), StateLost);
    assert.equal((await store.readHead(0)).slatesOffset, 5);
    await store.writeTopicHead('slates', 0, { ...named, incarnation: 'k', replaces: 'j' });
    await store.writeTopicHead('actions', 0, { ...named, incarnation: 'k', replaces: 'j' });
    await store.clear(0, 1);
    assert.equal(await store.readTopicHead('slates', 0), undefined);
  });

  test('users are due when a slate closes before the one time, or an action is to be dropped by the other', async () => {
    const store = await createStore();
    const users = new Map([
      ['ann', waiting(100)],
      ['bob', waiting(101)],
      ['cid', remembering(50)],
      ['dan', remembering(51)],
    ]);
    await store.commit(0, change(1, { users }));
    const due = await store.readUsers(0, [], { closesBefore: 101, forgottenUntil: 50 });
    assert.deepEqual([...due.keys()].sort(), ['ann', 'cid']);
  });

  test('a user without state is removed, and so is a closed slate', async () => {
    const store = await createStore();
    await store.commit(0, change(1, { users: new Map([['ann', waiting(100)]]), shown: [shownSlate('s1')] }));
    const nothing: UserJoin = { pending: [], recent: [] };
    await store.commit(0, change(2, { users: new Map([['ann', nothing]]), closed: ['s1'] }));
    assert.equal((await store.readUsers(0, ['ann'], { closesBefore: 1e15, forgottenUntil: 1e15 })).size, 0);
    assert.equal((await store.readShown(0, ['s1'])).size, 0);
  });

  test('the ids of joined slates are remembered until slates that were served later than their time are read', async () => {
    const store = await createStore();
    const at = (version: number, newestServedAt: number) => ({
      head: { ...EMPTY_HEAD, version, newestServedAt },
    });
    const joined = (until: Record<string, number>) => new Map(Object.entries(until));
    await store.commit(0, change(1, { ...at(1, 5), joined: joined({ a: 10, b: 11 }) }));
    assert.deepEqual(await store.readJoined(0, ['a', 'b', 'c']), new Set(['a', 'b']));
    assert.deepEqual(await store.readJoined(1, ['a']), new Set());
    await store.commit(0, change(2, { ...at(2, 10), joined: joined({ c: 20 }) }));
    assert.deepEqual(await store.readJoined(0, ['a', 'b', 'c']), new Set(['a', 'b', 'c']));
    await store.commit(0, change(3, { ...at(3, 11), joined: joined({ d: 21 }) }));
    assert.deepEqual(await store.readJoined(0, ['a', 'b', 'c', 'd']), new Set(['b', 'c', 'd']));
    assert.deepEqual(await store.readJoined(0, []), new Set());
  });

  test('the outbox keeps its order and is trimmed up to a sequence number', async () => {
    const store = await createStore();
    const rewards = Array.from({ length: 12 }, (_, index) => queued(index + 1));
    await store.commit(0, change(1, { rewards }));
    assert.deepEqual(await store.readOutbox(0, 3), rewards.slice(0, 3));
    await store.trimOutbox(0, 10);
    await store.trimOutbox(0, 10);
    assert.deepEqual(await store.readOutbox(0, 100), rewards.slice(10));
  });

  test('a backlog of any size is joined in steps of bounded size', async () => {
    const store = await createStore();
    const commits: JoinChange[] = [];
    const rewards: number[] = [];
    const joiner = createJoiner({
      store: {
        ...store,
        commit: (partition, change) => {
          commits.push(change);
          return store.commit(partition, change);
        },
      },
      rules: RULES,
      idleMs: 0,
      produce: async (some) => void rewards.push(...some.map(({ reward }) => reward.sequence)),
      countLate: () => {},
      countRepeated: () => {},
      countLost: () => {},
      now: () => START,
      lastSequence: async () => 0,
    });
    const items = Array.from({ length: 40 }, (_, index) => `item ${index}`);
    const slates = Array.from({ length: 700 }, (_, index) =>
      someSlate(`slate ${index}`, index < 300 ? 'ann' : `user ${index}`, 10, items),
    );
    const actions = Array.from({ length: 11_000 }, (_, index) =>
      someAction(`user ${index}`, 'other', 'buy', 20),
    );
    await joiner.applySlates(0, messagesOf(0, slates), 699);
    await joiner.applyActions(0, messagesOf(0, actions), 11_500);
    assert.deepEqual(rewards, []);
    await joiner.applyActions(0, messagesOf(0, [someAction('bob', 'tea', 'buy', 10_000)], 16_000));
    const { version, slatesOffset, actionsOffset, sequence } = await store.readHead(0);
    assert.deepEqual(
      { slatesOffset, actionsOffset, sequence },
      { slatesOffset: 699, actionsOffset: 16_000, sequence: 28_000 },
    );
    assert.equal(version, commits.length);
    assert.deepEqual(
      rewards,
      Array.from({ length: 28_000 }, (_, index) => index + 1),
    );
    for (const { users, shown, closed, rewards } of commits) {
      assert.ok(
        users.size <= 1_000 && shown.length <= 500 && closed.length <= 10_000 && rewards.length <= 2_000,
      );
    }
  });

  test('a user with tens of thousands of waiting slates is erased', async () => {
    const store = await createStore();
    const joiner = createJoiner({
      store,
      rules: RULES,
      idleMs: 0,
      produce: async () => assert.fail('an erased slate earned a reward'),
      countLate: () => {},
      countRepeated: () => {},
      countLost: () => {},
      now: () => START,
      lastSequence: async () => 0,
    });
    const pending = Array.from({ length: 40_000 }, (_, index) => ({
      slateId: `s${index}`,
      servedAt: START,
      closesAt: START + RULES.windowMs,
      open: [{ slot: 0, itemId: 'tea', earned: null }],
    }));
    await store.commit(0, change(1, { users: new Map([['ann', { pending, recent: [] }]]) }));
    const [tombstone] = messagesOf(0, [someAction('ann', 'tea', 'buy', 20)]);
    await joiner.applyActions(0, [{ ...tombstone!, value: null }]);
    assert.equal((await store.readUsers(0, ['ann'], NOTHING_DUE)).size, 0);
  });
}
