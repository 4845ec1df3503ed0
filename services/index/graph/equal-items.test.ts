import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { exactTopK } from '#algorithms/retrieval/exact.ts';
import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { normaliseInPlace } from '#algorithms/vectors.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { release } from '#published/releases.testing.ts';
import { item, setUp, type World } from '../live-index.testing.ts';
import { chooseGeneration, searchAll } from '../search.ts';

const DIMENSION = 16;
const EQUAL = 5_000;
const NORMAL = 300;

/** Vectors of normal items, with neighbours at a high cosine, on one side; the equal ones lie on the other. */
function normalVectors(): Float32Array[] {
  const random = createRandom(5);
  const centres = Array.from({ length: 15 }, () => Array.from({ length: DIMENSION }, () => random.normal()));
  return Array.from({ length: NORMAL }, (_, n) => {
    const vector = Float32Array.from(centres[n % 15]!, (x, i) => (i === 0 ? 3 : x) + 0.3 * random.normal());
    normaliseInPlace(vector);
    return vector;
  });
}

/** @param noise standard deviation of the components around the one vector of the others */
function alike(count: number, noise: number): Float32Array[] {
  const random = createRandom(6);
  return Array.from({ length: count }, () => {
    const vector = Float32Array.from(
      { length: DIMENSION },
      (_, i) => (i === 0 ? -1 : 0) + noise * random.normal(),
    );
    normaliseInPlace(vector);
    return vector;
  });
}

const titled = (id: string, title: string) => item(id, 'available', title);

async function serve(world: World, vectors: ReadonlyMap<string, Float32Array>): Promise<void> {
  world.index.markCaughtUp();
  world.declare(release('g1', 'ready', vectors.size, DIMENSION));
  for (const [id, vector] of vectors) world.put('g1', id, [...vector]);
  await waitFor(() => world.index.served !== undefined, { message: 'g1 serves', timeoutMs: 60_000 });
}

/** Asserts that the neighbours of normal items reach the cosines of an exact search in at least 95 % of the cases. */
function assertTrueNeighbours({ index }: World, normal: readonly Float32Array[]): void {
  const table = new VectorTable(DIMENSION);
  for (const [n, vector] of normal.entries()) table.set(`n${n}`, vector);
  let found = 0;
  for (const [n, query] of normal.entries()) {
    const { scores } = exactTopK({ matrix: table.matrix(), dim: DIMENSION, query, k: 11 });
    const [result] = searchAll(chooseGeneration(index), [{ itemId: `n${n}` }], 10);
    assert.ok(result !== undefined && 'neighbours' in result);
    found += result.neighbours.filter(({ score }) => score >= scores.at(-1)! - 1e-4).length;
  }
  assert.ok(found >= 0.95 * 10 * normal.length, `${found} of ${10 * normal.length} true neighbours`);
}

/** The equal items come first, as in the worst case: all later ones are linked beside them. */
function catalogueOf(equal: readonly Float32Array[], normal: readonly Float32Array[]) {
  const vectors = new Map<string, Float32Array>();
  for (const [n, vector] of equal.entries()) vectors.set(`e${n}`, vector);
  for (const [n, vector] of normal.entries()) vectors.set(`n${n}`, vector);
  return vectors;
}

describe('many items at one point', () => {
  it('normal items find their true neighbours beside thousands of equal items, of which one is found', async () => {
    const world = setUp();
    const normal = normalVectors();
    const vectors = catalogueOf(alike(EQUAL, 0), normal);
    for (const id of vectors.keys()) world.index.applyItem(id, titled(id, id.startsWith('e') ? 'Same' : id));
    await serve(world, vectors);
    assertTrueNeighbours(world, normal);
    assert.equal(world.index.served?.refined.duplicateCount, EQUAL - 1);
    assert.equal(world.index.served?.graph.size, NORMAL + 1);
    assert.equal(world.index.served?.quality.isExact, false);
    world.index.applyItem('e0', item('e0', 'unavailable', 'Same'));
    assert.deepEqual(world.near('e5')[0], 'e1', 'the next of them is found when the first goes');
    assert.equal(world.index.served?.graph.size, NORMAL + 1);
    world.index.close();
  });

  it('equal vectors of different looks, or without a catalogue, are all found and share one node', async () => {
    const world = setUp();
    const normal = normalVectors();
    await serve(world, catalogueOf(alike(EQUAL, 0), normal));
    assertTrueNeighbours(world, normal);
    assert.equal(world.index.served?.graph.size, NORMAL + EQUAL);
    assert.equal(world.index.served?.graph.distinctSize, NORMAL + 1);
    const [result] = searchAll(chooseGeneration(world.index), [{ itemId: 'e7' }], 50);
    assert.ok(result !== undefined && 'neighbours' in result);
    assert.equal(result.neighbours.length, 50);
    assert.ok(result.neighbours.every(({ itemId }) => itemId.startsWith('e') && itemId !== 'e7'));
    world.index.close();
  });

  it('equal items that arrive while a generation serves do not come between normal ones', async () => {
    const world = setUp();
    const normal = normalVectors();
    await serve(world, catalogueOf([], normal));
    for (const [n, vector] of alike(EQUAL, 1e-8).entries())
      world.put('g1', `e${n}`, [...vector], 'inductive');
    assertTrueNeighbours(world, normal);
    world.index.close();
  });

  it('a search is exact where the graph does not find the neighbours of items that lie apart', async () => {
    const world = setUp({ parameters: { m: 2, efConstruction: 8 } });
    const normal = normalVectors();
    await serve(world, catalogueOf(alike(EQUAL, 1e-3), normal));
    assertTrueNeighbours(world, normal);
    assert.equal(world.index.served?.quality.isExact, true);
    assert.deepEqual(world.declared, ['g1 active']);
    assert.equal(world.near('n3').length, 10);
    world.index.applyEmbedding('g1/n18', null);
    assert.ok(!world.near('n3').includes('n18'), 'a withdrawn item is not found by a scan either');
    world.index.close();
  });

  it('recall is measured again after many arrivals, and searches become exact where it is short', async () => {
    const world = setUp({ parameters: { m: 2, efConstruction: 8 } });
    const normal = normalVectors();
    await serve(world, catalogueOf([], normal.slice(0, 20)));
    const arrivals = catalogueOf(alike(EQUAL, 1e-3), normal);
    for (const [id, vector] of arrivals) world.put('g1', id, [...vector], 'inductive');
    await waitFor(() => world.index.served?.graph.isExact, { message: 'searches are exact' });
    assertTrueNeighbours(world, normal);
    world.index.close();
  });
});
