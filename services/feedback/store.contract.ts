import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StateLost } from '#platform/kafka/held-state.ts';
import { RULES, START, someAction, someSlate } from './attribution.testing.ts';
import type { OpenSlot, PendingSlate, RecentAction } from './attribution.ts';
import { messagesOf } from './joiner.testing.ts';
import { createJoiner } from './joiner.ts';
import {
  ACTION_LIMIT,
  EMPTY_HEAD,
  type JoinChange,
  type JoinRequest,
  type JoinStore,
  NOTHING_REQUESTED,
  type QueuedReward,
  type RebuildableJoinStore,
  type ShownSlate,
} from './store.ts';

const CLICK = { click: 7 } as const;

function shownSlate(offset: number, userId = 'ann', itemIds = ['milk', 'tea']): ShownSlate {
  const slots = itemIds.map((itemId, slot) => ({ itemId, features: [1, 0.1, slot / 3], propensity: 0.25 }));
  const featureNames = ['bias', 'trending.rank', 'popularity'];
  const context = { contextNames: ['surface.home'], context: [1 / 7] };
  return { slateId: `s${offset}`, userId, servedAt: 5, featureNames, ...context, slots, trace: 'a trace' };
}

function waiting(offset: number, closesAt: number, shown = shownSlate(offset)): JoinChange['slates'][number] {
  const { slateId, userId, servedAt, slots } = shown;
  const open = slots.map(({ itemId }, slot): OpenSlot => ({ slot, itemId, acts: {} }));
  return { slate: { offset, slateId, userId, servedAt, closesAt, isWhole: true, open }, shown };
}

/** @param until of the slates for which it may count */
function remembered(
  offset: number,
  until: number,
  itemId = 'tea',
  named: Pick<RecentAction, 'slateId' | 'slot'> = { slateId: null, slot: null },
): RecentAction {
  return { offset, itemId, type: 'buy', occurredAt: 50, servedUntil: 40, until, streamTime: 51, ...named };
}

function queued(sequence: number): QueuedReward {
  const { slateId, userId, servedAt, featureNames, slots } = shownSlate(0);
  const [{ itemId, features, propensity }] = slots as [ShownSlate['slots'][number]];
  const reward = { rewardId: `${slateId}/0`, sequence, slateId, userId, itemId, slot: 0, reward: 0.1 + 0.2 };
  const exposure = { exposure: 'seen', outcomes: { sale: 0.1 }, slots: 2, learner: 'autumn/other' } as const;
  const shown = { features, featureNames, propensity, servedAt, ...exposure };
  return { reward: { ...reward, actionType: null, delay: null, ...shown } };
}

function change(version: number, parts: Partial<JoinChange> = {}): JoinChange {
  const nothing = { erased: [], slates: [], acts: [], closed: [], actions: [], paid: [], rewards: [] };
  return { head: { ...EMPTY_HEAD, version }, ...nothing, joined: new Map(), ...parts };
}

const read = (store: JoinStore, request: Partial<JoinRequest>) =>
  store.read(0, { ...NOTHING_REQUESTED, ...request });

const joinedOf = async (store: JoinStore, partition: number, slateIds: readonly string[]) =>
  (await store.read(partition, { ...NOTHING_REQUESTED, slateIds })).joined;

/** The pending slates of the answer, by offset, each with its loaded slots and the actions that have paid them. */
async function pendingIn(store: JoinStore, request: Partial<JoinRequest>): Promise<Record<number, string[]>> {
  const { users } = await read(store, request);
  const pending = [...users.values()].flatMap((user) => user.pending);
  return Object.fromEntries(
    pending.map(({ offset, open }) => [
      offset,
      open.map(({ slot, itemId, acts }) => `${slot} ${itemId} ${Object.keys(acts).join() || 'nothing'}`),
    ]),
  );
}

/** The contract of every store of the join. Each test uses a store of its own. */
export function testJoinStore(createStore: () => Promise<RebuildableJoinStore>): void {
  test('a partition without commits has its initial state', async () => {
    const store = await createStore();
    assert.deepEqual(await store.readHead(3), EMPTY_HEAD);
    const found = { users: new Map(), shown: new Map(), joined: new Set(), mayHoldMore: false };
    const everything = { ...NOTHING_REQUESTED, payUntil: 1e15, closesBefore: 1e15 };
    assert.deepEqual(await store.read(3, everything), { ...found, paysUntil: 1e15 });
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
    const slates = [waiting(3, 100), waiting(4, 101, { ...shownSlate(4, 'bob'), slots: [] })];
    const rewards = [queued(1), queued(2)];
    assert.deepEqual(await store.commit(3, change(1, { head, slates, rewards })), { head, rewards });
    assert.deepEqual(await store.readHead(3), head);
    const found = await store.read(3, { ...NOTHING_REQUESTED, closesBefore: 102 });
    const userOf = ({ slate }: (typeof slates)[number]) =>
      [slate.userId, { pending: [slate], recent: [] }] as const;
    assert.deepEqual(found.users, new Map(slates.map(userOf)));
    assert.deepEqual(found.shown, new Map(slates.map(({ slate, shown }) => [slate.offset, shown])));
    assert.deepEqual(await store.readOutbox(3, 10), rewards);
    assert.deepEqual(await store.readHead(4), EMPTY_HEAD);
  });

  test('features of slots are read back to the last bit, whatever their number', async () => {
    const store = await createStore();
    const [first, second] = shownSlate(1).slots;
    const slots = [
      { ...first!, features: [1 / 3, -0, 5e-324] },
      { ...second!, features: [] },
    ];
    const { trace: _, ...shown } = { ...shownSlate(1, 'ünï\u0000', ['茶', 'tea']), slots };
    await store.commit(0, change(1, { slates: [waiting(1, 100, shown)] }));
    assert.deepEqual((await read(store, { closesBefore: 101 })).shown.get(1), shown);
  });

  test('a commit on another version than was read does nothing', async () => {
    const store = await createStore();
    const first = change(1, { slates: [waiting(1, 100)], rewards: [queued(1)] });
    assert.notEqual(await store.commit(0, first), undefined);
    const late = change(1, { slates: [waiting(2, 100)], rewards: [queued(9)] });
    assert.equal(await store.commit(0, late), undefined);
    assert.equal(await store.commit(0, change(3)), undefined);
    assert.deepEqual(await pendingIn(store, { closesBefore: 1_000 }), {
      1: ['0 milk nothing', '1 tea nothing'],
    });
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
    assert.equal(
      await store.commit(0, change(1, { head: { ...next, incarnation: 'of a copy' } })),
      undefined,
    );
    assert.equal((await store.commit(0, change(1, { head: next }))) !== undefined, true);
    assert.deepEqual(await store.readHead(0), next);
    await store.writeTopicHead('slates', 0, { ...named, incarnation: 'j' });
    assert.deepEqual(await store.readTopicHead('slates', 0), { offset: 5, topicId: 't', incarnation: 'j' });
    assert.deepEqual(await store.readTopicHead('actions', 0), {
      offset: 6,
      topicId: undefined,
      incarnation: 'j',
    });
    assert.equal(await store.commit(0, change(2, { head: { ...next, version: 2 } })), undefined);
    for (const replaces of ['of a copy', null])
      await assert.rejects(store.writeTopicHead('slates', 0, { ...named, offset: -1, replaces }), StateLost);
    assert.equal((await store.readHead(0)).slatesOffset, 5);
    await store.writeTopicHead('slates', 0, { ...named, incarnation: 'k', replaces: 'j' });
    await store.writeTopicHead('actions', 0, { ...named, incarnation: 'k', replaces: 'j' });
    await store.clear(0, 1);
    assert.equal(await store.readTopicHead('slates', 0), undefined);
  });

  test('an action finds the slots of its user that show its item, whether it arrives or is due to pay', async () => {
    const store = await createStore();
    const slates = [
      waiting(1, 100),
      waiting(2, 100),
      waiting(3, 100, shownSlate(3, 'an')),
      waiting(70_000, 99),
    ];
    await store.commit(0, change(1, { slates }));
    const [{ slate }] = slates as [JoinChange['slates'][number]];
    const slot = { ...slate.open[1]!, acts: CLICK };
    await store.commit(0, change(2, { acts: [{ slate, slot }] }));
    const acted = (itemId: string, userId = 'ann') => pendingIn(store, { acted: [{ userId, itemId }] });
    const ofAnn = { 1: ['1 tea click'], 2: ['1 tea nothing'], 70000: ['1 tea nothing'] };
    assert.deepEqual(await acted('tea'), ofAnn);
    assert.deepEqual(await acted('tea', 'an'), { 3: ['1 tea nothing'] });
    for (const itemId of ['te', 'tea ', 'mil']) assert.deepEqual(await acted(itemId), {});
    const asked = { acted: [{ userId: 'an', itemId: 'tea' }] };
    const [partial] = (await read(store, asked)).users.get('an')!.pending as [PendingSlate];
    const open = [{ slot: 1, itemId: 'tea', acts: {} }];
    const ids = { offset: 3, slateId: 's3', userId: 'an' };
    assert.deepEqual(partial, { ...ids, servedAt: 5, closesAt: 100, isWhole: false, open });
    const action = { userId: 'ann', action: remembered(9, 60) };
    await store.commit(0, change(3, { actions: [action, { ...action, action: remembered(10, 60) }] }));
    assert.deepEqual(await pendingIn(store, { payUntil: 60 }), ofAnn);
    assert.deepEqual(await pendingIn(store, { payUntil: 59 }), {});
  });

  test('an item that a slate shows twice is found in both slots, the first on top', async () => {
    const store = await createStore();
    const slates = [waiting(1, 100, shownSlate(1, 'ann', ['tea', 'milk', 'tea']))];
    await store.commit(0, change(1, { slates }));
    const found = await pendingIn(store, { acted: [{ userId: 'ann', itemId: 'tea' }] });
    assert.deepEqual(found, { 1: ['0 tea nothing', '2 tea nothing'] });
  });

  test('slates are due when they close before the time, the first to close first, with all their slots', async () => {
    const store = await createStore();
    const slates = [waiting(1, 100), waiting(2, 99), waiting(3, 101)];
    await store.commit(0, change(1, { slates }));
    const due = async (closesBefore: number) =>
      [...(await read(store, { closesBefore })).shown.keys()].sort();
    assert.deepEqual(await due(101), [1, 2]);
    assert.deepEqual(await due(99), []);
    const acted = [{ userId: 'ann', itemId: 'tea' }];
    assert.deepEqual(await pendingIn(store, { closesBefore: 100, acted }), {
      1: ['1 tea nothing'],
      2: ['0 milk nothing', '1 tea nothing'],
      3: ['1 tea nothing'],
    });
  });

  test('a closed slate is gone with all that has paid it', async () => {
    const store = await createStore();
    const slates = [waiting(1, 100), waiting(2, 100)];
    await store.commit(0, change(1, { slates }));
    const [{ slate }] = slates as [JoinChange['slates'][number]];
    await store.commit(0, change(2, { acts: [{ slate, slot: { ...slate.open[0]!, acts: CLICK } }] }));
    await store.commit(0, change(3, { closed: [slate] }));
    const acted = [{ userId: 'ann', itemId: 'tea' }];
    assert.deepEqual(await pendingIn(store, { acted, closesBefore: 1_000 }), {
      2: ['0 milk nothing', '1 tea nothing'],
    });
  });

  test('a waiting action is due at its time, with all that it names, until it has paid', async () => {
    const store = await createStore();
    const actions = [
      remembered(8, 60),
      remembered(7, 61, 'milk', { slateId: 's1', slot: 3 }),
      remembered(9, 62, 'milk', { slateId: 's1', slot: null }),
    ];
    const owned = actions.map((action) => ({ userId: 'ann', action }));
    await store.commit(0, change(1, { actions: owned }));
    const due = async (payUntil: number) => (await read(store, { payUntil })).users.get('ann')?.recent;
    assert.equal(await due(59), undefined);
    assert.deepEqual(await due(61), actions.slice(0, 2));
    await store.commit(0, change(2, { paid: owned.slice(0, 1) }));
    assert.deepEqual(await due(70), actions.slice(1));
  });

  test('of too many due actions the first are returned, and the time until which they are all of them', async () => {
    const store = await createStore();
    const owned = Array.from({ length: ACTION_LIMIT + 1 }, (_, i) => ({
      userId: 'ann',
      action: remembered(i, 100 + Math.floor(i / 2)),
    }));
    await store.commit(0, change(1, { actions: owned }));
    const { users, paysUntil } = await read(store, { payUntil: 1e6 });
    assert.equal(users.get('ann')!.recent.length, ACTION_LIMIT);
    assert.equal(paysUntil, 100 + ACTION_LIMIT / 2 - 2);
    assert.equal((await read(store, { payUntil: 120 })).paysUntil, 120);
  });

  test('an erased user leaves nothing but what comes in the same commit', async () => {
    const store = await createStore();
    const slates = [waiting(1, 100), waiting(2, 100, shownSlate(2, 'anna'))];
    const actions = ['ann', 'anna'].map((userId, i) => ({ userId, action: remembered(i, 60) }));
    const { slate, shown } = slates[0]!;
    await store.commit(0, change(1, { slates, actions }));
    await store.commit(0, change(2, { acts: [{ slate, slot: { ...slate.open[0]!, acts: CLICK } }] }));
    const later = { slate: { ...slate, offset: 5 }, shown };
    await store.commit(0, change(3, { erased: ['ann'], slates: [later] }));
    const { users, shown: left } = await read(store, { closesBefore: 1_000, payUntil: 1_000 });
    assert.deepEqual([...left.keys()].sort(), [2, 5]);
    assert.deepEqual([users.get('ann')?.recent.length, users.get('anna')?.recent.length], [0, 1]);
    assert.deepEqual(users.get('ann')?.pending[0]?.open[0]?.acts, {});
  });

  test('the ids of joined slates are remembered until slates that were served later than their time are read', async () => {
    const store = await createStore();
    const at = (version: number, newestServedAt: number) => ({
      head: { ...EMPTY_HEAD, version, newestServedAt },
    });
    const joined = (until: Record<string, number>) => new Map(Object.entries(until));
    await store.commit(0, change(1, { ...at(1, 5), joined: joined({ a: 10, b: 11 }) }));
    assert.deepEqual(await joinedOf(store, 0, ['a', 'b', 'c']), new Set(['a', 'b']));
    assert.deepEqual(await joinedOf(store, 1, ['a']), new Set());
    await store.commit(0, change(2, { ...at(2, 10), joined: joined({ c: 20 }) }));
    assert.deepEqual(await joinedOf(store, 0, ['a', 'b', 'c']), new Set(['a', 'b', 'c']));
    await store.commit(0, change(3, { ...at(3, 11), joined: joined({ d: 21 }) }));
    assert.deepEqual(await joinedOf(store, 0, ['a', 'b', 'c', 'd']), new Set(['b', 'c', 'd']));
    assert.deepEqual(await joinedOf(store, 0, []), new Set());
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
    await joiner.tick(0, { slates: 700, actions: 16_001, askedAt: START + 500 });
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
    for (const { slates, actions, paid, closed, rewards } of commits) {
      assert.ok(
        slates.length <= 500 && actions.length <= 500 && closed.length <= 2_000 && rewards.length <= 2_000,
      );
      assert.ok(paid.length <= ACTION_LIMIT);
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
      now: () => START,
      lastSequence: async () => 0,
    });
    const slates = Array.from({ length: 40_000 }, (_, i) =>
      waiting(i, START + RULES.windowMs, shownSlate(i, 'ann', ['tea'])),
    );
    await store.commit(0, change(1, { slates }));
    const [tombstone] = messagesOf(0, [someAction('ann', 'tea', 'buy', 20)]);
    await joiner.applyActions(0, [{ ...tombstone!, value: null }]);
    const everything = { closesBefore: START * 2, acted: [{ userId: 'ann', itemId: 'tea' }] };
    assert.equal((await read(store, everything)).users.size, 0);
  });
}
