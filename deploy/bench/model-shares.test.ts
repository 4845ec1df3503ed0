import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharesOf } from './model-shares.ts';

test('the shares of processor time sum to 1, and memory is what each training added to the peak', () => {
  const rows = sharesOf([
    { model: 'pinsage', seconds: 40, cpuSeconds: 60, peakMiB: 900 },
    { model: 'places', seconds: 10, cpuSeconds: 10, peakMiB: 900 },
    { model: 'sequence', seconds: 30, cpuSeconds: 30, peakMiB: 1_200 },
  ]);
  assert.deepEqual(
    rows.map(({ model, share, raisedMiB }) => [model, share, raisedMiB]),
    [
      ['pinsage', 0.6, 900],
      ['places', 0.1, 0],
      ['sequence', 0.3, 300],
    ],
  );
  assert.deepEqual(sharesOf([{ model: 'none', seconds: 0, cpuSeconds: 0, peakMiB: 1 }])[0]!.share, 0);
});
