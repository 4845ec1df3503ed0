import { EVERYONE } from '#contracts/domain/ids.ts';
import { type HeldProposal, joinPools, MAX_MODELS, replaces } from './pool.ts';
import type { PoolStore } from './store.ts';

/** A store of pools in memory, for tests; it passes the suite of the store in Redis. */
export function createMemoryPoolStore(): PoolStore {
  const pools = new Map<string, Map<string, HeldProposal>>();
  const proposalsOf = (userId: string): HeldProposal[] => [...(pools.get(userId)?.values() ?? [])];
  return {
    async put(arriving) {
      const { userId, model } = arriving.proposal;
      const pool = pools.get(userId) ?? new Map<string, HeldProposal>();
      pools.set(userId, pool);
      const before = pool.get(model);
      if (before !== undefined && !replaces(arriving, before)) return 'stale';
      if (before === undefined && pool.size >= MAX_MODELS) return 'full';
      pool.set(model, arriving);
      return 'held';
    },
    async read(userId) {
      return joinPools(userId === EVERYONE ? [] : proposalsOf(userId), proposalsOf(EVERYONE));
    },
    async erase(userId) {
      pools.delete(userId);
    },
  };
}
