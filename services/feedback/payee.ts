import type { OpenSlot, PendingSlate, RecentAction } from './attribution.ts';

/** What an action pays; nothing if it counts for no slate. */
interface Payee {
  readonly slate?: PendingSlate;
  readonly slot?: OpenSlot;
}

/** The slate that the action names if it counts for it, else the latest for which it counts. */
export function payeeOf(pending: readonly PendingSlate[], action: RecentAction): Payee {
  let latest: Payee = {};
  for (const slate of pending) {
    const isNamed = slate.slateId === action.slateId;
    if (!isInTime(slate, action, isNamed ? action.until : action.servedUntil)) continue;
    const holding = slate.open.filter(({ itemId }) => itemId === action.itemId);
    if (holding.length === 0) continue;
    if (isNamed) return { slate, slot: holding.find(({ slot }) => slot === action.slot) ?? holding[0]! };
    if (isLater(slate, latest.slate)) latest = { slate, slot: holding[0]! };
  }
  return latest;
}

function isLater(slate: PendingSlate, other: PendingSlate | undefined): boolean {
  if (other === undefined) return true;
  return (
    slate.servedAt - other.servedAt > 0 || (slate.servedAt === other.servedAt && slate.offset > other.offset)
  );
}

function isInTime({ servedAt, closesAt }: PendingSlate, action: RecentAction, servedUntil: number): boolean {
  return servedAt <= servedUntil && action.occurredAt <= closesAt && action.streamTime <= closesAt;
}
