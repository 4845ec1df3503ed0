import { EVERYONE } from '#contracts/domain/ids.ts';
import { columnsOf } from '#contracts/domain/proposed-lists.ts';
import { changedHead, type Head, requireContinuity, requireIncarnation } from '#platform/kafka/held-state.ts';
import { answersNewer, type HeldProposal, joinPools, MAX_MODELS, replaces } from './pool.ts';
import { NOTHING_SHOWN, type RememberedShowings, rememberShowings, showingsByUser } from './shown-items.ts';
import type { PoolStore, PutOutcome } from './store.ts';

/** A store of pools in memory, for tests; it passes the suite of the store in Redis. */
export function createMemoryPoolStore(): PoolStore {
  const pools = new Map<string, Map<string, HeldProposal>>();
  const heads = new Map<number, Head>();
  const topics = new Map<string, string>();
  const showings = new Map<string, RememberedShowings>();
  const read = async (userId: string) =>
    joinPools(userId === EVERYONE ? [] : proposalsOf(userId), proposalsOf(EVERYONE));
  const proposalsOf = (userId: string): HeldProposal[] => [...(pools.get(userId)?.values() ?? [])];

  function putList(partition: number, arriving: HeldProposal): PutOutcome {
    const { userId, model } = arriving.proposal;
    const topicId = heads.get(partition)?.topicId;
    if (topicId !== undefined) {
      if ((topics.get(userId) ?? topicId) !== topicId) pools.delete(userId);
      topics.set(userId, topicId);
    }
    const pool = pools.get(userId) ?? new Map<string, HeldProposal>();
    pools.set(userId, pool);
    const before = pool.get(model);
    if (before !== undefined && !replaces(arriving, before)) return 'stale';
    if (before === undefined && pool.size >= MAX_MODELS) return 'full';
    pool.set(model, arriving);
    return before === undefined || answersNewer(arriving, before) ? 'held' : 'renewed';
  }

  return {
    async put(partition, arriving, { incarnation } = {}) {
      requireIncarnation(heads.get(partition), incarnation);
      return arriving.map(({ offset, proposal, models }) =>
        models.map((name) =>
          putList(partition, { offset, proposal: columnsOf(proposal).find(({ model }) => model === name)! }),
        ),
      );
    },
    read,
    readFor: async (userId) => ({
      pool: await read(userId),
      shown: showings.get(userId)?.items ?? NOTHING_SHOWN,
    }),
    async noteShown(incarnation, noted) {
      for (const [userId, own] of showingsByUser(noted))
        showings.set(userId, rememberShowings(showings.get(userId), own, incarnation));
    },
    async erase(userId) {
      pools.delete(userId);
      showings.delete(userId);
    },
    async readHead(partition) {
      return heads.get(partition);
    },
    async writeHead(partition, head) {
      const next = changedHead(heads.get(partition), head);
      if (next !== undefined) heads.set(partition, next);
    },
    async advance(partition, offset, batch) {
      const head = heads.get(partition);
      requireContinuity(head, batch);
      if (head === undefined || head.offset < offset)
        heads.set(partition, { topicId: head?.topicId, incarnation: head?.incarnation, offset });
    },
    async clear(partition) {
      heads.delete(partition);
    },
  };
}
