import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { drawSchedule, type Targets } from './schedule.ts';

const TARGETS: Targets = {
  processes: ['interests-1', 'interests-2'],
  connections: ['interests-1>kafka', 'interests-1>redis'],
  balancers: ['rerank'],
};
const OPTIONS = { count: 500, together: 4, seconds: [5, 15, 40] };

test('a seed gives the same faults each time, and as many as were requested', () => {
  const [first, second] = [1, 2].map(() => drawSchedule(createRandom(7), TARGETS, OPTIONS));
  assert.deepEqual(first, second);
  assert.equal(first?.flat().length, OPTIONS.count);
  assert.notDeepEqual(first, drawSchedule(createRandom(8), TARGETS, OPTIONS));
});

test('all kinds occur, and no two faults of a wave have one target', () => {
  const waves = drawSchedule(createRandom(7), TARGETS, OPTIONS);
  assert.equal(new Set(waves.flat().map(({ kind }) => kind)).size, 16);
  for (const wave of waves) assert.equal(new Set(wave.map(({ target }) => target)).size, wave.length);
  const durations = new Set(waves.flat().map(({ durationMs }) => durationMs));
  assert.deepEqual([...durations].sort(), [0, 15_000, 40_000, 5_000]);
});

test('only the given kinds occur, and an unknown one is refused with those that exist', () => {
  const waves = drawSchedule(createRandom(7), TARGETS, { ...OPTIONS, kinds: ['kill', 'redis-empty'] });
  assert.deepEqual([...new Set(waves.flat().map(({ kind }) => kind))].sort(), ['kill', 'redis-empty']);
  const draw = () => drawSchedule(createRandom(7), TARGETS, { ...OPTIONS, kinds: ['fire'] });
  assert.throws(draw, /No kind of fault is fire/);
});
