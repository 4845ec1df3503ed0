import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runBrokerLoss } from './broker/run.ts';
import { startFaultServers } from './servers.ts';

test('no acknowledged action is missing after the broker was killed while clients posted', async (t) => {
  const servers = await startFaultServers({ nodes: 1, heap: '256m' });
  t.after(() => servers.stop());
  const result = await runBrokerLoss(servers, { actions: 2_000, kills: 1, isCompared: false });
  t.diagnostic(JSON.stringify(result));
  assert.deepEqual(result.faults, []);
  assert.deepEqual([result.missing, result.windowDifferences, result.stopped], [0, 0, 0]);
  assert.ok(result.acknowledged >= 2_000);
});
