import { EVERYONE } from '#contracts/domain/ids.ts';
import { columnsOf } from '#contracts/domain/proposed-lists.ts';
import { changedHead, type Head, requireContinuity, requireIncarnation } from '#platform/kafka/held-state.ts';
import {
  answersNewer,
  type HeldProposal,
  joinPools,
  MAX_MODELS,
  replaces,
} from '../../../services/rerank/pools/pool.ts';
import {
  NOTHING_SHOWN,
  type RememberedShowings,
  rememberShowings,
  showingsByUser,
} from '../../../services/rerank/pools/shown-items.ts';
import type { PoolStore, PutOutcome } from '../../../services/rerank/pools/store.ts';
import type { KeyValues, RunCommand } from './key-values.ts';

/** A pool as it is stored. */
export interface StoredPool {
  readonly topicId: string | undefined;
  readonly proposals: ReadonlyMap<string, HeldProposal>;
}

export const POOLS = 'rerank/pool/';
export const SHOWN = 'rerank/shown/';

/** The store of pools over values in memory, with the commands of the store in Redis, one by one. */
export function createPoolStoreIn(values: KeyValues, run: RunCommand): PoolStore {
  const headKey = (partition: number) => `rerank/pools/${partition}`;
  const poolOf = (userId: string) => values.get<StoredPool>(`${POOLS}${userId}`);
  const proposalsOf = (userId: string) => [...(poolOf(userId)?.proposals.values() ?? [])];

  const poolFor = (userId: string) =>
    joinPools(userId === EVERYONE ? [] : proposalsOf(userId), proposalsOf(EVERYONE));
  const shownTo = (userId: string) => values.get<RememberedShowings>(`${SHOWN}${userId}`);

  function putList(partition: number, arriving: HeldProposal): PutOutcome {
    const { userId, model } = arriving.proposal;
    const topicId = values.get<Head>(headKey(partition))?.topicId;
    let pool = poolOf(userId);
    if (topicId !== undefined && pool?.topicId !== undefined && pool.topicId !== topicId) pool = undefined;
    const proposals = new Map(pool?.proposals);
    const before = proposals.get(model);
    if (before !== undefined && !replaces(arriving, before)) return 'stale';
    if (before === undefined && proposals.size >= MAX_MODELS) return 'full';
    proposals.set(model, arriving);
    values.set(`${POOLS}${userId}`, { topicId: topicId ?? pool?.topicId, proposals });
    return before === undefined || answersNewer(arriving, before) ? 'held' : 'renewed';
  }

  return {
    put: (partition, arriving, { incarnation } = {}) =>
      run(() => {
        requireIncarnation(values.get<Head>(headKey(partition)), incarnation);
        return arriving.map(({ offset, proposal, models }) => {
          const lists = new Map(columnsOf(proposal).map((list) => [list.model, list]));
          return models.map((model) => putList(partition, { offset, proposal: lists.get(model)! }));
        });
      }),
    read: (userId) => run(() => poolFor(userId)),
    readFor: (userId) =>
      run(() => ({ pool: poolFor(userId), shown: shownTo(userId)?.items ?? NOTHING_SHOWN })),
    async noteShown(incarnation, showings) {
      for (const [userId, own] of showingsByUser(showings))
        await run(() => values.set(`${SHOWN}${userId}`, rememberShowings(shownTo(userId), own, incarnation)));
    },
    erase: (userId) =>
      run(() => {
        values.delete(`${POOLS}${userId}`);
        values.delete(`${SHOWN}${userId}`);
      }),
    readHead: (partition) => run(() => values.get<Head>(headKey(partition))),
    writeHead: (partition, head) =>
      run(() => {
        const next = changedHead(values.get<Head>(headKey(partition)), head);
        if (next !== undefined) values.set(headKey(partition), next);
      }),
    advance: (partition, offset, batch) =>
      run(() => {
        const head = values.get<Head>(headKey(partition));
        requireContinuity(head, batch);
        if (head === undefined || head.offset < offset)
          values.set(headKey(partition), { topicId: head?.topicId, incarnation: head?.incarnation, offset });
      }),
    clear: (partition) => run(() => values.delete(headKey(partition))),
  };
}
