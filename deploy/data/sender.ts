import { setTimeout as delay } from 'node:timers/promises';
import type { ReceivedVerdict } from './gateway.ts';

export interface SenderOptions<T> {
  /** Sends a JSON array and resolves with a verdict on each element, in their order. */
  readonly post: (body: string) => Promise<readonly ReceivedVerdict[]>;
  /** Elements of one key are sent in the order in which they were enqueued. */
  readonly keyOf: (element: T) => string;
  /** Returns an element as JSON. Default: JSON.stringify. */
  readonly jsonOf?: (element: T) => string;
  /** Maximum number of requests in flight. */
  readonly lanes: number;
  /** Maximum number of elements per request. Default 1,000. */
  readonly batchSize?: number;
  /** Maximum size of a request in bytes. Default: a little under 1 MiB. */
  readonly batchBytes?: number;
  readonly onAccepted?: (element: T, verdict: ReceivedVerdict & { status: 'accepted' }) => void;
  /** Called for an element that will not be accepted. */
  readonly onRejected?: (element: T, verdict: ReceivedVerdict & { status: 'rejected' }) => void;
}

export interface SendCounts {
  /** Elements that were sent in a request, each once, however often the request was repeated. */
  readonly sent: number;
  readonly acknowledged: number;
  readonly rejected: number;
  /** The first few rejections as text. */
  readonly rejections: readonly string[];
}

export interface Sender<T> {
  /**
   * Enqueues an element; it is sent as soon as its lane is free, together with all elements that wait there by then.
   * @throws the error of a request that has failed for good
   */
  enqueue(element: T): void;
  /**
   * Resolves when fewer than `count` elements are unanswered.
   * @throws the error of the first request that failed for good
   */
  whenBelow(count: number): Promise<void>;
  readonly counts: SendCounts;
  /** Number of unanswered elements. */
  readonly pending: number;
}

interface Waiting<T> {
  readonly element: T;
  readonly json: string;
}

const EXAMPLES = 5;

/** Requests in a row that a lane repeats because Kafka did not confirm elements of them: several minutes. */
const MAX_UNCONFIRMED = 60;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Sends elements in batches that form by themselves: while a lane's request is in flight, new elements wait for the
 * next one. At a low rate each element is sent alone, at a high rate in full batches. A key always uses the same
 * lane, which preserves its order.
 */
export function createSender<T>(options: SenderOptions<T>): Sender<T> {
  const {
    post,
    keyOf,
    jsonOf = JSON.stringify,
    lanes,
    batchSize = 1_000,
    batchBytes = 1_000_000,
    onAccepted,
    onRejected,
  } = options;
  const queues: Waiting<T>[][] = Array.from({ length: lanes }, () => []);
  const busy = new Set<number>();
  const counts = { sent: 0, acknowledged: 0, rejected: 0, rejections: [] as string[] };
  let waiters: {
    readonly count: number;
    readonly resolve: () => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  let pending = 0;
  let failed: { readonly error: unknown } | undefined;

  async function drain(lane: number): Promise<void> {
    busy.add(lane);
    let unconfirmed = 0;
    try {
      const queue = queues[lane]!;
      while (queue.length > 0 && failed === undefined) {
        const batch = nextBatch(queue, batchSize, batchBytes);
        counts.sent += batch.length;
        const again = settle(batch, await post(`[${batch.map(({ json }) => json).join(',')}]`));
        pending -= batch.length - again.length;
        wake();
        if (again.length === 0) {
          unconfirmed = 0;
          continue;
        }
        unconfirmed += 1;
        if (unconfirmed > MAX_UNCONFIRMED)
          throw new Error(`Kafka did not confirm ${unconfirmed} requests in a row`);
        counts.sent -= again.length;
        queue.unshift(...again);
        await delay(Math.min(LONGEST_PAUSE_MS, 100 * 2 ** unconfirmed) * (0.5 + Math.random() / 2));
      }
    } catch (error) {
      failed ??= { error };
      wake();
    } finally {
      busy.delete(lane);
    }
  }

  /** Counts the verdicts. @returns the elements that may be accepted when they are sent again */
  function settle(batch: readonly Waiting<T>[], verdicts: readonly ReceivedVerdict[]): Waiting<T>[] {
    if (verdicts.length !== batch.length) {
      throw new Error(`The gateway returned ${verdicts.length} verdicts for ${batch.length} elements`);
    }
    const again: Waiting<T>[] = [];
    for (const [index, waiting] of batch.entries()) {
      const { element } = waiting;
      const verdict = verdicts[index]!;
      if (verdict.status === 'accepted') {
        counts.acknowledged += 1;
        onAccepted?.(element, verdict);
      } else if (verdict.error.retryable) {
        again.push(waiting);
      } else {
        counts.rejected += 1;
        const { code, field, reason } = verdict.error;
        if (counts.rejections.length < EXAMPLES) {
          counts.rejections.push(`${keyOf(element)} ${code}${field ? ` (${field})` : ''}: ${reason}`);
        }
        onRejected?.(element, verdict);
      }
    }
    return again;
  }

  function wake(): void {
    const woken = waiters.filter(({ count }) => failed !== undefined || pending < count);
    waiters = waiters.filter((waiter) => !woken.includes(waiter));
    for (const { resolve, reject } of woken) failed === undefined ? resolve() : reject(failed.error);
  }

  return {
    counts,
    get pending() {
      return pending;
    },
    enqueue(element) {
      if (failed !== undefined) throw failed.error;
      const lane = laneOf(keyOf(element), lanes);
      queues[lane]!.push({ element, json: jsonOf(element) });
      pending += 1;
      // The task that fills the queue runs first, so that the elements that it enqueues share a request.
      if (!busy.has(lane)) {
        busy.add(lane);
        queueMicrotask(() => void drain(lane));
      }
    },
    whenBelow(count) {
      return new Promise((resolve, reject) => {
        waiters.push({ count, resolve, reject });
        wake();
      });
    },
  };
}

/** Returns at least one element, and as many more as fit. */
function nextBatch<T>(queue: Waiting<T>[], batchSize: number, batchBytes: number): Waiting<T>[] {
  let bytes = 0;
  let length = 0;
  while (length < Math.min(queue.length, batchSize)) {
    bytes += Buffer.byteLength(queue[length]!.json) + 1;
    if (length > 0 && bytes > batchBytes) break;
    length += 1;
  }
  return queue.splice(0, length);
}

/** FNV-1a over UTF-16 units. It spreads ids evenly and need not match any other hash. */
function laneOf(key: string, lanes: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return (hash >>> 0) % lanes;
}
