import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

/** The two steps in which the server of a stage stops. */
export interface HttpDrain {
  /** Stops accepting connections, and waits at most `graceMs` milliseconds for the requests in flight. */
  stopAccepting(graceMs: number): Promise<void>;
  /** Waits at most `graceMs` milliseconds for the requests that are still in flight, then closes their connections. */
  closeStragglers(graceMs: number): Promise<void>;
}

/**
 * Drains a server around the other steps of a shutdown. A client that sends its body a byte at a time, or does not read its
 * answer, must not delay the commits of the stage: they happen between the two steps.
 */
export function createHttpDrain(server: FastifyInstance): HttpDrain {
  let closed: Promise<unknown> | undefined;
  async function waitAtMost(ms: number): Promise<void> {
    const timer = new AbortController();
    const late = delay(ms, undefined, { signal: timer.signal }).catch(() => undefined);
    await Promise.race([closed, late]);
    timer.abort();
  }
  return {
    async stopAccepting(graceMs) {
      closed = Promise.resolve(server.close());
      // Whoever waits for it meets its error.
      closed.catch(() => undefined);
      await waitAtMost(graceMs);
    },
    async closeStragglers(graceMs) {
      if (closed === undefined) return;
      await waitAtMost(graceMs);
      server.server.closeAllConnections();
      await closed;
    },
  };
}
