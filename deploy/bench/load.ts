import { setTimeout as delay } from 'node:timers/promises';

/** Interval at which due requests are sent. */
const TICK_MS = 5;

export interface LoadFigures {
  readonly requests: number;
  /** Requests whose promise was rejected. */
  readonly failed: number;
  readonly perSecond: number;
  /** Time from sending to the complete response, of the successful requests. */
  readonly latenciesMs: readonly number[];
  /** The distinct reasons of failed requests. */
  readonly reasons: readonly string[];
}

/**
 * An open load: requests are sent when they are due, whether or not earlier ones were answered, so that a pause of
 * the server affects all requests that fall into it.
 *
 * @param send sends the request of that number, from 0
 * @param until ends the load; requests in flight are awaited
 */
export async function offerLoad(options: {
  readonly perSecond: number;
  readonly until: AbortSignal;
  readonly send: (number: number) => Promise<void>;
}): Promise<LoadFigures> {
  const { perSecond, until, send } = options;
  const latenciesMs: number[] = [];
  const reasons = new Set<string>();
  const underWay = new Set<Promise<void>>();
  let failed = 0;
  let sent = 0;
  const started = performance.now();

  const offer = async (number: number): Promise<void> => {
    const from = performance.now();
    try {
      await send(number);
      latenciesMs.push(performance.now() - from);
    } catch (error) {
      failed += 1;
      reasons.add(error instanceof Error ? error.message : String(error));
    }
  };
  while (!until.aborted) {
    const due = Math.floor(((performance.now() - started) / 1_000) * perSecond);
    for (; sent < due; sent++) {
      const request: Promise<void> = offer(sent).finally(() => underWay.delete(request));
      underWay.add(request);
    }
    await delay(TICK_MS);
  }
  const seconds = (performance.now() - started) / 1_000;
  await Promise.all(underWay);
  return { requests: sent, failed, perSecond: sent / seconds, latenciesMs, reasons: [...reasons] };
}
