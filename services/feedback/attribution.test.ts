import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Logs,
  logs,
  RULES,
  rewardsByDefinition,
  START,
  someAction,
  someSlate,
} from './attribution.testing.ts';
import {
  eraseUser,
  joinAction,
  joinSlate,
  emptyJoin as newJoin,
  type Settled,
  settle,
} from './attribution.ts';

const emptyJoin = () => newJoin({ streamTime: 0, slatesUntil: 0 });

function describe({ slate: { slateId }, slot, earned }: Settled): string {
  if (earned === null) return `${slateId}/${slot}: 0`;
  return `${slateId}/${slot}: ${earned.reward} by ${earned.actionType} after ${earned.delay}`;
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
  const settled: Settled[] = [];
  const waiting = { slates: [...slates], actions: [...actions] };
  for (let step = 0; waiting.slates.length + waiting.actions.length > 0; step++) {
    const { slateNext, batchEnds } = choices[step % choices.length]!;
    const slate = slateNext || waiting.actions.length === 0 ? waiting.slates.shift() : undefined;
    if (slate !== undefined) joinSlate(join, slate, step, rules);
    else joinAction(join, waiting.actions.shift()!, step, rules);
    if (batchEnds) settled.push(...settle(join, rules, { maxSlots: limit }).settled);
  }
  for (let isFinished = false; !isFinished; ) {
    const settlement = settle(join, rules, {
      overdueAt: Number.MAX_SAFE_INTEGER,
      maxSlots: limit,
    });
    assert.ok(settlement.settled.length <= limit);
    settled.push(...settlement.settled);
    isFinished = settlement.unfinished.length === 0;
  }
  return { join, settled };
}

const choices = fc.array(fc.record({ slateNext: fc.boolean(), batchEnds: fc.boolean() }), {
  minLength: 1,
  maxLength: 60,
});

const tolerances = fc.record({ clockToleranceMs: fc.nat(60), receiptToleranceMs: fc.nat(10) });

test('the rewards are those of the definition, however the two logs interleave and wherever batches end', () => {
  fc.assert(
    fc.property(logs, choices, tolerances, (both, order, tolerated) => {
      const rules = { ...RULES, ...tolerated };
      const { settled } = run(both, order, { rules });
      assert.deepEqual(settled.map(describe).sort(), rewardsByDefinition(both, rules));
    }),
    { numRuns: 500 },
  );
});

test('the rewards are the same when a batch may settle only a few slots', () => {
  fc.assert(
    fc.property(logs, choices, fc.integer({ min: 1, max: 4 }), (both, order, limit) => {
      const { settled } = run(both, order, { limit });
      assert.deepEqual(settled.map(describe).sort(), rewardsByDefinition(both, RULES));
    }),
    { numRuns: 300 },
  );
});

test('no state remains once everything has closed and all slates are read', () => {
  fc.assert(
    fc.property(logs, choices, (both, order) => {
      const { join } = run(both, order);
      join.times.slatesUntil = START + 1_000;
      settle(join, RULES);
      for (const user of join.users.values()) assert.deepEqual(user, { pending: [], recent: [] });
    }),
  );
});

test('the best reaction counts, and a negative one only if there is no positive one', () => {
  const slate = someSlate('s', 'ann', 0, ['apple', 'bread', 'cheese']);
  const actions = [
    someAction('ann', 'apple', 'hide', 5),
    someAction('ann', 'apple', 'click', 7),
    someAction('ann', 'apple', 'save', 9),
    someAction('ann', 'bread', 'hide', 11),
    someAction('bob', 'cheese', 'buy', 13),
  ];
  const { settled } = run({ slates: [slate], actions }, [{ slateNext: true, batchEnds: true }]);
  assert.deepEqual(settled.map(describe), [
    's/0: 0.5 by save after 9',
    's/1: -0.5 by hide after 11',
    's/2: 0',
  ]);
});

test('a slot that has earned the largest reward is settled before its window ends, the others are not', () => {
  const join = emptyJoin();
  const settled = () => {
    const { settled, closed, unfinished } = settle(join, RULES);
    assert.deepEqual(unfinished, []);
    return [settled.map(describe), closed.map(({ slateId }) => slateId)];
  };
  joinSlate(join, someSlate('s', 'ann', 0, ['apple', 'bread']), 0, RULES);
  joinAction(join, someAction('ann', 'bread', 'buy', 5), 0, RULES);
  assert.deepEqual(settled(), [['s/1: 1 by buy after 5'], []]);
  assert.deepEqual(settled(), [[], []]);
  joinAction(join, someAction('bob', 'bread', 'view', 101), 1, RULES);
  assert.deepEqual(settled(), [['s/0: 0'], ['s']]);
});

test('the window excludes its start and includes its end', () => {
  for (const [occurredAt, expected] of [
    [0, 's/0: 0'],
    [1, 's/0: 0.2 by click after 1'],
    [100, 's/0: 0.2 by click after 100'],
    [101, 's/0: 0'],
  ] as const) {
    const actions = [someAction('ann', 'apple', 'click', occurredAt)];
    const { settled } = run({ slates: [someSlate('s', 'ann', 0, ['apple'])], actions }, [
      { slateNext: true, batchEnds: false },
    ]);
    assert.deepEqual(settled.map(describe), [expected]);
  }
});

test('an action counts for a slate that it answers although the clock of the app is behind, and for no later slate', () => {
  const rules = { ...RULES, windowMs: 1_800_000, slateDelayMs: 120_000, clockToleranceMs: 120_000 };
  const servedAt = 400_750;
  for (const [what, occurredAt, receivedAt, expected] of [
    ['the app cuts off the fraction of a second', 400_000, 400_900, 's/0: 1 by buy after 0'],
    ['a clock 2 s behind', servedAt + 1_000 - 2_000, servedAt + 1_000, 's/0: 1 by buy after 0'],
    ['a clock 90 s behind', servedAt + 5_000 - 90_000, servedAt + 5_000, 's/0: 1 by buy after 0'],
    ['as far behind as is allowed', servedAt - 120_000, servedAt + 1, 's/0: 1 by buy after 0'],
    ['further behind', servedAt - 120_001, servedAt + 1, 's/0: 0'],
    ['a right clock, just before the slate', servedAt - 1, servedAt - 1, 's/0: 0'],
    ['a right clock, and received with the slate', servedAt - 1, servedAt, 's/0: 0'],
    ['a clock ahead, and received before the slate', servedAt + 60_000, servedAt - 1, 's/0: 0'],
    ['a clock ahead', servedAt + 60_000, servedAt + 1, 's/0: 1 by buy after 60000'],
    ['an action of yesterday that was loaded today', servedAt - 86_400_000, servedAt + 1, 's/0: 0'],
  ] as const) {
    const both = {
      slates: [someSlate('s', 'ann', servedAt, ['tea'])],
      actions: [someAction('ann', 'tea', 'buy', occurredAt, receivedAt)],
    };
    for (const slateNext of [true, false]) {
      const { settled } = run(both, [{ slateNext, batchEnds: true }], { rules });
      assert.deepEqual(settled.map(describe), [expected], `${what}, ${slateNext ? 'slate' : 'action'} first`);
      assert.deepEqual(rewardsByDefinition(both, rules), [expected], what);
    }
  }
});

test('the clock of a gateway that is behind that of rerank is tolerated as far as the setting says', () => {
  const rules = { ...RULES, receiptToleranceMs: 50 };
  for (const [receivedAt, expected] of [
    [51, 's/0: 1 by buy after 0'],
    [50, 's/0: 0'],
  ] as const) {
    const both = {
      slates: [someSlate('s', 'ann', 100, ['tea'])],
      actions: [someAction('ann', 'tea', 'buy', 90, receivedAt)],
    };
    const { settled } = run(both, [{ slateNext: false, batchEnds: true }], { rules });
    assert.deepEqual(settled.map(describe), [expected]);
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
  eraseUser(join, 'ann');
  const settlement = settle(join, RULES, { overdueAt: Number.MAX_SAFE_INTEGER });
  assert.deepEqual(settlement, { settled: [], closed: [], unfinished: [] });
  assert.equal(join.users.get('ann'), undefined);
  assert.deepEqual(join.changes, {
    slates: new Set(),
    earned: new Map(),
    actions: new Map(),
    erased: new Set(['ann']),
  });
  joinSlate(join, someSlate('t', 'ann', 6, ['apple']), 1, RULES);
  const later = settle(join, RULES, { overdueAt: Number.MAX_SAFE_INTEGER });
  assert.deepEqual(later.settled.map(describe), ['t/0: 0'], 'later slates earn as ever');
});

test('a slate of which only some slots are loaded settles those and does not close', () => {
  const join = emptyJoin();
  joinSlate(join, someSlate('s', 'ann', 0, ['apple']), 0, RULES);
  const user = join.users.get('ann')!;
  user.pending = user.pending.map((slate) => ({ ...slate, isWhole: false }));
  joinAction(join, someAction('ann', 'apple', 'buy', 5), 0, RULES);
  const { settled, closed } = settle(join, RULES);
  assert.deepEqual([settled.map(describe), closed], [['s/0: 1 by buy after 5'], []]);
});
