import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { norm, row } from '#algorithms/vectors.ts';
import { type Dataset, type DatasetAction, range } from '../data/dataset.ts';
import { purchasesOf } from '../data/purchases.ts';
import { completejourneyEmbeddings, RECIPE } from './embeddings.ts';

const ITEMS = 30;
const ACTIONS = 1_000;

/** Ten users who buy at random; `rare` is bought once early, `late` often but only at the end. */
function dataset(): Dataset {
  const random = createRandom('purchases');
  const actions = Array.from({ length: ACTIONS }, (_, i): DatasetAction => {
    const isLate = i >= 0.8 * ACTIONS && random.next() < 0.5;
    const itemId = i === 0 ? 'rare' : isLate ? 'late' : `item ${random.integer(ITEMS)}`;
    const userId = `user ${random.integer(10)}`;
    return {
      eventId: `${i}`,
      userId,
      itemId,
      type: 'buy',
      occurredAt: i * 60_000,
      contextId: `${userId}/${i >> 4}`,
    };
  });
  return {
    name: 'test',
    title: 'random purchases',
    actionCount: ACTIONS,
    items: () =>
      range(Array.from({ length: ITEMS }, (_, i) => ({ itemId: `item ${i}`, title: `Thing number ${i}` }))),
    actions: (from, to) => range(actions, from, to),
  };
}

const recipe = {
  ...RECIPE,
  minimumBuyers: 3,
  config: { ...RECIPE.config, epochs: 1, examplesPerEpoch: 256, batch: 64, negatives: 16 },
};

let cache: string;
const { TRIBUTARY_CACHE: cacheBefore } = process.env;

before(() => {
  cache = mkdtempSync(join(tmpdir(), 'tributary-embeddings-'));
  process.env.TRIBUTARY_CACHE = cache;
});

after(() => {
  if (cacheBefore === undefined) delete process.env.TRIBUTARY_CACHE;
  else process.env.TRIBUTARY_CACHE = cacheBefore;
  rmSync(cache, { recursive: true });
});

test('embeddings know nothing of the last fifth, leave rare items out, and are trained once', async () => {
  const purchases = await purchasesOf(dataset());
  const trained = await completejourneyEmbeddings(purchases, recipe);
  assert.deepEqual(
    trained.itemIds.toSorted(),
    Array.from({ length: ITEMS }, (_, i) => `item ${i}`).toSorted(),
  );
  assert.equal(trained.trainedUntil, (0.8 * ACTIONS - 1) * 60_000);
  assert.equal(trained.vectors.length, ITEMS * trained.dim);
  for (let i = 0; i < ITEMS; i++) {
    assert.ok(Math.abs(norm(row(trained.vectors, i, trained.dim)) - 1) < 1e-5);
  }
  const [folder] = readdirSync(cache).filter((name) => name.startsWith('embeddings-'));
  assert.ok(folder);
  assert.deepEqual(await completejourneyEmbeddings(purchases, recipe), trained);
  // What now stands in the cache could not be trained.
  const marked = trained.vectors.map(() => 7);
  writeFileSync(join(cache, folder, 'vectors.f32'), marked);
  assert.deepEqual((await completejourneyEmbeddings(purchases, recipe)).vectors, marked);
});
