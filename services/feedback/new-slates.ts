import type { Slate } from '#contracts/generated/records.ts';
import type { IncomingMessage } from '#platform/kafka/messages.ts';
import type { AttributionRules } from './attribution.ts';

type SlateMessage = IncomingMessage<Slate> & { readonly value: Slate };

/** What the messages of a batch of slates are to the join. */
export interface SlatesOfBatch {
  /** The slates that are joined. */
  readonly fresh: SlateMessage[];
  /** Number of slates that are not joined. */
  readonly repeated: number;
  /** `servedAt` of the latest slate read, ms. */
  readonly newestServedAt: number;
}

/**
 * Chooses the slates that are joined: of several with one id the first in the log. An id is remembered until a slate that was
 * served `slateMemoryMs` later is read. After that a slate as old is not joined, because a slate with its id may have been.
 * Both depend on the log of slates alone, so that a replay chooses the same.
 * @param messages slates and tombstones in log order
 * @param known ids of slates that were joined before
 * @param newestServedAt of the slates before these, ms
 */
export function newSlates(
  messages: ReadonlyArray<IncomingMessage<Slate>>,
  known: ReadonlySet<string>,
  newestServedAt: number,
  { slateMemoryMs }: Pick<AttributionRules, 'slateMemoryMs'>,
): SlatesOfBatch {
  const fresh: SlateMessage[] = [];
  const seen = new Set(known);
  let newest = newestServedAt;
  let repeated = 0;
  for (const message of messages) {
    if (!isSlate(message)) continue;
    const { slateId, servedAt } = message.value;
    newest = Math.max(newest, servedAt);
    if (seen.has(slateId) || servedAt + slateMemoryMs < newest) repeated += 1;
    else fresh.push(message);
    seen.add(slateId);
  }
  return { fresh, repeated, newestServedAt: newest };
}

function isSlate(message: IncomingMessage<Slate>): message is SlateMessage {
  return message.value !== null;
}
