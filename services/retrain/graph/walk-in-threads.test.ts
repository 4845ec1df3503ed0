import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LiveGraph } from '#algorithms/pinsage/live-graph.ts';
import { createRandom } from '#algorithms/random.ts';
import { walkInThreads } from './walk-in-threads.ts';
import { type WalkJob, walkHere } from './walk-items.ts';

const ITEMS = 900;

function someJob(change: Partial<WalkJob> = {}): WalkJob {
  const random = createRandom('edges');
  const graph = new LiveGraph({ itemCount: ITEMS, hubDamping: 0.5 });
  for (let e = 0; e < 6_000; e++) graph.add(random.integer(ITEMS), random.integer(700), 1, e);
  const items = Int32Array.from({ length: ITEMS }, (_, item) => item);
  return {
    graph: graph.settle(),
    items,
    names: Uint32Array.from(items, (item) => item * 7),
    counts: Uint8Array.from(items, (item) => (item % 5 === 0 ? 0 : 1)),
    options: { size: 6, steps: 80, restart: 0.5 },
    seed: 3,
    ...change,
  };
}

describe('walks in threads', () => {
  it('walks in threads equal those of one thread, for any number of threads', async () => {
    const expected = await walkHere(someJob());
    for (const threads of [1, 3]) assert.deepEqual(await walkInThreads(threads)(someJob()), expected);
  });

  it('no thread is started if there are no items to walk from', async () => {
    const { neighbourhoods } = await walkInThreads(2)(someJob({ items: new Int32Array() }));
    assert.equal(neighbourhoods.neighbours.length, 0);
  });

  it('threads share the memory of the graph', async () => {
    const { contextsOfItem, itemsOfContext } = someJob().graph;
    for (const { starts, ends, targets, cumulative } of [contextsOfItem, itemsOfContext]) {
      for (const array of [starts, ends, targets, cumulative])
        assert.ok(array.buffer instanceof SharedArrayBuffer);
    }
  });

  it('walks reject with the reason of a failed thread, and can run again afterwards', async () => {
    const walk = walkInThreads(2);
    await assert.rejects(walk(someJob({ options: { size: 6, steps: 0, restart: 0.5 } })), {
      code: 'training.failed',
      message: /Walk steps 0/,
      retryable: true,
    });
    assert.equal((await walk(someJob())).neighbourhoods.size, 6);
  });

  it('walks end with the signal', async () => {
    const stop = new AbortController();
    const walks = walkInThreads(2)(
      someJob({ options: { size: 6, steps: 1_000_000, restart: 0.5 } }),
      stop.signal,
    );
    stop.abort();
    await assert.rejects(walks, { name: 'AbortError' });
    await assert.rejects(walkInThreads(2)(someJob(), stop.signal), { name: 'AbortError' });
  });
});
