import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Slate, UserAction } from '#contracts/generated/records.ts';
import {
  type Logs,
  logs,
  RULES,
  rewardLine,
  rewardsByDefinition,
  START,
  someAction,
  someImpression,
  someSlate,
} from './attribution.testing.ts';
import {
  type AttributionRules,
  eraseUser,
  type Join,
  joinAction,
  joinSlate,
  emptyJoin as newJoin,
  pay,
  type SettledSlate,
  type SettleOptions,
  settle,
} from './attribution.ts';

const emptyJoin = () => newJoin({ streamTime: 0, slatesUntil: 0 });

function linesOf({ slate: { slateId }, slots }: SettledSlate): string[] {
  return slots.map(({ earned, ...slot }) =>
    rewardLine({ slateId, actionType: earned?.actionType ?? null, delay: earned?.delay ?? null, ...slot }),
  );
}

function settleNow(join: Join, rules: AttributionRules, options?: SettleOptions) {
  pay(join);
  return settle(join, rules, options);
}

/**
 * Reads the logs in the order of the choices: each choice decides whether a slate or an action comes next, and
 * whether the batch ends here. At the end everything closes. One batch settles at most `limit` slots.
 */
function run(
  { slates, actions }: Logs,
  choices: ReadonlyArray<{ slateNext: boolean; batchEnds: boolean }>,
  { rules = RULES, limit = Infinity } = {},
) {
  const join = emptyJoin();
  const settled: SettledSlate[] = [];
  const waiting = { slates: [...slates], actions: [...actions] };
  for (let step = 0; waiting.slates.length + waiting.actions.length > 0; step++) {
    const { slateNext, batchEnds } = choices[step % choices.length]!;
    const slate = slateNext || waiting.actions.length === 0 ? waiting.slates.shift() : undefined;
    if (slate !== undefined) joinSlate(join, slate, step, rules);
    else joinAction(join, waiting.actions.shift()!, step, rules);
    if (batchEnds) settled.push(...settleNow(join, rules, { maxSlots: limit }).settled);
  }
  join.times.slatesUntil = Number.MAX_SAFE_INTEGER;
  for (let isFinished = false; !isFinished; ) {
    const settlement = settleNow(join, rules, { overdueAt: Number.MAX_SAFE_INTEGER, maxSlots: limit });
    const slots = settlement.settled.map(({ slots: { length } }) => length);
    assert.ok(slots.length <= 1 || slots.reduce((sum, length) => sum + length) <= limit);
    settled.push(...settlement.settled);
    isFinished = !settlement.isUnfinished;
  }
  return { join, lines: settled.flatMap(linesOf) };
}

/** The rewards in their order in the slates, whichever topic is read first. */
function rewardsOf(both: Logs, rules = RULES): string[] {
  const [slatesFirst, actionsFirst] = [true, false].map((slateNext) =>
    run(both, [{ slateNext, batchEnds: true }], { rules }).lines.sort(),
  );
  assert.deepEqual(slatesFirst, actionsFirst);
  assert.deepEqual(slatesFirst, rewardsByDefinition(both, rules));
  return slatesFirst!;
}

const choices = fc.array(fc.record({ slateNext: fc.boolean(), batchEnds: fc.boolean() }), {
  minLength: 1,
  maxLength: 60,
});

const tolerances = fc.record({
  clockToleranceMs: fc.nat(60),
  receiptToleranceMs: fc.nat(10),
  teachesSilence: fc.boolean(),
});

test('the rewards are those of the definition, however the two logs interleave and wherever batches end', () => {
  fc.assert(
    fc.property(logs, choices, tolerances, (both, order, tolerated) => {
      const rules = { ...RULES, ...tolerated };
      const { lines } = run(both, order, { rules });
      assert.deepEqual(lines.sort(), rewardsByDefinition(both, rules));
    }),
    { numRuns: 500 },
  );
});

test('the rewards are the same when a batch may settle only a few slots', () => {
  fc.assert(
    fc.property(logs, choices, fc.integer({ min: 1, max: 4 }), (both, order, limit) => {
      const { lines } = run(both, order, { limit });
      assert.deepEqual(lines.sort(), rewardsByDefinition(both, RULES));
    }),
    { numRuns: 300 },
  );
});

test('no state remains once everything has closed and all slates are read', () => {
  fc.assert(
    fc.property(logs, choices, (both, order) => {
      const { join } = run(both, order);
      for (const user of join.users.values()) assert.deepEqual(user, { pending: [], recent: [] });
    }),
  );
});

const APPLE = 's/0: 0.2 by click after';

test('the best reaction counts, a negative one only if there is no positive one, and a repeated one once', () => {
  const slate = someSlate('s', 'ann', 0, ['apple', 'bread', 'cheese']);
  const actions = [
    someAction('ann', 'apple', 'hide', 5),
    someAction('ann', 'apple', 'click', 7),
    someAction('ann', 'apple', 'save', 9),
    someAction('ann', 'apple', 'save', 9),
    someAction('ann', 'bread', 'hide', 11),
    someAction('bob', 'cheese', 'buy', 13),
  ];
  assert.deepEqual(rewardsOf({ slates: [slate], actions }), [
    's/0: 0.5 by save after 9, seen',
    's/1: -0.5 by hide after 11, seen',
    's/2: 0, assumed',
  ]);
});

test('an action pays one slate: the one that it names, else the latest of its user with the item', () => {
  const slates = [
    someSlate('old', 'ann', 0, ['apple', 'bread']),
    someSlate('new', 'ann', 10, ['bread', 'apple']),
    someSlate('other', 'ann', 20, ['cheese']),
    someSlate('of-bob', 'bob', 25, ['apple']),
  ];
  const paying = (slateId: string | null, slot: number | null = null) =>
    rewardsOf({ slates, actions: [someAction('ann', 'apple', 'click', 30, 30, { slateId, slot })] })
      .filter((line) => line.includes('click'))
      .map((line) => line.replace(/: .*/, ''));
  assert.deepEqual(paying(null), ['new/1']);
  assert.deepEqual(paying('old'), ['old/0']);
  assert.deepEqual(paying('old', 1), ['old/0'], 'the slot does not show the item');
  assert.deepEqual(paying('other'), ['new/1'], 'the slate does not show the item');
  assert.deepEqual(paying('of-bob'), ['new/1'], 'the slate is of another user');
  assert.deepEqual(paying('never served'), ['new/1']);
});

test('an item that a slate shows twice is paid in the slot that the action names, else in the first', () => {
  const slates = [someSlate('s', 'ann', 0, ['apple', 'bread', 'apple'])];
  for (const [slateId, slot, expected] of [
    ['s', 2, 2],
    ['s', null, 0],
    ['s', 7, 0],
    [null, null, 0],
  ] as const) {
    const actions = [someAction('ann', 'apple', 'click', 5, 5, { slateId, slot })];
    const found = rewardsOf({ slates, actions }).findIndex((line) => line.includes('click'));
    assert.equal(found, expected);
  }
});

test('all slots of a slate are settled together, when stream time and the slates read have passed its window', () => {
  const join = emptyJoin();
  const settled = () => settleNow(join, RULES).settled.flatMap(linesOf);
  joinSlate(join, someSlate('s', 'ann', 0, ['apple', 'bread']), 0, RULES);
  joinAction(join, someAction('ann', 'bread', 'buy', 5), 0, RULES);
  joinSlate(join, someSlate('later', 'bob', 149, []), 1, RULES);
  joinAction(join, someAction('bob', 'bread', 'click', 101), 1, RULES);
  assert.deepEqual(settled(), [], 'a slate of the window may be unread');
  joinSlate(join, someSlate('latest', 'bob', 150, []), 2, RULES);
  assert.deepEqual(settled(), ['s/0: 0, assumed', 's/1: 1 by buy after 5, seen']);
});

test('where an app reports impressions of a slate, what was not seen is named so', () => {
  const slate = someSlate('s', 'ann', 0, ['apple', 'bread', 'cheese', 'dates']);
  const seen = [0, 1].map((slot) => someImpression(slate, slot, 5));
  const bought = someAction('ann', 'dates', 'buy', 9);
  assert.deepEqual(rewardsOf({ slates: [slate], actions: [...seen, bought] }), [
    's/0: 0, seen',
    's/1: 0, seen',
    's/2: 0, unseen',
    's/3: 1 by buy after 9, seen',
  ]);
  assert.deepEqual(rewardsOf({ slates: [slate], actions: [bought] }), [
    's/0: 0, assumed',
    's/1: 0, assumed',
    's/2: 0, assumed',
    's/3: 1 by buy after 9, seen',
  ]);
});

test('nothing is known of a slate without a reaction and without impressions, unless silence teaches', () => {
  const slates = [someSlate('s', 'ann', 0, ['apple'])];
  assert.deepEqual(rewardsOf({ slates, actions: [] }), ['s/0: 0, unknown']);
  assert.deepEqual(rewardsOf({ slates, actions: [] }, { ...RULES, teachesSilence: true }), [
    's/0: 0, assumed',
  ]);
});

test('the window excludes its start and includes its end', () => {
  for (const [occurredAt, expected] of [
    [0, 's/0: 0, unknown'],
    [1, `${APPLE} 1, seen`],
    [100, `${APPLE} 100, seen`],
    [101, 's/0: 0, unknown'],
  ] as const) {
    const actions = [someAction('ann', 'apple', 'click', occurredAt)];
    assert.deepEqual(rewardsOf({ slates: [someSlate('s', 'ann', 0, ['apple'])], actions }), [expected]);
  }
});

test('an action counts for a slate that it answers although the clock of the app is behind, and for no later slate', () => {
  const rules = { ...RULES, windowMs: 1_800_000, slateDelayMs: 120_000, clockToleranceMs: 120_000 };
  const servedAt = 400_750;
  const bought = 's/0: 1 by buy after 0, seen';
  for (const [what, occurredAt, receivedAt, unnamed, named] of [
    ['the app cuts off the fraction of a second', 400_000, 400_900, bought, bought],
    ['a clock 2 s behind', servedAt + 1_000 - 2_000, servedAt + 1_000, bought, bought],
    ['a clock 90 s behind', servedAt + 5_000 - 90_000, servedAt + 5_000, bought, bought],
    ['as far behind as is allowed', servedAt - 120_000, servedAt + 1, bought, bought],
    ['further behind', servedAt - 120_001, servedAt + 1, 's/0: 0, unknown', 's/0: 0, unknown'],
    ['a right clock, just before the slate', servedAt - 1, servedAt - 1, 's/0: 0, unknown', bought],
    ['a right clock, and received with the slate', servedAt - 1, servedAt, 's/0: 0, unknown', bought],
    ['a gateway further behind', servedAt + 60_000, servedAt - 120_001, 's/0: 0, unknown', 's/0: 0, unknown'],
    ['a clock ahead', servedAt + 60_000, servedAt + 1, ...Array(2).fill('s/0: 1 by buy after 60000, seen')],
    [
      'an action of yesterday that was loaded today',
      servedAt - 86_400_000,
      servedAt + 1,
      's/0: 0, unknown',
      's/0: 0, unknown',
    ],
  ] as const) {
    const slates = [someSlate('s', 'ann', servedAt, ['tea'])];
    for (const [slateId, expected] of [
      [null, unnamed],
      ['s', named],
    ] as const) {
      const actions: UserAction[] = [someAction('ann', 'tea', 'buy', occurredAt, receivedAt, { slateId })];
      assert.deepEqual(rewardsOf({ slates, actions }, rules), [expected], `${what}, naming ${slateId}`);
    }
  }
});

test('the clock of a gateway that is behind that of rerank is tolerated as far as the setting says', () => {
  const rules = { ...RULES, receiptToleranceMs: 50 };
  const slates: Slate[] = [someSlate('s', 'ann', 100, ['tea'])];
  for (const [receivedAt, expected] of [
    [51, 's/0: 1 by buy after 0, seen'],
    [50, 's/0: 0, unknown'],
  ] as const) {
    const actions = [someAction('ann', 'tea', 'buy', 90, receivedAt)];
    assert.deepEqual(rewardsOf({ slates, actions }, rules), [expected]);
  }
});

test('a slate that is read later than the assumed delay is reported as late', () => {
  const join = emptyJoin();
  assert.equal(joinSlate(join, someSlate('s1', 'ann', 100, ['apple']), 1, RULES), false);
  assert.equal(joinSlate(join, someSlate('s2', 'ann', 71, ['apple']), 2, RULES), false);
  assert.equal(joinSlate(join, someSlate('s3', 'ann', 70, ['apple']), 3, RULES), true);
});

test('an erased user leaves no state and earns nothing', () => {
  const join = emptyJoin();
  joinSlate(join, someSlate('s', 'ann', 0, ['apple']), 0, RULES);
  joinAction(join, someAction('ann', 'apple', 'click', 5), 0, RULES);
  join.times.slatesUntil = START + 10;
  pay(join);
  joinAction(join, someAction('ann', 'apple', 'click', 50), 0, RULES);
  eraseUser(join, 'ann');
  join.times.slatesUntil = Number.MAX_SAFE_INTEGER;
  const everything = { overdueAt: Number.MAX_SAFE_INTEGER };
  assert.deepEqual(settleNow(join, RULES, everything), { settled: [], isUnfinished: false });
  assert.equal(join.users.get('ann'), undefined);
  assert.deepEqual(join.changes, { ...emptyJoin().changes, erased: new Set(['ann']) });
  joinSlate(join, someSlate('t', 'ann', 6, ['apple']), 1, RULES);
  assert.deepEqual(
    settleNow(join, RULES, everything).settled.flatMap(linesOf),
    ['t/0: 0, unknown'],
    'later slates earn as ever',
  );
});

test('a slate of which only some slots are loaded is paid and not settled', () => {
  const join = emptyJoin();
  joinSlate(join, someSlate('s', 'ann', 0, ['apple']), 0, RULES);
  const user = join.users.get('ann')!;
  user.pending = user.pending.map((slate) => ({ ...slate, isWhole: false }));
  joinAction(join, someAction('ann', 'apple', 'buy', 5), 0, RULES);
  join.times.slatesUntil = Number.MAX_SAFE_INTEGER;
  assert.deepEqual(settleNow(join, RULES, { overdueAt: Number.MAX_SAFE_INTEGER }).settled, []);
  assert.deepEqual(user.pending[0]!.open[0]!.acts, { buy: 5 });
});

test('each action that is paid out has an outcome: the slate that it names, another one, or none', () => {
  const join = emptyJoin();
  joinSlate(join, someSlate('s1', 'ann', 0, ['tea', 'soap']), 0, RULES);
  joinSlate(join, someSlate('s2', 'ann', 10, ['tea']), 1, RULES);
  const act = (itemId: string, slateId: string | null, userId = 'ann') =>
    joinAction(join, someAction(userId, itemId, 'click', 20, 20, { slateId }), 2, RULES);
  act('tea', 's1');
  act('tea', 'gone');
  act('soap', 's2');
  act('tea', null);
  act('rye', 's1');
  act('tea', 's1', 'bob');
  act('rye', null);
  join.times.slatesUntil = START + 1_000;
  assert.deepEqual(Object.fromEntries(pay(join)), {
    named: 1,
    'other-slate': 2,
    latest: 1,
    'named-no-slate': 2,
    'no-slate': 1,
  });
  assert.equal(pay(join).size, 0, 'an action pays once');
});
