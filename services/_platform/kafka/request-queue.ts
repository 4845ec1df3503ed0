import { createRequire } from 'node:module';

interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly inflight: ReadonlyMap<number, { sentAt: number; requestTimeout: number; timeoutRequest(): void }>;
  readonly enforceRequestTimeout: boolean;
  readonly requestTimeout: number;
  requestTimeoutIntervalId: NodeJS.Timeout;
  scheduleCheckPendingRequests(): void;
  scheduleRequestTimeoutCheck(): void;
  isConnected(): boolean;
  destroy(): void;
}

const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as {
  prototype: RequestQueue;
};
const schedule = prototype.scheduleCheckPendingRequests;

/** Time between two checks of a connection for requests without an answer, ms; their timeout is many times longer. */
const TIMEOUT_CHECK_MS = 1_000;

/**
 * Makes connections that do nothing wake the process seldom.
 *
 * - Once a connection has answered a request, kafkajs 2.2.4 checks for pending requests every millisecond for ever: its
 *   delay is a time in the past, so the timer fires at once and sets itself again. With this patch it checks only while
 *   a request is pending; a request that has to wait schedules the check itself. An idle stage took 3.4 % of a core
 *   before and 2.3 % with it.
 * - It looks for requests that have timed out every 100 ms on each connection, and a stage has up to ten of them. Here it does so every
 *   second.
 */
export function quietenConnections(): void {
  prototype.scheduleCheckPendingRequests = function scheduleIfPending(this: RequestQueue): void {
    if (this.pending.length > 0) schedule.call(this);
  };
  prototype.scheduleRequestTimeoutCheck = function scheduleEachSecond(this: RequestQueue): void {
    if (!this.enforceRequestTimeout) return;
    this.destroy();
    this.requestTimeoutIntervalId = setInterval(
      () => endTimedOut(this),
      Math.min(this.requestTimeout, TIMEOUT_CHECK_MS),
    );
  };
}

function endTimedOut(queue: RequestQueue): void {
  const now = Date.now();
  for (const request of queue.inflight.values())
    if (now - request.sentAt > request.requestTimeout) request.timeoutRequest();
  if (!queue.isConnected()) queue.destroy();
}
