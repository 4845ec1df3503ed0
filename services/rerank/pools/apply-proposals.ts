import type { Logged } from '#contracts/domain/logged.ts';
import { proposalFault } from '#contracts/domain/record-validity.ts';
import { type Fault, faultSentence } from '#contracts/fault.ts';
import type { Proposal } from '#contracts/generated/records.ts';
import type { IncomingBatch } from '#platform/kafka/consumer.ts';
import { isModelName } from '../features.ts';
import { type HeldProposal, MAX_MODELS, newestProposals } from './pool.ts';
import type { PoolStore } from './store.ts';

export interface ApplyProposalsOptions {
  readonly store: PoolStore;
  /** Called when slates can use a proposal, with the seconds since its newest action was accepted. */
  readonly fresh: (seconds: number) => void;
  readonly now: () => number;
}

/** Writes proposals into the pools; of several of one user and model in a batch it writes only the last valid one. */
export async function applyProposals(
  batch: IncomingBatch<Proposal>,
  { store, fresh, now }: ApplyProposalsOptions,
): Promise<void> {
  const waiting = new Map<string, HeldProposal[]>();
  for (const { offset, key, value, timestamp } of batch.messages) {
    if (value === null) {
      // A tombstone erases the user, and the earlier proposals of the batch with it.
      waiting.delete(key);
      await store.erase(key);
      continue;
    }
    const fault = faultOf({ value, key, timestamp });
    if (fault !== undefined) {
      batch.reject(offset, fault.code, faultSentence(fault));
      continue;
    }
    const held = waiting.get(value.userId) ?? [];
    held.push({ offset, proposal: value });
    waiting.set(value.userId, held);
  }
  const puts = Promise.all(
    newestProposals([...waiting.values()].flat()).map(async (arriving) => {
      const { offset, proposal } = arriving;
      const outcome = await store.put(batch.partition, arriving);
      if (outcome === 'full') {
        const reason = `${proposal.model} would exceed the limit of ${MAX_MODELS} models per pool`;
        batch.reject(offset, 'model.limit', reason);
      }
      if (outcome === 'held' && proposal.version >= 0) fresh((now() - proposal.receivedAt) / 1_000);
    }),
  );
  // Sent in the same turn, so that it shares their round trip; the connection keeps the order.
  await Promise.all([puts, store.advance(batch.partition, batch.lastOffset, batch)]);
}

/** Returns why a proposal is invalid; undefined if it is valid. */
function faultOf(logged: Logged<Proposal>): Fault | undefined {
  if (!isModelName(logged.value.model))
    return { code: 'model.name', field: 'model', reason: 'is not a name of a model' };
  return proposalFault(logged);
}
