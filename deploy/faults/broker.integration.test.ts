import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runBrokerLoss } from './broker/run.ts';
import { startFaultServers } from './servers.ts';

test('a broker that is killed under load loses no action that the gateway has acknowledged', async (t) => {
  const servers = await startFaultServers({ nodes: 3, heap: '256m' });
  t.after(() => servers.stop());
  const result = await runBrokerLoss(servers, { actions: 2_000, kills: 1 });
  t.diagnostic(JSON.stringify(result));
  assert.deepEqual(result.faults, []);
  assert.equal(result.missing, 0);
  assert.equal(result.stopped, 0);
  assert.ok(result.acknowledged >= 2_000);
});
