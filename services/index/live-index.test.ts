import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { createRandom } from '#algorithms/random.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { release } from '#published/releases.testing.ts';
import {
  item,
  PARAMETERS,
  publishThree,
  serveCircle,
  serveThree,
  setUp,
  type World,
} from './live-index.testing.ts';
import { chooseGeneration, searchAll } from './search.ts';
import { Snapshots } from './snapshots/snapshots.ts';

describe('the live index', () => {
  it('the index answers index.empty before the first generation, and then serves it', async () => {
    const world = setUp();
    world.index.markCaughtUp();
    assert.throws(() => chooseGeneration(world.index), { code: 'index.empty', status: 503 });
    await serveThree(world, 'g1');
    assert.deepEqual(world.near('a'), ['b', 'c']);
    assert.deepEqual(world.near('x'), ['item.unknown']);
    assert.deepEqual(world.declared, ['g1 active']);
    world.index.close();
  });

  it('a flip declares both generations, and the previous one still answers requests that name it', async () => {
    const world = setUp();
    world.index.markCaughtUp();
    await serveThree(world, 'g1');
    await serveThree(world, 'g2', true);
    await waitFor(() => world.declared.length === 3, { message: 'declared' });
    assert.deepEqual(world.declared, ['g1 active', 'g2 active', 'g1 retired']);
    assert.deepEqual(world.near('c'), ['a', 'b']);
    assert.deepEqual(world.near('c', 'g1'), ['b', 'a']);
    assert.deepEqual(world.index.heldIds(), ['g2', 'g1']);
    assert.throws(() => chooseGeneration(world.index, 'g0'), { code: 'generation.unknown', status: 409 });
    await serveThree(world, 'g3');
    assert.deepEqual(world.index.heldIds(), ['g3', 'g2'], 'one generation back, no more');
    world.index.close();
  });

  it('the previous generation is dropped after its time', async () => {
    const world = setUp({ keepRetiredMs: 0 });
    world.index.markCaughtUp();
    await serveThree(world, 'g1');
    await serveThree(world, 'g2');
    await waitFor(() => world.index.heldIds().length === 1, { message: 'dropped' });
    assert.deepEqual(world.index.heldIds(), ['g2']);
    world.index.close();
  });

  it('the index goes back to a generation that is declared active again, even after it was dropped', async () => {
    const world = setUp({ keepRetiredMs: 0 });
    world.index.markCaughtUp();
    await serveThree(world, 'g1');
    await serveThree(world, 'g2', true);
    await waitFor(() => world.index.heldIds().length === 1, { message: 'dropped' });
    world.declare(release('g1', 'active', 3));
    await waitFor(() => world.index.served?.generation.id === 'g1', { message: 'g1 serves' });
    await waitFor(() => world.declared.at(-1) === 'g2 retired', { message: 'g2 retired' });
    assert.deepEqual(world.near('c'), ['b', 'a']);
    world.index.close();
  });

  it('the served generation is declared active again when it is made ready by hand', async () => {
    const world = setUp();
    world.index.markCaughtUp();
    await serveThree(world, 'g1');
    await serveThree(world, 'g2', true);
    await waitFor(() => world.declared.length === 3, { message: 'declared' });
    for (const state of ['retired', 'ready'] as const) world.declare(release('g2', state, 3));
    await waitFor(() => world.declared.length === 4, { message: 'declared again' });
    assert.deepEqual(world.declared.slice(3), ['g2 active']);
    assert.equal(world.index.served?.generation.id, 'g2');
    assert.deepEqual(world.index.heldIds(), ['g2', 'g1'], 'no flip');
    world.index.close();
  });

  it('a rejected generation stops serving at once, and the previous one takes over if there is one', async () => {
    const world = setUp();
    world.index.markCaughtUp();
    await serveThree(world, 'g1');
    await serveThree(world, 'g2', true);
    await waitFor(() => world.declared.length === 3, { message: 'declared' });
    world.declare(release('g1', 'active', 3));
    world.declare(release('g2', 'rejected', 3));
    assert.equal(world.index.served?.generation.id, 'g1');
    world.declare(release('g1', 'rejected', 3));
    assert.equal(world.index.served, undefined);
    assert.deepEqual(world.index.heldIds(), []);
    world.index.close();
  });

  it('a generation that is rejected during its build is given up', async () => {
    const world = setUp();
    const { index, declare, put } = world;
    index.markCaughtUp();
    await serveThree(world, 'g1');
    declare(release('g2', 'ready', 200, 2));
    for (let n = 0; n < 200; n++) put('g2', `item${n}`, [1, n]);
    declare(release('g2', 'rejected', 200, 2));
    await serveThree(world, 'g3', true);
    await waitFor(() => world.declared.length === 3, { message: 'declared' });
    assert.deepEqual(world.declared, ['g1 active', 'g3 active', 'g1 retired']);
    assert.deepEqual(world.failures, []);
    index.close();
  });

  it('an index that starts on a log with an active generation declares nothing', async () => {
    const world = setUp();
    const { index, declare, put } = world;
    for (const id of ['g1', 'g2']) {
      for (const itemId of ['a', 'b']) put(id, itemId, itemId === 'a' ? [1, 0] : [0, 1]);
    }
    declare(release('g1', 'ready', 2));
    declare(release('g1', 'active', 2));
    declare(release('g2', 'active', 2));
    declare(release('g1', 'retired', 2));
    assert.equal(index.served, undefined);
    index.markCaughtUp();
    assert.ok(index.isBuildingFirst);
    await waitFor(() => index.served?.generation.id === 'g2', { message: 'g2 serves' });
    assert.deepEqual(world.declared, []);
    index.close();
  });

  it('the release that is declared active carries the recall and efSearch of its graph', async () => {
    const world = setUp();
    world.index.markCaughtUp();
    world.put('g1', 'a', [1, 0]);
    world.declare({ ...release('g1', 'ready', 1), metrics: { hitRateAt100: 0.5 } });
    await waitFor(() => world.releases.length > 0, { message: 'declared' });
    const expected = { hitRateAt100: 0.5, indexRecallAt10: 1, indexEfSearch: 64 };
    assert.deepEqual(world.releases[0]?.metrics, expected);
    world.index.close();
  });

  it('a generation that is not held is pending or gone by what the log says of it', async () => {
    const world = setUp();
    world.index.markCaughtUp();
    await serveThree(world, 'g1');
    await serveThree(world, 'g2');
    world.declare(release('g3', 'building', 3));
    world.declare(release('g5', 'rejected', 3));
    const answers = ['g0', 'g3', 'g4', 'g5'].map((id) => world.index.mayCome(id));
    assert.deepEqual(answers, [false, true, true, false]);
    assert.throws(() => chooseGeneration(world.index, 'g0'), { code: 'generation.unknown', status: 409 });
    assert.throws(() => chooseGeneration(world.index, 'g3'), { code: 'generation.pending', retryable: true });
    assert.throws(() => chooseGeneration(world.index, 'g4'), {
      code: 'generation.undeclared',
      retryable: true,
    });
    world.index.close();
  });

  it('a late declaration by a slow replica does not undo a rollback, and does not survive compaction', async () => {
    const world = setUp();
    world.index.markCaughtUp();
    await serveThree(world, 'g1');
    await serveThree(world, 'g2');
    const late = world.releases.find((one) => one.generation === 'g2' && one.state === 'active')!;
    // A person goes back to g1.
    world.declare({ ...release('g1', 'ready', 3), updatedAt: 5 });
    world.declare({ ...release('g2', 'retired', 3), updatedAt: 5 });
    await waitFor(() => world.index.served?.generation.id === 'g1', { message: 'g1 serves again' });
    const before = world.declared.length;
    world.declare({ ...late, updatedAt: 6 });
    assert.deepEqual(world.declared.slice(before), ['g2 retired'], 'it is declared again');
    assert.equal(world.releases.at(-1)?.follows, 5);
    assert.equal(world.index.served?.generation.id, 'g1');
    world.index.close();
  });

  it('a generation of too low recall does not take over, unless the log declares it active', async () => {
    const world = setUp({ recallMinimum: 1.01 });
    const { index, declare, metrics } = world;
    const refused = async () => (await metrics.refusedGenerations.get()).values[0]?.value;
    index.markCaughtUp();
    publishThree(world, 'g1');
    await waitFor(async () => (await refused()) === 1, { message: 'g1 is refused' });
    assert.deepEqual(index.heldIds(), []);
    assert.deepEqual([world.declared, world.failures], [[], []]);
    declare(release('g1', 'active', 3));
    await waitFor(() => index.served?.generation.id === 'g1', { message: 'g1 serves' });
    publishThree(world, 'g2');
    publishThree(world, 'g3');
    await waitFor(async () => (await refused()) === 3, { message: 'g2 and g3 are refused' });
    assert.equal(index.served?.generation.id, 'g1');
    assert.deepEqual([world.declared, world.failures], [[], []]);
    index.close();
  });

  it('after a restart the graph is read from its snapshot and follows the changes since', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'index-snapshots-'));
    const log = pino({ level: 'silent' });
    const snapshots = new Snapshots({ directory, parameters: PARAMETERS, log });
    const restoredBy = async ({ metrics }: World) => (await metrics.restored.get()).values[0]?.value;
    try {
      const before = setUp({ snapshots });
      before.index.markCaughtUp();
      await serveCircle(before);
      before.index.close();
      const after = setUp({ snapshots });
      after.index.applyItem('3', item('3', 'unavailable'));
      for (const n of [0, 1, 2, 4]) after.index.applyItem(String(n), item(String(n), 'available'));
      after.index.markCaughtUp();
      await serveCircle(after);
      assert.deepEqual([await restoredBy(before), await restoredBy(after)], [0, 1]);
      assert.deepEqual(before.near('2').slice(0, 4), ['1', '3', '0', '4']);
      assert.deepEqual(after.near('2'), ['1', '0', '4']);
      after.put('g1', '3', [Math.cos(1), Math.sin(1)]);
      after.index.applyItem('3', item('3', 'available'));
      assert.deepEqual(after.near('0')[0], '3');
      after.index.close();
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('after a restart the recall of before is taken over, and measured again where it is not enough', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'index-snapshots-'));
    const snapshots = new Snapshots({ directory, parameters: PARAMETERS, log: pino({ level: 'silent' }) });
    const start = async () => {
      const world = setUp({ snapshots });
      world.index.markCaughtUp();
      await serveCircle(world);
      world.index.close();
      const [recall, efSearch] = await Promise.all([
        world.metrics.recall.get(),
        world.metrics.efSearch.get(),
      ]);
      return { recallAt10: recall.values[0]!.value, efSearch: efSearch.values[0]!.value };
    };
    try {
      const measured = await start();
      const path = join(directory, 'generation-g1', 'manifest');
      const saved = JSON.parse(readFileSync(path, 'utf8')) as { quality: object };
      assert.deepEqual(saved.quality, measured);
      const noted = { recallAt10: 0.96, efSearch: 128 };
      writeFileSync(path, JSON.stringify({ ...saved, quality: noted }));
      assert.deepEqual(await start(), noted);
      writeFileSync(path, JSON.stringify({ ...saved, quality: { recallAt10: 0.9, efSearch: 128 } }));
      assert.deepEqual(await start(), measured);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('every answer comes from one generation while the next is built', async () => {
    const world = setUp();
    const { index, declare, put } = world;
    index.markCaughtUp();
    await serveThree(world, 'g1');
    const random = createRandom(3);
    declare(release('g2', 'ready', 3_000, 16));
    for (let n = 0; n < 3_000; n++)
      put(
        'g2',
        `item${n}`,
        Array.from({ length: 16 }, () => random.next() - 0.5),
      );
    let answered = 0;
    await waitFor(
      () => {
        const { generation, graph } = chooseGeneration(index);
        const known = generation.id === 'g1' ? ['a', 'b', 'c'] : undefined;
        const found = graph.search(generation.table!.at(0), 3);
        assert.ok(found.every(({ itemId }) => (known === undefined) !== known?.includes(itemId)));
        answered += 1;
        return generation.id === 'g2';
      },
      { message: 'g2 serves' },
    );
    assert.ok(answered > 1, 'searches were answered during the build');
    assert.deepEqual(world.failures, []);
    index.close();
  });
});

describe('a query', () => {
  it('a query that is no vector of the space is refused', async () => {
    const world = setUp();
    world.index.markCaughtUp();
    await serveThree(world, 'g1');
    const search = (vector: number[] | string) => searchAll(chooseGeneration(world.index), [{ vector }], 2);
    const expected = { code: 'field.invalid', status: 400, field: 'queries[0].vector' };
    assert.throws(() => search([1, 2, 3]), expected);
    assert.throws(() => search([0, 0]), expected);
    const base64 = (...components: number[]) =>
      Buffer.from(Float32Array.from(components).buffer).toString('base64');
    for (const faulty of [base64(1, 2, 3), base64(0, 0), base64(1, Number.NaN), 'AAAA', '*'])
      assert.throws(() => search(faulty), expected, faulty);
    assert.deepEqual(search(base64(3, 0.1)), search([3, 0.1]));
    const [result] = search([3, 0.1]);
    assert.ok(result !== undefined && 'neighbours' in result);
    assert.equal(result.neighbours[0]?.itemId, 'a');
    world.index.close();
  });

  it('each query of a batch gets its own answer, without the item itself', async () => {
    const world = setUp();
    world.index.markCaughtUp();
    await serveThree(world, 'g1');
    const chosen = chooseGeneration(world.index);
    const table = chosen.generation.table!;
    const queries = [
      { itemId: 'b' },
      { itemId: 'nobody' },
      { vector: [...table.get('b')!] },
      { itemId: 'a' },
      { vector: [...table.get('c')!] },
    ];
    const ids = searchAll(chosen, queries, 2).map((result) =>
      'error' in result ? result.error : result.neighbours.map(({ itemId }) => itemId),
    );
    assert.deepEqual(ids, [['a', 'c'], 'item.unknown', ['b', 'a'], ['b', 'c'], ['c', 'b']]);
    assert.deepEqual(searchAll(chosen, [], 2), []);
    world.index.close();
  });
});
