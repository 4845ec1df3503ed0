import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { gatherCrowd, zipf } from './crowd.ts';
import { processorTimes, timeAUnit } from './processor-time.ts';

describe('the load of the bench of the live path', () => {
  it('draws rank r with a probability in proportion to 1 / (r + 1)', () => {
    const random = createRandom('zipf');
    const draw = zipf(4, () => random.next());
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 100_000; i++) counts[draw()]!++;
    const total = 1 + 1 / 2 + 1 / 3 + 1 / 4;
    counts.forEach((count, rank) => {
      const expected = 1 / (rank + 1) / total;
      assert.ok(Math.abs(count / 100_000 - expected) < 0.01, `rank ${rank}: ${count}`);
    });
  });

  it('is the same for the same seed, and of many users', () => {
    const [one, other] = [gatherCrowd(1_000, ['a', 'b'], 's'), gatherCrowd(1_000, ['a', 'b'], 's')];
    const actions = Array.from({ length: 500 }, () => one.next());
    assert.deepEqual(
      actions,
      Array.from({ length: 500 }, () => other.next()),
    );
    assert.ok(new Set(actions.map(({ userId }) => userId)).size > 200);
  });

  it('states the processor time of each process for a unit of work', () => {
    const before = new Map([['rerank', 100]]);
    const after = new Map([
      ['rerank', 300],
      ['kafka', 50],
    ]);
    assert.deepEqual(timeAUnit(before, after, 100), { rerank: 2, kafka: 0.5, total: 2.5 });
    const own = processorTimes([{ name: 'test', pid: process.pid }]).get('test')!;
    assert.ok(own > 0);
  });
});
