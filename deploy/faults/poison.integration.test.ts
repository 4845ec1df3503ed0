import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCorpus } from './poison/run.ts';

/** Retrain holds TensorFlow; a stage that kept a whole 33 MiB batch of each partition would hold far more. */
const MOST_MIB = 1_000;

test('each poison is one dead letter of each group, no stage stops, and what stands behind it is handled', async (t) => {
  const result = await runCorpus();
  t.diagnostic(JSON.stringify(result));
  assert.deepEqual(result.differences, []);
  assert.equal(result.stopped, 0);
  assert.ok(result.cases > 130, `${result.cases} cases`);
  assert.ok(result.memoryMib < MOST_MIB, `${result.memoryMib} MiB`);
});
