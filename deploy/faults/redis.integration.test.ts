import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyRedis } from '#platform/testing/redis.ts';
import { emptyUnderLoad } from './redis/empty-under-load.ts';

test('300 users have the same bytes after Redis was emptied under load, and each request meanwhile was answered', async (t) => {
  const result = await emptyUnderLoad(300, emptyRedis);
  t.diagnostic(JSON.stringify(result));
  assert.equal(result.differences, 0);
  assert.equal(result.failedRequests, 0);
  assert.ok(result.requests > 0);
});
