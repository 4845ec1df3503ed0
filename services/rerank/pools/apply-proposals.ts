import type { Logged } from '#contracts/domain/logged.ts';
import { modelNamesOf } from '#contracts/domain/proposed-lists.ts';
import { proposalFault } from '#contracts/domain/record-validity.ts';
import { type Fault, faultSentence } from '#contracts/fault.ts';
import type { Proposal } from '#contracts/generated/records.ts';
import type { IncomingBatch } from '#platform/kafka/consumer.ts';
import { isModelName } from '../features.ts';
import { type ListVersion, MAX_MODELS, newestProposals } from './pool.ts';
import type { ArrivingRecord, PoolStore } from './store.ts';

export interface ApplyProposalsOptions {
  readonly store: PoolStore;
  /** Called when slates can use a proposal that answers a newer action than before. */
  readonly fresh: (freshness: FreshnessByHop) => void;
  readonly now: () => number;
}

/**
 * Seconds from the acceptance of an action until slates can reflect it, and its parts, which are times of several clocks: until the log had the
 * interests, until it had the proposals, and until the pool had them. The first two are undefined if the proposal does not name the interests.
 */
export interface FreshnessByHop {
  readonly total: number;
  readonly interests: number | undefined;
  readonly proposals: number | undefined;
  readonly pools: number;
}

/** Writes proposals into the pools; of several lists of one user and model in a batch it writes only the last valid one. */
export async function applyProposals(
  batch: IncomingBatch<Proposal>,
  { store, fresh, now }: ApplyProposalsOptions,
): Promise<void> {
  const waiting = new Map<string, ArrivingRecord[]>();
  const loggedAt = new Map<number, number>();
  for (const { offset, key, value, bytes, timestamp } of batch.messages) {
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
    loggedAt.set(offset, timestamp);
    const records = waiting.get(key) ?? [];
    records.push({ offset, proposal: value, bytes, models: modelNamesOf(value) });
    waiting.set(key, records);
  }
  const arriving = newestOf([...waiting.values()].flat());
  // Sent in the same turn, so that it shares their round trip; the connection keeps the order.
  const [outcomes] = await Promise.all([
    arriving.length === 0 ? [] : store.put(batch.partition, arriving, batch),
    store.advance(batch.partition, batch.lastOffset, batch),
  ]);
  for (const [at, { offset, proposal, models }] of arriving.entries()) {
    const full = models.filter((_, place) => outcomes[at]![place] === 'full');
    if (full.length > 0) {
      const reason = `${full.join(', ')} would exceed the limit of ${MAX_MODELS} models per pool`;
      batch.reject(offset, 'model.limit', reason);
    }
    if (outcomes[at]!.includes('held') && proposal.version >= 0)
      fresh(freshnessOf(proposal, loggedAt.get(offset)!, now()));
  }
}

function freshnessOf({ receivedAt, interestsAt }: Proposal, loggedAt: number, now: number): FreshnessByHop {
  const seconds = (from: number, to: number): number => Math.max(0, (to - from) / 1_000);
  return {
    total: seconds(receivedAt, now),
    interests: interestsAt > 0 ? seconds(receivedAt, interestsAt) : undefined,
    proposals: interestsAt > 0 ? seconds(interestsAt, loggedAt) : undefined,
    pools: seconds(loggedAt, now),
  };
}

/** Leaves each record the models of which no later record of the batch has a newer list, and drops records without any. */
function newestOf(records: readonly ArrivingRecord[]): ArrivingRecord[] {
  const lists = records.flatMap((record) =>
    record.models.map((model): ListVersion & { record: ArrivingRecord } => {
      const { userId, version, receivedAt, interestsOffset, interestsAt } = record.proposal;
      const proposal = { userId, model, version, receivedAt, interestsOffset, interestsAt };
      return { offset: record.offset, proposal, record };
    }),
  );
  const models = new Map<ArrivingRecord, string[]>(records.map((record) => [record, []]));
  for (const { record, proposal } of newestProposals(lists)) models.get(record)!.push(proposal.model);
  return records.flatMap((record) => {
    const newest = models.get(record)!;
    return newest.length === 0 ? [] : { ...record, models: newest };
  });
}

/** Returns why a proposal is invalid; undefined if it is valid. */
function faultOf(logged: Logged<Proposal>): Fault | undefined {
  const { value } = logged;
  const invalid = modelNamesOf(value).findIndex((name) => !isModelName(name));
  if (invalid !== -1) {
    const field = value.lists.length === 0 ? 'model' : `lists[${invalid}].model`;
    return { code: 'model.name', field, reason: 'is not a name of a model' };
  }
  return proposalFault(logged);
}
