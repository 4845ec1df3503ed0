import { aCause, aProposal, aProposedItem } from '#contracts/domain/records.testing.ts';
import type { Cause, Proposal, ProposedItem } from '#contracts/generated/records.ts';
import type { HeldProposal } from './pool.ts';

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

export function held(offset: number, change: Partial<Proposal> = {}): HeldProposal {
  return { offset, proposal: someProposal(change) };
}
