import type { Proposal } from '#contracts/generated/records.ts';
import type { IncomingBatch } from '#platform/kafka/consumer.ts';
import { type HeldProposal, newestProposals } from './pool.ts';
import type { PoolStore } from './store.ts';

export interface TakeProposalsOptions {
  readonly store: PoolStore;
  /** A proposal became visible to slates, so many seconds after its newest action was accepted. */
  readonly fresh: (seconds: number) => void;
  readonly now: () => number;
}

/** Takes proposals into the pools; of several of one user and model in a batch it writes only what remains. */
export async function takeProposals(
  batch: IncomingBatch<Proposal>,
  { store, fresh, now }: TakeProposalsOptions,
): Promise<void> {
  const waiting = new Map<string, HeldProposal[]>();
  for (const { offset, key, value } of batch.messages) {
    if (value === null) {
      // A tombstone erases the user: what stands before it in the batch is gone too.
      waiting.delete(key);
      await store.erase(key);
      continue;
    }
    const fault = faultOf(value);
    if (fault !== undefined) {
      batch.reject(offset, 'number.invalid', fault);
      continue;
    }
    const held = waiting.get(value.userId) ?? [];
    held.push({ offset, proposal: value });
    waiting.set(value.userId, held);
  }
  await Promise.all(
    newestProposals([...waiting.values()].flat()).map(async (arriving) => {
      const held = await store.put(arriving);
      if (held && arriving.proposal.version >= 0) {
        fresh((now() - arriving.proposal.receivedAt) / 1_000);
      }
    }),
  );
}

/** Why a proposal cannot be ranked; undefined when it can. One NaN would spoil every score of the slate. */
function faultOf({ items }: Proposal): string | undefined {
  const index = items.findIndex(
    ({ score, popularity, because }) => !Number.isFinite(score + popularity + (because?.importance ?? 0)),
  );
  return index === -1 ? undefined : `items[${index}] has a score, popularity or importance that is no number`;
}
