import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runNemesis } from './nemesis/run.ts';

test('a few faults by a seed leave the state that the log determines', async (t) => {
  const { differences, ...result } = await runNemesis({
    seed: 'short',
    count: 6,
    copies: 1,
    together: 6,
    seconds: [3, 6],
    log: (line) => t.diagnostic(line),
  });
  t.diagnostic(JSON.stringify(result));
  assert.deepEqual(differences, []);
  assert.equal(result.faults, 6);
  assert.ok(result.acknowledged > 20);
});
