/** What happens in the log each second, measured once for all listeners. */
import type { Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import type { Codec } from '#contracts/codec.ts';
import { reasonOf } from '#contracts/errors.ts';
import { watchLag } from '#topics/lag-watch.ts';

export interface LiveFeed {
  /** Adds a listener for intervals (JSON of WatchedInterval); the measuring begins with the first and ends with the last. */
  listen(onInterval: (json: string) => unknown): () => void;
  close(): void;
}

export function createLiveFeed(options: {
  kafka: Kafka;
  codec: Codec;
  namespace: string;
  log: Logger;
}): LiveFeed {
  const { log, ...clients } = options;
  const listeners = new Set<(json: string) => unknown>();
  let measuring: AbortController | undefined;
  /** The last intervals, so that a new listener has a past to draw. */
  let recent: string[] = [];

  async function measure(stop: AbortController): Promise<void> {
    const write = async (line: string): Promise<void> => {
      recent = [...recent, line.trim()].slice(-RECENT);
      for (const listener of listeners) listener(line.trim());
    };
    await watchLag({ ...clients, seconds: 1, json: true, write, signal: stop.signal });
  }

  function begin(): void {
    const stop = new AbortController();
    measuring = stop;
    recent = [];
    measure(stop)
      .catch((error: unknown) => log.warn({ reason: reasonOf(error) }, 'the console cannot measure the log'))
      .finally(() => {
        if (measuring === stop) measuring = undefined;
      });
  }

  return {
    listen(onInterval) {
      listeners.add(onInterval);
      if (measuring === undefined) begin();
      else for (const line of recent) onInterval(line);
      return () => {
        listeners.delete(onInterval);
        if (listeners.size > 0) return;
        measuring?.abort();
        measuring = undefined;
      };
    },
    close: () => measuring?.abort(),
  };
}

/** Seconds that a new listener sees at once. */
const RECENT = 120;
