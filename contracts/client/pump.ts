import { type GatewayAnswer, type GatewayCall, isTransient } from './gateway-call.ts';
import type { ClientPlatform } from './platform.ts';
import type { DescribedFault, TrackVerdict } from './types.ts';

/** An element that waits for its verdict. */
export interface WaitingEntry {
  readonly id: string;
  /** Returns the element as JSON for the next request. */
  json(): string;
  settle(verdict: TrackVerdict): void;
  /** Whether it was sent again because its time was corrected. */
  isRetimed?: boolean;
}

/** Sends what waits, in order, one request at a time, until each element has a verdict. */
export interface Pump {
  readonly waiting: WaitingEntry[];
  /** Elements at the head of `waiting` that are in a request. */
  readonly flying: number;
  /** Sends at once; resolves when nothing waits, or after `stop`. */
  run(): Promise<void>;
  /** Ends a pause between two attempts. */
  hurry(): void;
  stop(): void;
}

export interface PumpOptions {
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly call: GatewayCall;
  readonly platform: Pick<ClientPlatform, 'later' | 'random' | 'limits'>;
  /** The present correction of times: an element that was refused for its time is sent again once after it changed. */
  readonly correction: () => number;
  /** Called with the reason why elements are to be sent again, once for each reason in a row. */
  readonly onError: (fault: DescribedFault) => void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

export function createPump(options: PumpOptions): Pump {
  const { method, path, call, platform, correction, onError } = options;
  const { batchSize, batchBytes } = platform.limits;
  const waiting: WaitingEntry[] = [];
  let most = batchSize;
  let attempts = 0;
  let flying = 0;
  let isStopped = false;
  let running: Promise<void> | undefined;
  let reported: string | undefined;
  let endPause: () => void = () => undefined;

  async function send(): Promise<void> {
    while (waiting.length > 0 && !isStopped) {
      const { batch, body } = nextRequest(waiting, most, batchBytes);
      const former = correction();
      flying = batch.length;
      const answer = await call(method, path, body);
      flying = 0;
      if (answer.status === 413 && batch.length > 1) {
        most = Math.ceil(batch.length / 2);
        continue;
      }
      const kept = settle(batch, answer, correction() !== former);
      report(kept.length > 0 ? faultOf(answer) : undefined);
      // What came meanwhile stands behind the batch.
      waiting.splice(0, batch.length, ...kept);
      if (kept.length < batch.length) {
        most = Math.min(batchSize, most * 2);
        attempts = 0;
      }
      if (kept.length > 0 && !isStopped) await pause(answer.restMs);
    }
  }

  /** @returns the elements to send again */
  function settle(
    batch: readonly WaitingEntry[],
    { status, body }: GatewayAnswer,
    isCorrected: boolean,
  ): readonly WaitingEntry[] {
    const { results } = body;
    if (results?.length !== batch.length) {
      // Without a verdict for each a success is none.
      if (isTransient(status) || status < 300) return batch;
      const error = faultOf({ status, body });
      for (const one of batch) one.settle({ id: one.id, status: 'rejected', error });
      return [];
    }
    return batch.filter((one, index) => {
      const result = results[index]!;
      if (result.status === 'accepted') {
        const { partition, offset } = result;
        one.settle({ id: one.id, status: 'accepted', partition, offset });
        return false;
      }
      const { error } = result;
      if (error.retryable || (error.code === 'time.future' && isCorrected && !one.isRetimed)) {
        one.isRetimed ||= !error.retryable;
        return true;
      }
      one.settle({ id: one.id, status: 'rejected', error });
      return false;
    });
  }

  function report(fault: DescribedFault | undefined): void {
    if (fault !== undefined && fault.code !== reported) onError(fault);
    reported = fault?.code;
  }

  /** Doubles with each attempt; half of it is random, so that clients that failed together do not return together. */
  function pause(restMs: number): Promise<void> {
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempts++);
    return new Promise((resolve) => {
      endPause = platform.later(Math.max(restMs, longest * (0.5 + platform.random() / 2)), resolve);
    });
  }

  return {
    waiting,
    get flying() {
      return flying;
    },
    run() {
      running ??= send().finally(() => {
        running = undefined;
      });
      return running;
    },
    hurry: () => endPause(),
    stop() {
      isStopped = true;
      endPause();
    },
  };
}

/** The error of an answer as a whole, or the one with which it wants an element sent again. */
export function faultOf({ status, body }: Pick<GatewayAnswer, 'status' | 'body'>): DescribedFault {
  const errors = (body.results ?? []).map((result) => (result as { error?: DescribedFault }).error);
  const unnamed = { code: `http.${status}`, reason: `the gateway answered ${status}` };
  return body.error ?? errors.find((error) => error?.retryable) ?? unnamed;
}

/** Returns at least one element, and as many more as fit into a request. */
export function nextRequest(
  waiting: readonly WaitingEntry[],
  most: number,
  mostBytes: number,
): { readonly batch: readonly WaitingEntry[]; readonly body: string } {
  const encoder = new TextEncoder();
  const batch: WaitingEntry[] = [];
  const texts: string[] = [];
  let bytes = 2;
  for (const one of waiting.slice(0, most)) {
    const text = one.json();
    bytes += encoder.encode(text).length + 1;
    if (batch.length > 0 && bytes > mostBytes) break;
    batch.push(one);
    texts.push(text);
  }
  return { batch, body: `[${texts.join(',')}]` };
}

/** The verdict of an element that was not sent. */
export function dropped(id: string, code: string, reason: string): TrackVerdict {
  const error: DescribedFault = { code, reason };
  return { id, status: 'dropped', error };
}
