import { columnsOf } from '#contracts/domain/proposed-lists.ts';
import type { Proposal, UserInterests } from '#contracts/generated/records.ts';
import { type HeldProposal, newestProposals } from '../../../services/rerank/pools/pool.ts';
import { byPartition, type LogRecord } from './log-record.ts';

/** What a user's interests call for. */
export interface OwedList {
  readonly userId: string;
  readonly model: string;
  readonly version: number;
  readonly generation: string | null;
}

export interface ProposalsOfLog {
  readonly interests: Iterable<LogRecord<UserInterests>>;
  readonly proposals: Iterable<LogRecord<Proposal>>;
  /** Number of partitions of both topics. */
  readonly partitions: number;
}

/**
 * Returns the lists that are missing: those of each model for the newest interests of each user, of which a pool that reads the
 * proposals does not hold the answer in the end, because it is lost or because an older one came last.
 * @param searches the models that search a generation: their answer must be in that of the interests
 */
export function missingLists(
  { interests, proposals, partitions }: ProposalsOfLog,
  models: readonly string[],
  searches: ReadonlySet<string>,
): OwedList[] {
  const held = new Map<string, HeldProposal>();
  for (const records of byPartition(proposals, partitions).values()) {
    const logged = records.flatMap(({ offset, value }): HeldProposal[] =>
      value === null ? [] : columnsOf(value).map((proposal) => ({ offset, proposal })),
    );
    for (const one of newestProposals(logged)) held.set(name(one.proposal.userId, one.proposal.model), one);
  }
  const missing: OwedList[] = [];
  for (const { userId, version, generation } of newestInterests(interests).values())
    for (const model of models) {
      const answer = held.get(name(userId, model))?.proposal;
      const isInGeneration = !searches.has(model) || answer?.generation === generation;
      if (answer?.version !== version || !isInGeneration)
        missing.push({ userId, model, version, generation });
    }
  return missing;
}

export function describeMissing({ userId, model, version, generation }: OwedList): string {
  return `the pool of ${userId} does not end with the list of ${model} for interests ${version} in ${generation}`;
}

/** The interests that count in the end: a late message of a former owner may follow newer ones, and a tombstone erases the user. */
function newestInterests(records: Iterable<LogRecord<UserInterests>>): Map<string, UserInterests> {
  const newest = new Map<string, UserInterests>();
  for (const { key, value } of records) {
    if (value === null) newest.delete(key);
    else if (value.version >= (newest.get(key)?.version ?? -1)) newest.set(key, value);
  }
  return newest;
}

function name(userId: string, model: string): string {
  return JSON.stringify([userId, model]);
}
