import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EVERYONE } from '#contracts/domain/ids.ts';
import type { HeldProposal } from './pool.ts';
import { held, someItem } from './proposals.testing.ts';
import { SharedLists } from './shared-lists.ts';

const listed = (offset: number, itemId: string, score = 1) =>
  held(offset, { userId: EVERYONE, model: 'trending', version: -1, items: [someItem(itemId, score)] });

function open(forMs: number) {
  let stored: readonly HeldProposal[] = [];
  let at = 1_000;
  let reads = 0;
  const read = async () => {
    reads++;
    return stored;
  };
  const lists = new SharedLists(read, { forMs, now: () => at });
  return {
    lists,
    store: (...proposals: HeldProposal[]) => {
      stored = proposals;
    },
    pass: (ms: number) => {
      at += ms;
    },
    reads: () => reads,
  };
}

describe('the lists for everyone', () => {
  it('are read again only after their time, and at once while there is none', async () => {
    const { lists, store, pass, reads } = open(5_000);
    assert.deepEqual(await lists.read(), []);
    store(listed(1, 'tea'));
    const first = await lists.read();
    assert.equal(first[0]!.offset, 1);
    store(listed(2, 'rye'));
    pass(4_999);
    assert.equal(await lists.read(), first);
    assert.equal(reads(), 2);
    pass(1);
    assert.equal((await lists.read())[0]!.offset, 2);
  });

  it('are the same array while only their offset and their time change', async () => {
    const { lists, store, pass } = open(5_000);
    store(listed(1, 'tea'));
    const first = await lists.read();
    for (const [offset, score, isSame] of [
      [2, 1, true],
      [3, 2, false],
    ] as const) {
      store(listed(offset, 'tea', score));
      pass(5_000);
      assert.equal((await lists.read()) === first, isSame);
    }
  });

  it('are read once by requests at the same time', async () => {
    const { lists, store, reads } = open(5_000);
    store(listed(1, 'tea'));
    const [one, other] = await Promise.all([lists.read(), lists.read()]);
    assert.equal(one, other);
    assert.equal(reads(), 1);
  });

  it('are read again after an erasure, and after a read that failed', async () => {
    let fails = true;
    const lists = new SharedLists(
      async () => {
        if (fails) throw new Error('no Redis');
        return [listed(1, 'tea')];
      },
      { forMs: 5_000, now: () => 0 },
    );
    await assert.rejects(lists.read(), /no Redis/);
    fails = false;
    const first = await lists.read();
    lists.forget();
    assert.equal(await lists.read(), first);
  });

  it('are read for each request without a time', async () => {
    const { lists, store, reads } = open(0);
    store(listed(1, 'tea'));
    await lists.read();
    store(listed(2, 'rye'));
    assert.equal((await lists.read())[0]!.offset, 2);
    assert.equal(reads(), 2);
  });
});
