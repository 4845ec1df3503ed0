import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { UserInterests } from '#contracts/generated/records.ts';
import { action, batchOf, DAY, type LoggedAction, START } from './actions.testing.ts';
import { createMemoryStore } from './memory-store.testing.ts';
import { createRig, interestsOf, logOf, type Rig } from './processor.testing.ts';

const actions = fc.array(
  fc.record({
    userId: fc.constantFrom('u1', 'u2', 'u3'),
    itemId: fc.constantFrom('tea', 'mate', 'nail', 'screw', 'new'),
    type: fc.constantFrom('buy' as const, 'view' as const, 'hide' as const),
    days: fc.integer({ min: 0, max: 120 }),
  }),
  { minLength: 1, maxLength: 30 },
);

/** One lifetime of a process: its start offset, the size of its batches, and which of its effects fail. */
const lives = fc.array(
  fc.record({
    back: fc.nat(12),
    batch: fc.integer({ min: 1, max: 8 }),
    crashAt: fc.uniqueArray(fc.nat(12), { minLength: 1, maxLength: 2 }),
  }),
  { maxLength: 5 },
);

async function read(rig: Rig, log: readonly LoggedAction[], from: number, size: number): Promise<number> {
  let position = from;
  try {
    for (; position < log.length; position += size) {
      await rig.processor.handle(batchOf(log.slice(position, position + size)));
    }
  } catch (error) {
    assert.equal((error as Error).message, 'crash');
  }
  return Math.min(position, log.length);
}

it('any batches, redeliveries and crashes end in the same bytes as one undisturbed pass', async () => {
  await fc.assert(
    fc.asyncProperty(actions, lives, async (given, processes) => {
      const log = logOf(
        given.map(({ days, ...rest }) => action({ ...rest, occurredAt: START + days * DAY })),
      );
      const calm = createRig();
      await read(calm, log, 0, 1);

      const store = createMemoryStore();
      let committed = 0;
      const sent: UserInterests[] = [];
      for (const { back, batch, crashAt } of processes) {
        const rig = createRig(store, new Set(crashAt));
        committed = await read(rig, log, Math.max(0, committed - back), batch);
        sent.push(...rig.published);
      }
      const last = createRig(store);
      await read(last, log, committed, 8);
      sent.push(...last.published);
      assert.deepEqual(store.dump(), calm.store.dump());
      for (const userId of new Set(given.map((one) => one.userId))) {
        const newest = sent.findLast((interests) => interests.userId === userId);
        assert.deepEqual(
          newest,
          await interestsOf(store, userId),
          'the last record in the topic is the stored one',
        );
      }
    }),
    { numRuns: 150 },
  );
});
