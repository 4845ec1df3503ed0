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
import { eraseUser, type Join, joinAction, joinSlate, type Settled, settle } from './attribution.ts';

function emptyJoin(): Join {
  return { times: { streamTime: 0, slatesUntil: 0 }, users: new Map(), changed: new Set() };
}

function describe({ slateId, slot, earned }: Settled): string {
  if (earned === null) return `${slateId}/${slot}: 0`;
  return `${slateId}/${slot}: ${earned.reward} by ${earned.actionType} after ${earned.delay}`;
}

/**
 * Reads the logs in the order of the choices: each choice decides whether a slate or an action comes next, and
 * whether the batch ends here. At the end everything closes.
 */
function run({ slates, actions }: Logs, choices: ReadonlyArray<{ slateNext: boolean; batchEnds: boolean }>) {
  const join = emptyJoin();
  const settled: Settled[] = [];
  const waiting = { slates: [...slates], actions: [...actions] };
  for (let step = 0; waiting.slates.length + waiting.actions.length > 0; step++) {
    const { slateNext, batchEnds } = choices[step % choices.length]!;
    const slate = slateNext || waiting.actions.length === 0 ? waiting.slates.shift() : undefined;
    if (slate !== undefined) joinSlate(join, slate, RULES);
    else joinAction(join, waiting.actions.shift()!, RULES);
    if (batchEnds) settled.push(...settle(join, RULES).settled);
  }
  settled.push(...settle(join, RULES, Number.MAX_SAFE_INTEGER).settled);
  return { join, settled };
}

const choices = fc.array(fc.record({ slateNext: fc.boolean(), batchEnds: fc.boolean() }), {
  minLength: 1,
  maxLength: 60,
});

test('the rewards are those of the definition, however the two logs interleave and wherever batches end', () => {
  fc.assert(
    fc.property(logs, choices, (both, order) => {
      const { settled } = run(both, order);
      assert.deepEqual(settled.map(describe).sort(), rewardsByDefinition(both, RULES));
    }),
    { numRuns: 500 },
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
  joinSlate(join, someSlate('s', 'ann', 0, ['apple', 'bread']), RULES);
  joinAction(join, someAction('ann', 'bread', 'buy', 5), RULES);
  assert.deepEqual(settle(join, RULES), {
    settled: [{ slateId: 's', slot: 1, earned: { actionType: 'buy', reward: 1, delay: 5 } }],
    closed: [],
  });
  assert.deepEqual(settle(join, RULES), { settled: [], closed: [] });
  joinAction(join, someAction('bob', 'bread', 'view', 101), RULES);
  assert.deepEqual(settle(join, RULES), {
    settled: [{ slateId: 's', slot: 0, earned: null }],
    closed: ['s'],
  });
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

test('a slate that is read later than the assumed delay is reported as late', () => {
  const join = emptyJoin();
  assert.equal(joinSlate(join, someSlate('s1', 'ann', 100, ['apple']), RULES), false);
  assert.equal(joinSlate(join, someSlate('s2', 'ann', 71, ['apple']), RULES), false);
  assert.equal(joinSlate(join, someSlate('s3', 'ann', 70, ['apple']), RULES), true);
});

test('an erased user leaves no state and earns nothing', () => {
  const join = emptyJoin();
  joinSlate(join, someSlate('s', 'ann', 0, ['apple']), RULES);
  joinAction(join, someAction('ann', 'apple', 'click', 5), RULES);
  assert.deepEqual(eraseUser(join, 'ann'), ['s']);
  assert.deepEqual(settle(join, RULES, Number.MAX_SAFE_INTEGER), { settled: [], closed: [] });
  assert.deepEqual(join.users.get('ann'), { pending: [], recent: [] });
});
