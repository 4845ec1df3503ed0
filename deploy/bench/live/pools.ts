import type { Redis } from 'ioredis';
import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { modelNamesOf } from '#contracts/domain/proposed-lists.ts';
import type { Proposal, UserInterests } from '#contracts/generated/records.ts';
import { USER_PARTITIONS } from '#topics/catalog.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import type { TestNamespace } from '#topics/test-namespace.ts';
import { rankItems } from '../../../services/propose/embeddings/embedded-items.ts';
import { createRedisPoolStore } from '../../../services/rerank/pools/redis-store.ts';
import type { ArrivingRecord } from '../../../services/rerank/pools/store.ts';
import { MODELS_FOR_USERS, openModels, type RankedWorld } from '../models-in-process.ts';
import { ANYBODY, stamped } from '../seeded-windows.ts';
import type { RealWindows } from '../windows.ts';
import { Pipeline } from './pipeline.ts';

/** Users whose lists are computed together. */
const BATCH = 16;
const AT_A_TIME = 2_000;
const KEEP_MS = 90 * 86_400_000;
/** Offset of the records: the log holds none of them, and each user's next list has a later one, but for the first in a partition. */
const SEEDED = 0;

/**
 * Writes the pools of users as rerank would have stored them, with lists that the default models propose to the interests of the windows.
 * @param interests of the windows; user i has the lists of window i modulo their number
 * @param at time of the lists, ms
 */
export async function seedPools(
  redis: Redis,
  { namespace, encode, codec }: TestNamespace,
  ranked: RankedWorld,
  crowd: {
    readonly userIds: readonly string[];
    readonly interests: readonly UserInterests[];
    readonly at: number;
  },
): Promise<void> {
  const { userIds, interests, at } = crowd;
  const key = (...parts: string[]) => [namespace, 'rerank', ...parts].join(':');
  const store = createRedisPoolStore({
    redis,
    keyOf: (userId) => key('pool', `{${partitionOfKey(userId, USER_PARTITIONS)}}`, userId),
    headKeyOf: (partition) => key('pools', `{${partition}}`),
    keepMs: KEEP_MS,
    cachedCandidates: 0,
    encode: (proposal) => encode('Proposal', proposal),
    decode: (bytes) => codec.decode('Proposal', bytes) as Proposal,
  });
  const lists = (await proposalsFor(ranked, interests, at)).map((proposal) => ({
    proposal,
    models: modelNamesOf(proposal),
    bytesFor: stamped(encode('Proposal', proposal)),
  }));
  const writing = new Pipeline('pools', userIds.length);
  for (let first = 0; first < userIds.length; first += AT_A_TIME) {
    const byPartition = new Map<number, ArrivingRecord[]>();
    for (const [i, userId] of userIds.slice(first, first + AT_A_TIME).entries()) {
      const { proposal, models, bytesFor } = lists[(first + i) % lists.length]!;
      const partition = partitionOfKey(userId, USER_PARTITIONS);
      const arriving = byPartition.get(partition) ?? [];
      byPartition.set(partition, arriving);
      arriving.push({ offset: SEEDED, proposal: { ...proposal, userId }, models, bytes: bytesFor(userId) });
    }
    await writing.add(
      [...byPartition].map(([partition, arriving]) => store.put(partition, arriving)),
      Math.min(AT_A_TIME, userIds.length - first),
    );
  }
  await writing.end();
}

/** The items of a world as propose holds them: as popular as they are frequent in the windows. */
export function rankedItems(
  { vectorOf }: Pick<RealWindows, 'vectorOf'>,
  itemIds: readonly string[],
  interests: readonly UserInterests[],
): RankedWorld['items'] {
  const takers = new Map<string, number>();
  for (const { recent } of interests)
    for (const itemId of recent) takers.set(itemId, (takers.get(itemId) ?? 0) + 1);
  const most = [...takers.values()].reduce((a, b) => Math.max(a, b), 1);
  const table = new VectorTable(vectorOf(itemIds[0]!)!.length, itemIds.length);
  for (const itemId of itemIds) table.set(itemId, vectorOf(itemId)!);
  // Half a taker for the others, for whom the history has one action.
  return rankItems({ table, has: () => true }, (itemId) => (takers.get(itemId) ?? 0.5) / most);
}

async function proposalsFor(
  ranked: RankedWorld,
  interests: readonly UserInterests[],
  at: number,
): Promise<Proposal[]> {
  const proposals = new Map<string, Proposal>();
  const keep = (proposal: Proposal): void => void proposals.set(proposal.userId, proposal);
  const propose = openModels(MODELS_FOR_USERS, ranked, keep, at);
  const asked = interests.map((one, number) => ({ ...one, userId: String(number), version: 0 }));
  for (let from = 0; from < asked.length; from += BATCH) await propose(asked.slice(from, from + BATCH));
  return asked.map(({ userId }, number) => {
    const proposal = proposals.get(userId)!;
    const { version } = interests[number]!;
    return { ...proposal, userId: ANYBODY, version, receivedAt: at, interestsOffset: -1, interestsAt: 0 };
  });
}
