import type { Slate, UserAction } from '#contracts/generated/records.ts';
import type { IncomingMessage } from '#platform/kafka/messages.ts';
import type { AttributionRules, Join, OpenSlot, Settlement } from './attribution.ts';
import type { JoinChange, JoinRequest, ShownSlate } from './store.ts';

/** Messages of one step. */
interface StepMessages {
  readonly slates: ReadonlyArray<IncomingMessage<Slate>>;
  readonly actions: ReadonlyArray<IncomingMessage<UserAction>>;
}

/** What a step has to know of the state. */
export function requestOf(
  { slates, actions }: StepMessages,
  { weights }: Pick<AttributionRules, 'weights'>,
  rest: Pick<JoinRequest, 'offsets' | 'closesBefore'>,
): JoinRequest {
  const slateIds: string[] = [];
  const shown: Array<JoinRequest['shown'][number]> = [];
  for (const { value } of slates) {
    if (value === null) continue;
    slateIds.push(value.slateId);
    shown.push({ userId: value.userId, itemIds: [...new Set(value.slots.map(({ itemId }) => itemId))] });
  }
  const acted = new Map<string, JoinRequest['acted'][number]>();
  for (const { value } of actions) {
    if (value === null || weights[value.type] === 0) continue;
    const { userId, itemId, type } = value;
    const key = `${userId.length}:${userId}${itemId}`;
    const reward = Math.max(weights[type], acted.get(key)?.reward ?? Number.NEGATIVE_INFINITY);
    acted.set(key, { userId, itemId, reward });
  }
  return { slateIds, shown, acted: [...acted.values()], ...rest };
}

/** @param shown of the slates with settled slots, by offset */
export function changeOf(
  { changes }: Join,
  { settled, closed }: Settlement,
  shown: ReadonlyMap<number, ShownSlate>,
): Omit<JoinChange, 'head' | 'joined' | 'rewards'> {
  const isClosed = new Set(closed);
  const waited = new Map<(typeof closed)[number], Array<Pick<OpenSlot, 'slot' | 'itemId'>>>();
  for (const slate of closed) waited.set(slate, []);
  for (const { slate, slot, itemId } of settled) waited.get(slate)?.push({ slot, itemId });
  return {
    erased: [...changes.erased],
    slates: [...changes.slates]
      .filter((slate) => !isClosed.has(slate))
      .map((slate) => ({ slate, shown: shown.get(slate.offset)! })),
    earned: [...changes.earned]
      .filter(([slot, slate]) => slate.open.includes(slot))
      .map(([slot, slate]) => ({ slate, slot })),
    settled: settled.filter(({ slate }) => !isClosed.has(slate)),
    closed: closed
      .filter((slate) => !changes.slates.has(slate))
      .map((slate) => ({
        slate,
        open: waited.get(slate)!,
        slots: shown.get(slate.offset)?.slots.length ?? 0,
      })),
    actions: [...changes.actions].map(([action, userId]) => ({ userId, action })),
  };
}

export function isEmptyChange(change: Omit<JoinChange, 'head' | 'joined' | 'rewards'>): boolean {
  return Object.values(change).every((part) => part.length === 0);
}
