import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Stopwatch } from './stopwatch.ts';

describe('Stopwatch', () => {
  it('each step has the time since the previous one, and a repeated step the sum', () => {
    let now = 1_000;
    const stopwatch = new Stopwatch(() => now);
    for (const [step, ms] of [
      ['graph', 500],
      ['training', 2_000],
      ['graph', 250],
    ] as const) {
      now += ms;
      stopwatch.lap(step);
    }
    assert.deepEqual(stopwatch.seconds, { graph: 0.75, training: 2 });
  });

  it('nested steps keep their own time, and the enclosing step has the rest', () => {
    let now = 0;
    const stopwatch = new Stopwatch(() => now);
    now += 5_000;
    stopwatch.lapAround('hand-over', { graph: 1, training: 3 });
    now += 1_000;
    stopwatch.lapAround('publication', { inference: 4 });
    assert.deepEqual(stopwatch.seconds, {
      graph: 1,
      training: 3,
      'hand-over': 1,
      inference: 4,
      publication: 0,
    });
  });
});
