import { createRequire } from 'node:module';

interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as {
  prototype: RequestQueue;
};
const schedule = prototype.scheduleCheckPendingRequests;

/**
 * Once a connection has answered a request, kafkajs 2.2.4 checks for pending requests every millisecond for ever: its
 * delay is a time in the past, so the timer fires at once and sets itself again. With this patch it checks only while
 * a request is pending; a request that has to wait schedules the check itself. An idle stage took 3.4 % of a core
 * before and 2.3 % with it.
 */
export function checkPendingRequestsOnlyWhenPending(): void {
  prototype.scheduleCheckPendingRequests = function scheduleIfPending(this: RequestQueue): void {
    if (this.pending.length > 0) schedule.call(this);
  };
}
