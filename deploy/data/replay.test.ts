import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type DatasetAction, range } from './dataset.ts';
import { type Clock, interleaved, repeated, replay } from './replay.ts';

const actions = (count: number): DatasetAction[] =>
  Array.from({ length: count }, (_, index) => ({
    eventId: `e-${index}`,
    userId: 'u',
    itemId: 'i',
    type: 'view',
    occurredAt: 0,
    contextId: 'basket',
  }));

/** A clock that advances only by sleeping; `stall` adds to one sleep the time that a blocked process would lose. */
function manualClock(stall: { readonly at: number; readonly ms: number } = { at: -1, ms: 0 }): Clock {
  let now = 1_000_000;
  let sleeps = 0;
  return {
    now: () => now,
    sleep: async (ms) => {
      now += ms + (sleeps === stall.at ? stall.ms : 0);
      sleeps += 1;
    },
  };
}

test('actions keep their order, carry the present time, and are never sent before they are due', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 200 }),
      fc.integer({ min: 1, max: 900 }),
      async (count, rate) => {
        const clock = manualClock();
        const emitted: DatasetAction[] = [];
        const report = await replay(range(actions(count)), {
          rate,
          clock,
          emit: (action) => emitted.push(action),
        });
        assert.deepEqual(
          emitted.map(({ eventId }) => eventId),
          actions(count).map(({ eventId }) => eventId),
        );
        for (const [index, { occurredAt }] of emitted.entries()) {
          const due = 1_000_000 + (index / rate) * 1000;
          assert.ok(occurredAt >= due && occurredAt < due + 10, `${occurredAt} for ${due}`);
        }
        assert.equal(report.emitted, count);
        assert.ok(report.achievedRate <= rate * (1 + 1e-9));
      },
    ),
  );
});

test('after a pause the overdue actions are sent at once and the rate is reached again', async () => {
  const clock = manualClock({ at: 3, ms: 500 });
  const times: number[] = [];
  const report = await replay(range(actions(200)), {
    rate: 200,
    clock,
    emit: ({ occurredAt }) => times.push(occurredAt),
  });
  const together = times.filter((time) => time === times[8]).length;
  assert.ok(together >= 100, `${together} were sent together`);
  assert.equal(report.latestMs, 500 + 5);
  assert.equal(report.achievedRate, 200);
});

test('an endless replay ends at the signal', async () => {
  const stop = new AbortController();
  const ids: string[] = [];
  const report = await replay(
    repeated(() => range(actions(3))),
    {
      rate: 100,
      clock: manualClock(),
      signal: stop.signal,
      emit: ({ eventId, contextId }) => {
        if (ids.push(`${eventId} ${contextId}`) === 7) stop.abort();
      },
    },
  );
  assert.equal(report.emitted, 7);
  assert.equal(new Set(ids).size, 7);
  assert.deepEqual(ids.slice(2, 5), [
    'e-2 basket',
    'e-0-round-2 basket-round-2',
    'e-1-round-2 basket-round-2',
  ]);
});

test('repeating an empty sequence ends', async () => {
  for await (const action of repeated(() => range<DatasetAction>([])))
    assert.fail(`${action.eventId} from an empty sequence`);
});

test('a rate that is not a positive number is rejected', async () => {
  const replaying = replay(range(actions(1)), {
    rate: 0,
    clock: manualClock(),
    emit: () => assert.fail('emitted'),
  });
  await assert.rejects(replaying, RangeError);
});

test('dealt actions are the same, those of each user in their order, and neighbours are of different users', async () => {
  const users = fc.array(fc.constantFrom('ann', 'bob', 'eve'), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(users, fc.integer({ min: 1, max: 50 }), async (userIds, size) => {
      const logged = actions(userIds.length).map((action, at) => ({ ...action, userId: userIds[at]! }));
      const dealt: DatasetAction[] = [];
      for await (const action of interleaved(range(logged), size)) dealt.push(action);
      for (const userId of ['ann', 'bob', 'eve']) {
        const own = (list: DatasetAction[]) => list.filter((action) => action.userId === userId);
        assert.deepEqual(own(dealt), own(logged));
      }
      assert.equal(dealt.length, logged.length);
    }),
  );
  const baskets = ['ann', 'ann', 'ann', 'bob', 'bob', 'eve'];
  const logged = actions(6).map((action, at) => ({ ...action, userId: baskets[at]! }));
  const order: string[] = [];
  for await (const { userId } of interleaved(range(logged), 6)) order.push(userId);
  assert.deepEqual(order, ['ann', 'bob', 'eve', 'ann', 'bob', 'ann']);
});

test('the report states how many users acted in a second', async () => {
  const logged = actions(200).map((action, at) => ({ ...action, userId: `user-${at % 4}` }));
  const options = { rate: 100, clock: manualClock(), emit: () => {} };
  assert.equal((await replay(range(logged), options)).usersPerSecond, 4);
  assert.equal((await replay(range([]), options)).usersPerSecond, 0);
});
