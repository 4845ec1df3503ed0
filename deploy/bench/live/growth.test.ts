import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { measureGrowth } from './growth.ts';
import { Pipeline } from './pipeline.ts';

const NO_WINDOWS = { histories: [], alpha: 1, vectorOf: () => undefined, categoriesOf: () => [] };

describe('the worlds that grow', () => {
  it('leaves out a world that the machine has no memory for, says so, and measures the others', async () => {
    const printed = mock.method(console, 'error', () => undefined);
    const rows = await measureGrowth(NO_WINDOWS, 1, [
      { users: 1e12, items: 1_000 },
      { users: 2e12, items: 1_000 },
    ]);
    printed.mock.restore();
    assert.deepEqual(
      rows.map(({ users }) => users),
      [1e12, 2e12],
    );
    assert.match(String(rows[0]!.skipped), /^11000007000 MiB are needed, and \d+ are available$/);
    const [row] = printed.mock.calls.at(0)!.arguments as [string];
    assert.deepEqual(JSON.parse(row), { growth: rows[0] });
  });

  it('writes a few batches at once, reports each hundred thousand users, and ends when all are written', async () => {
    const printed = mock.method(console, 'error', () => undefined);
    const writing = new Pipeline('windows', 250_000);
    const open: PromiseWithResolvers<void>[] = [];
    let ended = 0;
    const add = () => {
      const write = Promise.withResolvers<void>();
      open.push(write);
      return writing.add([write.promise.then(() => ended++)], 50_000);
    };
    await add();
    await add();
    const third = add();
    assert.equal(
      await Promise.race([third.then(() => 'added'), new Promise((r) => setImmediate(r, 'waits'))]),
      'waits',
    );
    open[0]!.resolve();
    await third;
    for (const { resolve } of open) resolve();
    await writing.end();
    printed.mock.restore();
    assert.equal(ended, 3);
    assert.match(
      String(printed.mock.calls[0]!.arguments[0]),
      /windows of 100000 of 250000 users after \d+ s/,
    );
  });

  it('fails with the error of a write', async () => {
    const writing = new Pipeline('pools', 10);
    await writing.add([Promise.reject(new Error('no Redis'))], 10);
    await assert.rejects(writing.end(), /no Redis/);
  });
});
