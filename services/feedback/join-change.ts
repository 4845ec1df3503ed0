import type { Slate, UserAction } from '#contracts/generated/records.ts';
import type { IncomingMessage } from '#platform/kafka/messages.ts';
import { type AttributionRules, boundsOf, isJoined, type Join, type Settlement } from './attribution.ts';
import type { JoinChange, JoinRequest, OwnedAction, ShownSlate } from './store.ts';

/** Messages of one step. */
interface StepMessages {
  readonly slates: ReadonlyArray<IncomingMessage<Slate>>;
  readonly actions: ReadonlyArray<IncomingMessage<UserAction>>;
}

/** What a step has to know of the state. */
export function requestOf(
  { slates, actions }: StepMessages,
  rules: AttributionRules,
  due: Pick<JoinRequest, 'payUntil' | 'closesBefore'>,
): JoinRequest {
  const slateIds = slates.flatMap(({ value }) => (value === null ? [] : [value.slateId]));
  const acted = new Map<string, JoinRequest['acted'][number]>();
  for (const { value } of actions) {
    if (value === null || !isJoined(value.type, rules)) continue;
    const { userId, itemId } = value;
    if (boundsOf(value, rules).until <= due.payUntil)
      acted.set(`${userId.length}:${userId}${itemId}`, { userId, itemId });
  }
  return { slateIds, acted: [...acted.values()], ...due };
}

/** @param shown of the slates that wait from now on, by offset */
export function changeOf(
  { changes }: Join,
  { settled }: Settlement,
  shown: ReadonlyMap<number, ShownSlate>,
): Omit<JoinChange, 'head' | 'joined' | 'rewards'> {
  const closed = new Set(settled.map(({ slate }) => slate));
  const owned = (actions: typeof changes.actions): OwnedAction[] =>
    [...actions].map(([action, userId]) => ({ userId, action }));
  return {
    erased: [...changes.erased],
    slates: [...changes.slates]
      .filter((slate) => !closed.has(slate))
      .map((slate) => ({ slate, shown: shown.get(slate.offset)! })),
    acts: [...changes.acts]
      .filter(([, slate]) => !closed.has(slate))
      .map(([slot, slate]) => ({ slate, slot })),
    closed: [...closed].filter((slate) => !changes.slates.has(slate)),
    actions: owned(changes.actions),
    paid: owned(changes.paid),
  };
}

export function isEmptyChange(change: Omit<JoinChange, 'head' | 'joined' | 'rewards'>): boolean {
  return Object.values(change).every((part) => part.length === 0);
}
