import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { FetchRests } from './fetch-rests.ts';

describe('the rests of a reader between its fetches', () => {
  let now = 0;
  const advance = (ms: number): void => {
    now += ms;
    mock.timers.tick(ms);
  };

  beforeEach(() => {
    now = 1_000;
    mock.timers.enable({ apis: ['setTimeout'] });
  });
  afterEach(() => mock.timers.reset());

  /** Handles a fetch for `workMs`, and returns for how long the reader rests then, in whole milliseconds. */
  async function restAfter(rests: FetchRests, workMs: number): Promise<number> {
    const rest = rests.begin(false);
    // The fetch ends with the turn of the event loop.
    await Promise.resolve();
    advance(workMs);
    let isOver = false;
    const over = rest().then(() => {
      isOver = true;
    });
    let rested = 0;
    for (; rested < 1_000; rested++) {
      await new Promise(setImmediate);
      if (isOver) break;
      advance(1);
    }
    await over;
    return rested;
  }

  it('last until the shortest time between two fetches is over', async () => {
    const rests = new FetchRests(25, undefined, () => now);
    assert.equal(await restAfter(rests, 0), 25, 'a fetch that took no time');
    assert.equal(await restAfter(rests, 3), 22);
    assert.equal(await restAfter(rests, 24), 1);
    assert.equal(await restAfter(rests, 25), 0);
    assert.equal(await restAfter(rests, 400), 0);
  });

  it('last no longer than the work did where the work sets the time between two fetches', async () => {
    const rests = new FetchRests(25, 2, () => now);
    assert.equal(await restAfter(rests, 1), 1);
    assert.equal(await restAfter(rests, 10), 10);
    assert.equal(await restAfter(rests, 20), 5, 'the shortest time still holds');
    assert.equal(await restAfter(rests, 30), 0);
  });

  it('are none where the work sets them and took no time, or where the fetch has left messages in the log', async () => {
    const rests = new FetchRests(25, 2, () => now);
    assert.equal(await restAfter(rests, 0), 0);
    // Would never end: nobody moves the clock.
    await rests.begin(true)();
  });
});
