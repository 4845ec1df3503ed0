import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { gathering } from './batches-together.ts';
import type { IncomingBatch } from './consumer.ts';

function batchOf(partition: number): IncomingBatch<string> {
  return { topic: 't', partition, messages: [], lastOffset: 0, reject: () => undefined };
}

describe('batches handled together', () => {
  it('hands over the batches of one turn at once, and those of the next turn by themselves', async () => {
    const calls: number[][] = [];
    const handle = gathering<string>({
      together(batches) {
        calls.push(batches.map(({ partition }) => partition));
        return batches.map(() => Promise.resolve());
      },
    });
    const first = handle(batchOf(0));
    await Promise.resolve();
    await Promise.all([first, handle(batchOf(3))]);
    await handle(batchOf(0));
    assert.deepEqual(calls, [[0, 3], [0]]);
  });

  it('fails and ends each batch for itself', async () => {
    const slow = Promise.withResolvers<void>();
    const handle = gathering<string>({
      together: () => [Promise.reject(new Error('lost')), Promise.resolve(), slow.promise],
    });
    const [lost, done, later] = [handle(batchOf(0)), handle(batchOf(1)), handle(batchOf(2))];
    await assert.rejects(lost, /lost/);
    await done;
    let isOver = false;
    void later.then(() => {
      isOver = true;
    });
    await turn();
    assert.equal(isOver, false);
    slow.resolve();
    await later;
  });

  it('fails all batches if the handler throws', async () => {
    const handle = gathering<string>({
      together() {
        throw new TypeError('unexpected');
      },
    });
    const ends = await Promise.allSettled([handle(batchOf(0)), handle(batchOf(1))]);
    assert.deepEqual(
      ends.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
  });
});
