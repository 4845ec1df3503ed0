import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Reward } from '#contracts/generated/records.ts';
import { StateContended, StateLost } from '#platform/kafka/held-state.ts';
import type { IncomingMessage } from '#platform/kafka/messages.ts';
import {
  logsWithCopies,
  RULES,
  rewardLine,
  rewardsByDefinition,
  START,
  someAction,
  someSlate,
} from './attribution.testing.ts';
import { messagesOf as messagesAt } from './joiner.testing.ts';
import { createJoiner, type Joiner, type StepBounds } from './joiner.ts';
import { createMemoryJoinStore } from './memory-store.testing.ts';
import { objectives } from './objectives.ts';
import { type JoinStore, NOTHING_REQUESTED, type QueuedReward } from './store.ts';

const PARTITION = 2;
const IDLE_MS = 1_000;
/** The counts of slates that were not joined, of all joiners. */
const repeated: number[] = [];

function messagesOf<V extends { userId: string }>(values: readonly V[]): Array<IncomingMessage<V>> {
  return messagesAt(PARTITION, values);
}

function joinerOn(
  store: JoinStore,
  produce: (queued: readonly QueuedReward[]) => Promise<unknown>,
  bounds?: StepBounds,
): Joiner {
  return createJoiner({
    store,
    rules: RULES,
    idleMs: IDLE_MS,
    produce,
    countLate: () => {},
    countRepeated: (slates) => void repeated.push(slates),
    now: () => START,
    lastSequence: async () => 0,
    ...(bounds === undefined ? {} : { bounds }),
  });
}

function appendTo(log: Reward[]): (queued: readonly QueuedReward[]) => Promise<void> {
  return async (queued) => void log.push(...queued.map(({ reward }) => reward));
}

/** Closes all remaining slates, as the clock does long after everything was read. */
function closeAll(joiner: Joiner): Promise<void> {
  return joiner.tick(PARTITION, { slates: 0, actions: 0, askedAt: START + 1_000_000 });
}

/** State of a reader that drops each reward whose sequence number does not exceed the last one it used. */
function withoutRepeats(log: readonly Reward[]): Reward[] {
  let last = 0;
  return log.filter(({ sequence }) => {
    if (sequence <= last) return false;
    assert.equal(sequence, last + 1, 'the sequence has a gap');
    last = sequence;
    return true;
  });
}

class Crash extends Error {}

/** Fails a call before or after its work, if `crashes` says so. */
function failing<A extends unknown[], R>(work: (...parameters: A) => Promise<R>, crashes: () => boolean) {
  return async (...parameters: A): Promise<R> => {
    if (crashes()) throw new Crash('before');
    const result = await work(...parameters);
    if (crashes()) throw new Crash('after');
    return result;
  };
}

test('crashes at any moment, redelivery and any interleaving lose no reward and count none twice', async () => {
  const plans = fc.array(
    fc.record({
      ofSlates: fc.boolean(),
      size: fc.integer({ min: 1, max: 8 }),
      back: fc.nat(5),
      crash: fc.nat(12),
    }),
    { minLength: 5, maxLength: 40 },
  );
  const atMost = fc.integer({ min: 1, max: 5 });
  const stepBounds = fc.option(fc.record({ messages: atMost, rewards: atMost }), {
    nil: undefined,
  });
  await fc.assert(
    fc.asyncProperty(logsWithCopies, plans, stepBounds, async (both, plan, bounds) => {
      const log: Reward[] = [];
      const inner = createMemoryJoinStore();
      let untilCrash = 0;
      const crashes = (): boolean => --untilCrash === 0;
      const store: JoinStore = {
        ...inner,
        commit: failing(inner.commit, crashes),
        trimOutbox: failing(inner.trimOutbox, crashes),
      };
      const produce = failing(appendTo(log), crashes);
      const slates = messagesOf(both.slates);
      const actions = messagesOf(both.actions);
      const read = { slates: 0, actions: 0 };
      let joiner = joinerOn(store, produce, bounds);
      for (const { ofSlates, size, back, crash } of plan) {
        untilCrash = crash;
        const kind = ofSlates ? 'slates' : 'actions';
        const from = Math.max(0, read[kind] - back);
        try {
          if (ofSlates) await joiner.applySlates(PARTITION, slates.slice(from, from + size));
          else await joiner.applyActions(PARTITION, actions.slice(from, from + size));
          read[kind] = Math.max(read[kind], Math.min(from + size, both[kind].length));
        } catch (error) {
          assert.ok(error instanceof Crash);
          joiner = joinerOn(store, produce, bounds);
        }
      }
      untilCrash = 0;
      await joiner.applySlates(PARTITION, slates);
      await joiner.applyActions(PARTITION, actions);
      await closeAll(joiner);
      assert.deepEqual(withoutRepeats(log).map(rewardLine).sort(), rewardsByDefinition(both, RULES));
    }),
    { numRuns: 300 },
  );
});

test('two processes that both believe to own a partition count nothing twice', async () => {
  await fc.assert(
    fc.asyncProperty(logsWithCopies, fc.scheduler(), async (both, scheduler) => {
      const log: Reward[] = [];
      const inner = createMemoryJoinStore();
      const store: JoinStore = {
        readHead: scheduler.scheduleFunction(inner.readHead),
        read: scheduler.scheduleFunction(inner.read),
        commit: scheduler.scheduleFunction(inner.commit),
        readOutbox: scheduler.scheduleFunction(inner.readOutbox),
        trimOutbox: inner.trimOutbox,
      };
      const owners = [joinerOn(store, appendTo(log)), joinerOn(store, appendTo(log))];
      const work = owners.map(async (joiner) => {
        await joiner.applySlates(PARTITION, messagesOf(both.slates));
        await joiner.applyActions(PARTITION, messagesOf(both.actions));
      });
      await scheduler.waitFor(Promise.all(work));
      const last = joinerOn(inner, appendTo(log));
      await closeAll(last);
      assert.deepEqual(withoutRepeats(log).map(rewardLine).sort(), rewardsByDefinition(both, RULES));
    }),
    { numRuns: 100 },
  );
});

test('a process whose every commit another one precedes gives its batch back, and nothing is lost', async () => {
  const log: Reward[] = [];
  const inner = createMemoryJoinStore();
  const slates = messagesOf([someSlate('s', 'ann', 0, ['apple', 'bread'])]);
  const actions = messagesOf(Array.from({ length: 30 }, (_, at) => someAction('ann', 'bread', 'click', at)));
  const winner = joinerOn(inner, appendTo(log));
  await winner.applySlates(PARTITION, slates);
  let ahead = 0;
  const loser = joinerOn(
    {
      ...inner,
      async commit(partition, change) {
        if (ahead < 20) await winner.applyActions(PARTITION, [actions[ahead++]!]);
        return inner.commit(partition, change);
      },
    },
    appendTo(log),
  );
  const apply = () => loser.applyActions(PARTITION, actions);
  await assert.rejects(apply, (error) => error instanceof StateContended && error instanceof StateLost);
  assert.ok(ahead < 20, 'it gives up while the other one goes on');
  await loser.tick(PARTITION, { slates: 1, actions: 30, askedAt: START + IDLE_MS });
  await apply();
  await closeAll(loser);
  const both = { slates: slates.map(({ value }) => value!), actions: actions.map(({ value }) => value!) };
  assert.deepEqual(log.map(rewardLine).sort(), rewardsByDefinition(both, RULES));
});

test('a reward carries the features, the context and the learner of its slate, and the trace of the request', async () => {
  const queued: QueuedReward[] = [];
  const joiner = joinerOn(createMemoryJoinStore(), async (some) => void queued.push(...some));
  const slate = someSlate('s', 'ann', 0, ['apple', 'bread']);
  const context = { contextNames: ['surface.home', 'history'], context: [1, 0.25] };
  await joiner.applySlates(PARTITION, messagesOf([{ ...slate, ...context, learner: 'autumn/new' }]));
  await joiner.applyActions(PARTITION, messagesOf([someAction('ann', 'bread', 'buy', 40)]));
  await closeAll(joiner);
  const both = {
    slateId: 's',
    userId: 'ann',
    featureNames: ['bias', 'trending.score', 'surface.home', 'history'],
    propensity: 0.5,
    servedAt: START,
    outcomes: {},
    slots: 2,
    learner: 'autumn/new',
  };
  const silent = { reward: 0, actionType: null, delay: null, exposure: 'assumed' as const };
  const bought = { reward: 1, actionType: 'buy', delay: 40, exposure: 'seen' as const };
  const features = [1, 0, 1, 0.25];
  const apple = { rewardId: 's/0', sequence: 1, itemId: 'apple', slot: 0, features, ...silent };
  const bread = { rewardId: 's/1', sequence: 2, itemId: 'bread', slot: 1, ...bought };
  assert.deepEqual(queued, [
    { reward: { ...both, ...apple }, trace: 'trace of 0' },
    { reward: { ...both, ...bread, features: [1, 1 / 3, 1, 0.25] }, trace: 'trace of 0' },
  ]);
});

test('several objectives add up by their factors, and a reward names the outcome of each', async () => {
  const log: Reward[] = [];
  const joiner = createJoiner({
    store: createMemoryJoinStore(),
    rules: {
      ...RULES,
      objectives: [
        ...RULES.objectives,
        objectives('X', { summary: '' }).parse('sale:2:buy=1,return=-1;regret:-0.5:hide=1,return=3')!,
      ].flat(),
    },
    idleMs: IDLE_MS,
    produce: appendTo(log),
    countLate: () => {},
    countRepeated: () => {},
    now: () => START,
    lastSequence: async () => 0,
  });
  await joiner.applySlates(PARTITION, messagesOf([someSlate('s', 'ann', 0, ['apple', 'bread', 'cheese'])]));
  const actions = (['buy', 'return', 'click'] as const).map((type) => someAction('ann', 'apple', type, 5));
  await joiner.applyActions(PARTITION, messagesOf([...actions, someAction('ann', 'bread', 'hide', 9)]));
  await closeAll(joiner);
  assert.deepEqual(
    log.map(({ reward, actionType, outcomes }) => [reward, actionType, outcomes]),
    [
      [1 + 2 * 1 - 0.5 * 3, 'buy', { reward: 1, sale: 1, regret: 3 }],
      [-0.5 - 0.5 * 1, 'hide', { reward: -0.5, regret: 1 }],
      [0, null, {}],
    ],
  );
});

test('the clock closes a slate only when it is overdue and all actions are read', async () => {
  const log: Reward[] = [];
  const joiner = joinerOn(createMemoryJoinStore(), appendTo(log));
  await joiner.applySlates(PARTITION, messagesOf([someSlate('s', 'ann', 0, ['apple'])]));
  const overdueAt = START + RULES.windowMs + IDLE_MS;
  await joiner.tick(PARTITION, { slates: 1, actions: 5, askedAt: overdueAt + 50 });
  await joiner.tick(PARTITION, { slates: 1, actions: 0, askedAt: overdueAt });
  assert.deepEqual(log, []);
  await joiner.tick(PARTITION, { slates: 1, actions: 0, askedAt: overdueAt + 1 });
  assert.deepEqual(log.map(rewardLine), ['s/0: 0, unknown']);
});

test('an undecodable message at the end of the actions keeps no slate waiting', async () => {
  const log: Reward[] = [];
  const joiner = joinerOn(createMemoryJoinStore(), appendTo(log));
  await joiner.applySlates(PARTITION, messagesOf([someSlate('s', 'ann', 0, ['apple'])]));
  const ends = { slates: 1, actions: 6, askedAt: START + RULES.windowMs + IDLE_MS + RULES.clockToleranceMs };
  await joiner.applyActions(PARTITION, [], 4);
  await joiner.tick(PARTITION, ends);
  assert.deepEqual(log, [], 'one more message is unread');
  await joiner.applyActions(PARTITION, [], 5);
  await joiner.tick(PARTITION, ends);
  assert.deepEqual(log.map(rewardLine), ['s/0: 0, unknown']);
});

test('an action pays once every slate is read that it may count for, and is forgotten', async () => {
  const store = createMemoryJoinStore();
  const joiner = joinerOn(store, appendTo([]));
  const waiting = async () => {
    const { users } = await store.read(PARTITION, { ...NOTHING_REQUESTED, payUntil: START * 2 });
    return users.get('ann')?.recent.length ?? 0;
  };
  await joiner.applyActions(PARTITION, messagesOf([someAction('ann', 'bread', 'buy', 40)]));
  await joiner.tick(PARTITION, { slates: 1, actions: 1, askedAt: START + 40 + IDLE_MS });
  assert.equal(await waiting(), 1, 'a slate is still unread');
  await joiner.tick(PARTITION, { slates: 0, actions: 1, askedAt: START + 40 + IDLE_MS });
  assert.equal(await waiting(), 0);
});

test('a tombstone erases the waiting state of its user', async () => {
  const log: Reward[] = [];
  const store = createMemoryJoinStore();
  const joiner = joinerOn(store, appendTo(log));
  await joiner.applySlates(PARTITION, messagesOf([someSlate('s', 'ann', 0, ['apple'])]));
  await joiner.applyActions(PARTITION, [
    { partition: PARTITION, offset: 7, key: 'ann', timestamp: 0, value: null, trace: undefined },
  ]);
  await closeAll(joiner);
  assert.deepEqual(log, []);
  const everything = { ...NOTHING_REQUESTED, payUntil: START * 2, closesBefore: START * 2 };
  assert.deepEqual((await store.read(PARTITION, everything)).users, new Map());
});

test('a partition whose state was deleted continues above the sequence numbers of the log', async () => {
  const log: Reward[] = [];
  const joiner = createJoiner({
    store: createMemoryJoinStore(),
    rules: RULES,
    idleMs: IDLE_MS,
    produce: appendTo(log),
    countLate: () => {},
    countRepeated: () => {},
    now: () => START,
    lastSequence: async () => 40,
  });
  await joiner.applySlates(PARTITION, messagesOf([someSlate('s', 'ann', 0, ['apple', 'bread'])]));
  await closeAll(joiner);
  assert.deepEqual(
    log.map(({ sequence }) => sequence),
    [41, 42],
  );
});

test('a second slate of a user with the id of one that waits changes nothing, whatever it shows', async () => {
  const log: Reward[] = [];
  const joiner = joinerOn(createMemoryJoinStore(), appendTo(log));
  const slates = [someSlate('s', 'ann', 0, ['apple', 'bread']), someSlate('s', 'ann', 1, [])];
  await joiner.applySlates(PARTITION, messagesOf(slates.slice(0, 1)));
  await joiner.applySlates(PARTITION, messagesOf(slates).slice(1));
  await closeAll(joiner);
  assert.deepEqual(
    log.map(({ rewardId, userId, itemId }) => [rewardId, userId, itemId]),
    [
      ['s/0', 'ann', 'apple'],
      ['s/1', 'ann', 'bread'],
    ],
  );
});

test('a slate with the id of another user’s is counted and changes nothing, and the partition continues', async () => {
  const log: Reward[] = [];
  const joiner = joinerOn(createMemoryJoinStore(), appendTo(log));
  repeated.length = 0;
  const slates = [
    someSlate('s', 'ann', 0, ['apple', 'bread']),
    someSlate('s', 'bob', 1, []),
    someSlate('t', 'ann', 2, ['apple']),
  ];
  await joiner.applySlates(PARTITION, messagesOf(slates));
  await closeAll(joiner);
  assert.deepEqual(
    log.map(({ rewardId, sequence }) => [rewardId, sequence]),
    [
      ['s/0', 1],
      ['s/1', 2],
      ['t/0', 3],
    ],
  );
  assert.deepEqual(repeated, [1]);
});

test('a slate that is in the log again after it has closed earns nothing more, also long after it was forgotten', async () => {
  const log: Reward[] = [];
  const store = createMemoryJoinStore();
  const joiner = joinerOn(store, appendTo(log));
  const slate = someSlate('s', 'ann', 0, ['apple']);
  const at = (servedAt: number) => someSlate(`at ${servedAt}`, 'bob', servedAt, []);
  const all = [slate, slate, at(RULES.slateMemoryMs), slate, at(RULES.slateMemoryMs + 1), slate];
  repeated.length = 0;
  for (const [index, message] of messagesOf(all).entries()) {
    await joiner.applySlates(PARTITION, [message], index);
    if (index === 0) await closeAll(joiner);
  }
  await closeAll(joiner);
  assert.deepEqual(
    log.map(({ rewardId }) => rewardId),
    ['s/0'],
  );
  assert.deepEqual(repeated, [1, 1, 1]);
  const { joined } = await store.read(PARTITION, { ...NOTHING_REQUESTED, slateIds: ['s'] });
  assert.deepEqual(joined, new Set(), 'its id is forgotten');
});

test('a slate is in the log twice within a batch, or is read again after a crash, and counts once', async () => {
  const log: Reward[] = [];
  const joiner = joinerOn(createMemoryJoinStore(), appendTo(log));
  const slate = someSlate('s', 'ann', 0, ['apple']);
  const messages = messagesOf([slate, slate]);
  repeated.length = 0;
  await joiner.applySlates(PARTITION, messages);
  await joiner.applySlates(PARTITION, messages);
  await closeAll(joiner);
  assert.deepEqual([log.length, repeated], [1, [1]]);
});
