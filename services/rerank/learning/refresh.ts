import { setTimeout as delay } from 'node:timers/promises';

/** A value that is read again at an interval; readers see the last complete one. */
export async function refreshing<T>(options: {
  read: () => Promise<T>;
  everyMs: number;
  signal: AbortSignal;
  onFailure: (error: unknown) => void;
}): Promise<{ readonly current: T }> {
  const { read, everyMs, signal, onFailure } = options;
  let current = await read();

  async function keepReading(): Promise<void> {
    while (!signal.aborted) {
      await delay(everyMs, undefined, { signal });
      current = await read();
    }
  }
  keepReading().catch((error: unknown) => {
    if (!signal.aborted) onFailure(error);
  });
  return {
    get current() {
      return current;
    },
  };
}
