import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { checkPendingRequestsOnlyWhenPending } from './request-queue.ts';

interface Queue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
}

const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as {
  prototype: Queue;
};

test('an idle connection sets no timer, and one with a pending request does', (t) => {
  checkPendingRequestsOnlyWhenPending();
  const queue: Queue = Object.create(prototype);
  queue.pending = [];
  queue.throttledUntil = -1;
  queue.throttleCheckTimeoutId = null;
  t.after(() => clearTimeout(queue.throttleCheckTimeoutId ?? undefined));
  queue.checkPendingRequests();
  assert.equal(queue.throttleCheckTimeoutId, null);

  queue.pending = ['a request'];
  queue.throttledUntil = Date.now() + 60_000;
  queue.checkPendingRequests();
  assert.notEqual(queue.throttleCheckTimeoutId, null);
});
