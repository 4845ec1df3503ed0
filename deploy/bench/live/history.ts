import type { UserAction } from '#contracts/generated/records.ts';
import { USER_PARTITIONS } from '#topics/catalog.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import type { TestNamespace } from '#topics/test-namespace.ts';
import { sendAll } from '../seeded-windows.ts';
import { lastWindow, type RealWindows } from '../windows.ts';

/** Actions in the log before the load: as many as the demo loads twice over. */
const MOST_ACTIONS = 100_000;

/**
 * Publishes what the households of the windows did last, so that items are as popular as in a running system, and one action for each other
 * item: a scan by popularity would end early where most items have no takers.
 * @param endAt time of the last action, ms
 * @returns by partition, the offset of the last message
 */
export async function publishHistory(
  namespace: TestNamespace,
  { histories }: RealWindows,
  { itemIds, endAt }: { readonly itemIds: readonly string[]; readonly endAt: number },
): Promise<readonly number[]> {
  const share = Math.min(1, MOST_ACTIONS / histories.reduce((sum, one) => sum + lastWindow(one).length, 0));
  const isTaken = new Set<string>();
  const actions: UserAction[] = [];
  for (const [household, history] of histories.entries()) {
    const window = lastWindow(history);
    const shift = endAt - (window.at(-1)?.occurredAt ?? endAt);
    for (const { eventId, itemId, type, occurredAt } of window.slice(-Math.ceil(share * window.length))) {
      isTaken.add(itemId);
      const at = occurredAt + shift;
      const userId = `household-${household}`;
      actions.push(actionOf({ eventId, userId, itemId, type: type as UserAction['type'], at }));
    }
  }
  const others = itemIds.filter((itemId) => !isTaken.has(itemId));
  for (const [number, itemId] of others.entries()) {
    const userId = `household-${number % histories.length}`;
    actions.push(actionOf({ eventId: `first-${number}`, userId, itemId, type: 'view', at: endAt }));
  }
  const messages = actions.map((action) => ({
    key: action.userId,
    value: namespace.encode('UserAction', action),
  }));
  await sendAll(namespace, 'actions', messages);
  const last = new Array<number>(USER_PARTITIONS).fill(-1);
  for (const { key } of messages) last[partitionOfKey(key, USER_PARTITIONS)]! += 1;
  return last;
}

function actionOf(given: {
  readonly eventId: string;
  readonly userId: string;
  readonly itemId: string;
  readonly type: UserAction['type'];
  readonly at: number;
}): UserAction {
  const { at, ...action } = given;
  const nothing = { contextId: null, value: null, slateId: null, slot: null };
  return { ...action, ...nothing, occurredAt: at, receivedAt: at };
}
