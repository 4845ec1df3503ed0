import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runDrains } from './drains/run.ts';

test('a stage that is asked to end under load loses no request', async (t) => {
  const { differences, reasons, ...result } = await runDrains({
    seed: 'short',
    terms: 1,
    copies: 2,
    stages: ['gateway', 'rerank'],
    log: (line) => t.diagnostic(line),
  });
  t.diagnostic(JSON.stringify(result));
  assert.deepEqual([...reasons], []);
  assert.deepEqual([result.failedSlates, result.failedActions, result.crashes], [0, 0, 0]);
  assert.deepEqual(differences, []);
  assert.ok(result.acknowledged > 20);
});
