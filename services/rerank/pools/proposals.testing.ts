import {
  columnsOf,
  combineProposals,
  type ListColumns,
  type ModelProposal,
} from '#contracts/domain/proposed-lists.ts';
import { aCause, aProposal, aProposedItem } from '#contracts/domain/records.testing.ts';
import type { Cause, Proposal, ProposedItem } from '#contracts/generated/records.ts';
import type { HeldProposal } from './pool.ts';
import type { ArrivingRecord, PoolStore, PutOutcome } from './store.ts';

export const NOW = 1_700_000_000_000;
const DAY = 86_400_000;

export function someCause(change: Partial<Cause> = {}): Cause {
  return aCause({ itemId: 'milk', lastOccurredAt: NOW - DAY, ...change });
}

export function someItem(itemId: string, score: number, change: Partial<ProposedItem> = {}): ProposedItem {
  return aProposedItem({ itemId, score, ...change });
}

/** A proposal of trending for ann; `change` says what matters to the test. */
export function someProposal(change: Partial<Proposal> = {}): Proposal {
  return aProposal({ userId: 'ann', receivedAt: NOW - 100, items: [someItem('tea', 3)], ...change });
}

/** The list of a record of one model. */
export function listOf(proposal: Proposal): ListColumns {
  return columnsOf(proposal)[0]!;
}

/** The list of a record of one model as a pool holds it, with the record. */
export interface HeldOfRecord extends HeldProposal {
  readonly record: Proposal;
}

export function held(offset: number, change: Partial<Proposal> = {}): HeldOfRecord {
  const record = someProposal(change);
  return { offset, proposal: listOf(record), record };
}

/** Puts the record of one model. */
export async function putHeld(store: PoolStore, { offset, record }: HeldOfRecord): Promise<PutOutcome> {
  const [outcomes] = await store.put(0, [{ offset, proposal: record, models: [record.model] }]);
  return outcomes![0]!;
}

export function putOne(
  store: PoolStore,
  offset: number,
  change: Partial<Proposal> = {},
): Promise<PutOutcome> {
  return putHeld(store, held(offset, change));
}

/** A record of several models, each with one item that is named after the model and the offset. */
export function arriving(
  offset: number,
  models: Readonly<Record<string, string | null>>,
  change: Partial<ModelProposal> = {},
): ArrivingRecord {
  const proposals = Object.entries(models).map(([model, generation]) => {
    const items = [someItem(`${model} ${offset}`, 1, { because: someCause() })];
    return { ...someProposal({ model, generation, items }), ...change };
  });
  return { offset, proposal: combineProposals(proposals), models: Object.keys(models) };
}
