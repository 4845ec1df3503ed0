import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '#platform/testing/wait-for.ts';
import { peakOf, watchMemory } from './memory.ts';

test('a watched process has the maximum memory of its samples', async () => {
  const since = Date.now();
  const watch = watchMemory(() => [{ name: 'self', pid: process.pid }]);
  try {
    const before = watch.peaks.self!;
    const filled = Buffer.alloc(64 * 2 ** 20, 1);
    await waitFor(() => watch.peaks.self! > before + filled.length / 2 ** 21, {
      message: 'the buffer is seen',
    });
    assert.equal(watch.peakBetween(since, Date.now()), watch.peaks.self);
  } finally {
    watch.stop();
  }
});

test('the peak of a period counts the last sample before it, and none after its end', () => {
  const samples = [
    { at: 1_000, mib: 9 },
    { at: 1_500, mib: 3 },
    { at: 2_000, mib: 5 },
    { at: 2_500, mib: 7 },
  ];
  assert.equal(peakOf(samples, 1_600, 2_000), 5);
  assert.equal(peakOf(samples, 1_600, 1_900), 3);
  assert.equal(peakOf(samples, 0, 3_000), 9);
  assert.equal(peakOf([], 0, 3_000), 0);
});
