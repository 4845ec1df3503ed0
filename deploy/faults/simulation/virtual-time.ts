import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import type { Cancel, Scheduler } from './scheduler.ts';

/** What the real functions return, as far as the stages use it. */
class VirtualTimer {
  cancel: Cancel = () => undefined;
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

type Callback = (...parameters: unknown[]) => void;

/**
 * Replaces the timers and clocks of Node by those of the scheduler, so that the code of the stages runs in virtual time
 * as it is. Modules that import a timer by its name get the virtual one too.
 * @returns a function that puts the real ones back
 */
export function installVirtualTime(scheduler: Scheduler): () => void {
  const start = scheduler.now;
  function setTimer(callback: Callback, ms = 0, ...parameters: unknown[]): VirtualTimer {
    const timer = new VirtualTimer();
    timer.cancel = scheduler.after(ms, () => callback(...parameters));
    return timer;
  }
  function setRepeatedTimer(callback: Callback, ms = 0, ...parameters: unknown[]): VirtualTimer {
    const timer = new VirtualTimer();
    const repeat = (): void => {
      timer.cancel = scheduler.after(Math.max(1, ms), () => {
        repeat();
        callback(...parameters);
      });
    };
    repeat();
    return timer;
  }
  const clearTimer = (timer: unknown): void => {
    if (timer instanceof VirtualTimer) timer.cancel();
  };
  const restores = [
    replace(globalThis, {
      setTimeout: setTimer,
      setInterval: setRepeatedTimer,
      setImmediate: (callback: Callback, ...parameters: unknown[]) => setTimer(callback, 0, ...parameters),
      clearTimeout: clearTimer,
      clearInterval: clearTimer,
      clearImmediate: clearTimer,
    }),
    replace(Date, { now: () => scheduler.clock }),
    replace(performance, { now: () => scheduler.now - start }),
    replace(timers, {
      setTimeout: (ms = 0, value?: unknown, { signal }: { signal?: AbortSignal } = {}) =>
        delay(scheduler, ms, value, signal),
      setImmediate: (value?: unknown) => delay(scheduler, 0, value, undefined),
    }),
  ];
  syncBuiltinESMExports();
  return () => {
    for (const restore of restores) restore();
    syncBuiltinESMExports();
  };
}

function delay(
  scheduler: Scheduler,
  ms: number,
  value: unknown,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      cancel();
      const error = new Error('The operation was aborted');
      error.name = 'AbortError';
      reject(error);
    };
    const cancel = scheduler.after(ms, () => {
      signal?.removeEventListener('abort', stop);
      resolve(value);
    });
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

function replace(target: object, replacements: Readonly<Record<string, unknown>>): () => void {
  const former = Object.keys(replacements).map(
    (name) => [name, Object.getOwnPropertyDescriptor(target, name)] as const,
  );
  for (const [name, value] of Object.entries(replacements))
    Object.defineProperty(target, name, { value, configurable: true, writable: true });
  return () => {
    for (const [name, descriptor] of former) {
      if (descriptor === undefined) Reflect.deleteProperty(target, name);
      else Object.defineProperty(target, name, descriptor);
    }
  };
}
