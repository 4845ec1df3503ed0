import { setTimeout as delay } from 'node:timers/promises';
import type { App, SentAction } from './app.ts';

/** Waits for each action, until a slate reflects it. */
export interface Freshness {
  /** Ms from the 202 of an action to the slate that reflects it, of all probes that ended. */
  readonly samplesMs: readonly number[];
  /** Probes that saw no such slate in time; they are in no quantile. */
  readonly timedOut: number;
  /** Slates that the probes asked for. */
  readonly slates: number;
}

const PROBES_A_SECOND = 5;
/** A probe asks again after this time, ms, or a fifth of the time that it has waited, so that waiting adds no load. */
const POLL_MS = 5;
const TIMEOUT_MS = 10_000;

/** Probes at a fixed rate until the signal; probes that are under way are awaited. */
export async function probeFreshness(
  app: App,
  next: () => SentAction,
  until: AbortSignal,
): Promise<Freshness> {
  const samplesMs: number[] = [];
  let timedOut = 0;
  let slates = 0;
  const underWay = new Set<Promise<void>>();

  async function probe(): Promise<void> {
    const action = next();
    const offset = await app.act(action);
    const accepted = performance.now();
    for (;;) {
      slates++;
      const isReflected = (await app.slate(action.userId)) >= offset;
      const waited = performance.now() - accepted;
      if (isReflected) {
        samplesMs.push(waited);
        return;
      }
      if (waited > TIMEOUT_MS) break;
      await delay(Math.max(POLL_MS, waited / 5));
    }
    timedOut++;
  }
  while (!until.aborted) {
    const one: Promise<void> = probe()
      .catch(() => void timedOut++)
      .finally(() => underWay.delete(one));
    underWay.add(one);
    await delay(1_000 / PROBES_A_SECOND, undefined, { signal: until }).catch(() => undefined);
  }
  await Promise.all(underWay);
  return { samplesMs, timedOut, slates };
}
