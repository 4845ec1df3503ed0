import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { quietenConnections } from './request-queue.ts';

interface Queue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  inflight: Map<number, { sentAt: number; requestTimeout: number; timeoutRequest(): void }>;
  enforceRequestTimeout: boolean;
  requestTimeout: number;
  scheduleRequestTimeoutCheck(): void;
  isConnected(): boolean;
  destroy(): void;
}

const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as {
  prototype: Queue;
};

test('an idle connection sets no timer, and one with a pending request does', (t) => {
  quietenConnections();
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

test('a request without an answer ends once its timeout is over, and the next one does not yet', (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] });
  quietenConnections();
  const queue: Queue = Object.create(prototype);
  const ended: number[] = [];
  const sent = (id: number, sentAt: number) =>
    [id, { sentAt, requestTimeout: 3_000, timeoutRequest: () => void ended.push(id) }] as const;
  queue.inflight = new Map([sent(1, 0), sent(2, 2_500)]);
  queue.enforceRequestTimeout = true;
  queue.requestTimeout = 30_000;
  queue.isConnected = () => true;
  queue.scheduleRequestTimeoutCheck();
  t.mock.timers.tick(3_000);
  assert.deepEqual(ended, []);
  t.mock.timers.tick(1_000);
  assert.deepEqual(ended, [1]);
  queue.destroy();
});
