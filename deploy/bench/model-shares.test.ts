import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharesOf, sharesOfWhole } from './model-shares.ts';

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

test('shares of a whole sum to 1, and are 0 where nothing costs anything', () => {
  const costs = new Map([
    ['behaviour', 30],
    ['combiner', 90],
    ['trending', 0],
  ]);
  assert.deepEqual(Object.fromEntries(sharesOfWhole(costs)), {
    behaviour: 0.25,
    combiner: 0.75,
    trending: 0,
  });
  assert.deepEqual([...sharesOfWhole(new Map([['trending', 0]])).values()], [0]);
});
