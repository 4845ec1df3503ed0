import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterWindow } from '#algorithms/pinnersage/interests.ts';
import type { ActionWindow } from '#algorithms/pinnersage/window.ts';
import { createRandom } from '#algorithms/random.ts';
import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { norm, normaliseInPlace } from '#algorithms/vectors.ts';
import type { Embedding } from './retrieval.ts';
import { createStrategies } from './strategies.ts';

const DAY = 86_400_000;
const NOW = 40 * DAY;
const ALPHA = 1;

/** Thirty purchases of twelve items in four directions. */
function scene(): { vectors: VectorTable; window: ActionWindow } {
  const random = createRandom('scene');
  const vectors = new VectorTable(4);
  for (let i = 0; i < 12; i++) {
    const vector = Float32Array.from({ length: 4 }, (_, d) => (d === i % 4 ? 1 : 0) + 0.1 * random.normal());
    normaliseInPlace(vector);
    vectors.set(`item ${i}`, vector);
  }
  const actions = Array.from({ length: 30 }, (_, i) => ({
    eventId: String(i),
    itemId: `item ${random.integer(12)}`,
    type: 'buy',
    occurredAt: (10 + i) * DAY,
    weight: 1,
  }));
  return { vectors, window: { actions } };
}

function represent(name: string): Embedding[] {
  const { vectors, window } = scene();
  const strategy = createStrategies(vectors, ALPHA).find((each) => each.name === name);
  assert.ok(strategy, name);
  return strategy.represent(window, NOW, createRandom('draw'));
}

test('Ward with medoids equals the interests stage', () => {
  const { vectors, window } = scene();
  const options = { alpha: ALPHA, lambdaPerDay: 0.01, actionWeights: { buy: 1 }, now: NOW };
  const { medoids } = clusterWindow(window, (itemId) => vectors.get(itemId), options);
  assert.equal(medoids.length, 4);
  const expected = medoids.map(({ itemId }) => String(vectors.get(itemId)));
  assert.deepEqual(new Set(represent('ten medoids').map(({ vector }) => String(vector))), new Set(expected));
});

test('every strategy returns the number of unit vectors in its name, and the same ones again', () => {
  const { vectors, window } = scene();
  for (const strategy of createStrategies(vectors, ALPHA)) {
    const embeddings = strategy.represent(window, NOW, createRandom('draw'));
    const wanted =
      { 'last item': 1, 'decayed average': 1, 'one medoid': 1 }[strategy.name] ??
      (strategy.name.startsWith('ten medoids') ? 4 : 3);
    // A cut at 2 leaves fewer clusters than are sampled.
    assert.ok(
      strategy.name === 'α = 2' ? embeddings.length <= wanted : embeddings.length === wanted,
      strategy.name,
    );
    for (const { vector } of embeddings) assert.ok(Math.abs(norm(vector) - 1) < 1e-6, strategy.name);
    assert.deepEqual(strategy.represent(window, NOW, createRandom('draw')), embeddings);
  }
});

test('the last item is the newest, and the decayed average is nearer to the newer half', () => {
  const { vectors } = scene();
  const purchase = (itemId: string, day: number) => ({
    eventId: `${day}`,
    itemId,
    type: 'buy',
    occurredAt: day * DAY,
    weight: 1,
  });
  const window = { actions: [purchase('item 0', 1), purchase('item 1', 39)] };
  const [last, average] = createStrategies(vectors, ALPHA).map(({ represent }) =>
    represent(window, NOW, createRandom(1)),
  );
  assert.deepEqual(last, [{ vector: vectors.get('item 1'), row: vectors.rowOf('item 1') }]);
  assert.ok(average![0]!.vector[1]! > average![0]!.vector[0]!);
});

test('an item that counts once has no more say in the choice of a medoid for being taken often', () => {
  const vectors = new VectorTable(2);
  // Each of a and c is far from the other, b lies between them, and c is taken often.
  for (const [itemId, angle] of [
    ['a', 0],
    ['b', 0.2],
    ['c', 0.4],
  ] as const)
    vectors.set(itemId, Float32Array.of(Math.cos(angle), Math.sin(angle)));
  const taken = ['a', 'b', ...Array.from({ length: 9 }, () => 'c')];
  const actions = taken.map((itemId, i) => ({
    eventId: `${i}`,
    itemId,
    type: 'buy',
    occurredAt: DAY,
    weight: 1,
  }));
  const medoidBy = (name: string) => {
    const strategy = createStrategies(vectors, 2).find((one) => one.name === name)!;
    return strategy.represent({ actions }, NOW, createRandom(1)).map(({ row }) => row);
  };
  assert.deepEqual(medoidBy('Ward + medoid, λ = 0.01'), [vectors.rowOf('c')]);
  assert.deepEqual(medoidBy('the same, an item counts once'), [vectors.rowOf('b')]);
});

test('the strategies represent a window in the same way after another window, and in any order', () => {
  const { vectors, window } = scene();
  const other = { actions: window.actions.slice(0, 12) };
  const all = (one: ActionWindow, strategies = createStrategies(vectors, ALPHA)) =>
    new Map(strategies.map(({ name, represent }) => [name, represent(one, NOW, createRandom('draw'))]));
  const strategies = createStrategies(vectors, ALPHA);
  all(other, strategies);
  assert.deepEqual(all(window, strategies), all(window));
  assert.deepEqual(all(other, strategies.toReversed()), new Map([...all(other)].reverse()));
});

test('an item without a vector is rejected', () => {
  const { vectors } = scene();
  const unknown = { eventId: 'e', itemId: 'unknown', type: 'buy', occurredAt: DAY, weight: 1 };
  const [lastItem] = createStrategies(vectors, ALPHA);
  assert.throws(() => lastItem!.represent({ actions: [unknown] }, NOW, createRandom(1)), RangeError);
});
