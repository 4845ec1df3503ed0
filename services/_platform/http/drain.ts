import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

const POLL_MS = 20;

/** The two steps in which the server of a stage stops. */
export interface HttpDrain {
  /**
   * Answers for a while what comes on open connections, then stops accepting others, and waits at most `graceMs` milliseconds
   * for the requests in flight.
   */
  stopAccepting(graceMs: number): Promise<void>;
  /** Waits at most `graceMs` milliseconds for the requests that are still in flight, then closes their connections. */
  closeStragglers(graceMs: number): Promise<void>;
}

/**
 * Drains a server around the other steps of a shutdown. A client that sends its body a byte at a time, or does not read its
 * answer, must not delay the commits of the stage: they happen between the two steps.
 * @param farewellMs most time in which clients with open connections are still answered, and told that the connection ends with the answer. A
 *   connection that is closed without one loses the request that is on its way.
 */
export function createHttpDrain(server: FastifyInstance, farewellMs: number): HttpDrain {
  let closed: Promise<unknown> | undefined;
  async function waitAtMost(ms: number): Promise<void> {
    const timer = new AbortController();
    const late = delay(ms, undefined, { signal: timer.signal }).catch(() => undefined);
    await Promise.race([closed, late]);
    timer.abort();
  }
  async function farewell(ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (performance.now() < end && (await connections(server)) > 0) await delay(POLL_MS);
  }
  return {
    async stopAccepting(graceMs) {
      await farewell(farewellMs);
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

/** Returns the number of open connections. */
function connections({ server }: FastifyInstance): Promise<number> {
  return new Promise((resolve) => server.getConnections((error, count) => resolve(error ? 0 : count)));
}
