import type { DatasetAction, DatasetItem } from './dataset.ts';
import type { Gateway } from './gateway.ts';
import type { Progress } from './progress.ts';
import { createSender, type SendCounts, type Sender } from './sender.ts';
import { shifted } from './shift.ts';

/** Requests in flight: enough to keep the gateway and the broker busy without a queue in them. */
const LANES = 4;
/** Elements read ahead of the gateway: two full requests per lane. */
const READ_AHEAD = LANES * 2_000;

/** Sends the catalogue as fast as the gateway accepts it, and resolves when all of it is acknowledged. */
export function loadItems(
  items: AsyncIterable<DatasetItem>,
  gateway: Gateway,
  progress?: Progress,
): Promise<SendCounts> {
  return sendAll(
    items,
    createSender({ post: gateway.putItems, keyOf: ({ itemId }) => itemId, lanes: LANES }),
    progress,
  );
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
  return sendAll(
    mapAsync(actions, (action) => shifted(action, shift)),
    createSender({ post: gateway.postActions, keyOf: ({ userId }) => userId, lanes: LANES }),
    progress,
  );
}

async function sendAll<T>(
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
