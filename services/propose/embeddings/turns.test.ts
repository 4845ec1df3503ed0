import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Steps } from '#algorithms/steps.ts';
import { inTurns } from './turns.ts';

/** Steps that take a millisecond each. */
function* stepsOf(count: number, clock: { ms: number }): Steps<string> {
  for (let step = 0; step < count; step++) {
    clock.ms += 1;
    yield;
  }
  return 'done';
}

describe('work in turns', () => {
  it('other work has a turn after two milliseconds, and the working time leaves out the others', async () => {
    const clock = { ms: 0 };
    let turns = 0;
    const nextTurn = async (): Promise<void> => {
      turns++;
      clock.ms += 100;
    };
    const { result, ms } = await inTurns(stepsOf(7, clock), { now: () => clock.ms, nextTurn });
    assert.deepEqual({ result, ms, turns }, { result: 'done', ms: 7, turns: 3 });
  });

  it('an error of the work is thrown', async () => {
    const steps = (function* (): Steps<void> {
      yield;
      throw new Error('a bug');
    })();
    await assert.rejects(inTurns(steps, { now: () => 0 }), /a bug/);
  });
});
