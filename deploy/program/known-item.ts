/** Whether Tributary knows an item, so that a mistyped id is noticed. */
import { TributaryError } from '#contracts/errors.ts';
import type { Peer } from '#platform/http/peer.ts';
import { printable } from '#topics/format.ts';

/**
 * Returns false if the catalogue does not list the item and the served generation has no vector of it, which also an item outside
 * of the catalogue has once a retraining has seen its actions. Returns null if the stages cannot say.
 */
export async function isItemKnown(gateway: Peer, itemId: string): Promise<boolean | null> {
  const id = encodeURIComponent(itemId);
  const [isListed, hasVector] = await Promise.all([
    has(gateway, `/v1/items?itemId=${id}`, 'item.unlisted'),
    has(gateway, `/v1/similar?itemId=${id}&n=1`, 'item.unknown'),
  ]);
  if (isListed === true || hasVector === true) return true;
  return isListed === false && hasVector === false ? false : null;
}

/** Says that a false answer of `isItemKnown` may come from a mistyped id. */
export function renderUnknownItem(itemId: string): string {
  return `No catalogue entry and no other action up to the last retraining has the item ${printable(itemId)}: compare the id.`;
}

async function has(gateway: Peer, path: string, absent: string): Promise<boolean | undefined> {
  try {
    await gateway.get(path);
    return true;
  } catch (error) {
    // The command shows what follows from the action, also while a stage cannot answer this question.
    if (!(error instanceof TributaryError)) throw error;
    return error.code === absent ? false : undefined;
  }
}
