import type { DatasetAction, DatasetItem } from './dataset.ts';
import type { Gateway } from './gateway.ts';
import type { Progress } from './progress.ts';
import { createSender, type SendCounts, type Sender } from './sender.ts';
import { shifted } from './shift.ts';

/** Requests in flight: enough to keep the gateway and the broker busy without a queue in them. */
export const LANES = 4;
/** Elements read ahead of the gateway: two full requests per lane. */
const READ_AHEAD = LANES * 2_000;

/** Sends the catalogue as fast as the gateway accepts it, and resolves when all of it is acknowledged. */
export function loadItems(
  items: AsyncIterable<DatasetItem>,
  gateway: Gateway,
  progress?: Progress,
  onRejected?: (itemId: string, reason: string) => void,
): Promise<SendCounts> {
  const sender = createSender<DatasetItem>({
    post: gateway.putItems,
    keyOf: ({ itemId }) => itemId,
    lanes: LANES,
    onRejected: ({ itemId }, { error }) => onRejected?.(itemId, `${error.reason} (${error.code})`),
  });
  return enqueueAll(items, sender, progress);
}

/**
 * Sends historic actions as fast as the gateway accepts them, each `shift` milliseconds later than in the data, and
 * resolves when all are acknowledged. Each user's actions keep their order.
 */
export function loadHistory(
  actions: AsyncIterable<DatasetAction>,
  shift: number,
  gateway: Gateway,
  progress?: Progress,
): Promise<SendCounts> {
  return enqueueAll(
    mapAsync(actions, (action) => shifted(action, shift)),
    createSender({ post: gateway.postActions, keyOf: ({ userId }) => userId, lanes: LANES }),
    progress,
  );
}

/**
 * Enqueues elements as fast as the sender gets rid of them, and resolves when all have verdicts.
 * @throws the error of the first request that failed for good
 */
export async function enqueueAll<T>(
  elements: AsyncIterable<T>,
  sender: Sender<T>,
  progress?: Progress,
): Promise<SendCounts> {
  const report = () => progress?.update(sender.counts.acknowledged + sender.counts.rejected);
  for await (const element of elements) {
    sender.enqueue(element);
    if (sender.pending < READ_AHEAD) continue;
    await sender.whenBelow(READ_AHEAD);
    report();
  }
  while (sender.pending > 0) {
    await sender.whenBelow(sender.pending);
    report();
  }
  return sender.counts;
}

async function* mapAsync<T, R>(source: AsyncIterable<T>, change: (element: T) => R): AsyncIterable<R> {
  for await (const element of source) yield change(element);
}
