import { createRandom, type Random } from '#algorithms/random.ts';
import { columnsOfModel, type ModelProposal } from '#contracts/domain/proposed-lists.ts';
import { readInterestsConfig } from '../../../services/interests/config.ts';
import { readProposeConfig } from '../../../services/propose/config.ts';
import { type Candidates, gatherCandidates } from '../../../services/rerank/candidates.ts';
import { itemColumns } from '../../../services/rerank/item-columns.ts';
import type { Pool } from '../../../services/rerank/pools/pool.ts';
import { trainBehaviour } from '../../../services/retrain/trainers/behaviour.ts';
import { readPurchases } from '../../data/purchases.ts';
import { RECIPE } from '../../vectors/embeddings.ts';
import { pinSageVectors } from '../pinsage/item-vectors.ts';
import { temporalSplit } from '../pinsage/split.ts';
import { interestRecords } from '../served/interest-records.ts';
import { EVALUATED, type LogEnd } from '../served/log-end.ts';
import { modelsAt, proposalsFor } from '../served/proposals.ts';
import { companionsOf } from '../temporal/companions.ts';
import { ALL_MODELS } from '../temporal/serve-all.ts';

/** The model whose list turns bad at the drift: the best one. */
export const DRIFTING = 'combiner';

/** A household at the end of the log: its candidates as rerank has them, and what it really bought later. */
export interface Household {
  readonly userId: string;
  readonly pool: Pool;
  readonly candidates: Candidates;
  /** The same after the drift: the list of one model is in random order. */
  readonly drifted: Candidates;
  /** Items that the household bought later. */
  readonly bought: ReadonlySet<string>;
}

/** Households that are judged, and others on which settings may be chosen: no household is in both. */
export type HouseholdSample = 'judged' | 'others';

/**
 * Candidates by the code of the stages interests, propose and rerank with their default settings, but all models, from the first 80 % of
 * completejourney's purchases; what is relevant is what the household bought in the rest, which no feature knows.
 */
export async function readHouseholds(
  count: number,
  sample: HouseholdSample = 'judged',
): Promise<Household[]> {
  const purchases = await readPurchases();
  const split = temporalSplit(purchases, {
    trainShare: RECIPE.trainedShare,
    minimumBuyers: RECIPE.minimumBuyers,
  });
  const { itemIds, train, test } = split;
  const { userIds, catalogue } = purchases;
  const vectors = await pinSageVectors(split, purchases, RECIPE);
  const behaviour = trainBehaviour(train, itemIds.length, 1);
  const companions = await companionsOf(split, purchases, { ...vectors, behaviour }, 1);
  const log: LogEnd = { userIds, itemIds, actions: train, catalogue, vectors, behaviour, companions };
  const now = train.at.at(-1)!;
  const random = createRandom('households');
  const order = shuffled([...split.relevant.keys()], random);
  const chosen = new Set(sample === 'judged' ? order.slice(0, count) : order.slice(-count));
  const records = interestRecords(log, chosen, readInterestsConfig());
  const models = modelsAt(log, readProposeConfig(ALL_MODELS));
  const proposals = await proposalsFor(models, [...records.values()]);
  const bought = new Map([...chosen].map((user) => [user, new Set<string>()]));
  test.user.forEach((user, i) => void bought.get(user)?.add(itemIds[test.item[i]!]!));
  return [...records].map(([user, record]) => {
    const userId = userIds[user]!;
    const lists = proposals.get(userId) ?? [];
    const columns = lists.map(columnsOfModel);
    const recent = new Set(record.recent);
    const options = { excluded: recent, now, further: itemColumns({ hasPrices: false }) };
    const changed = lists.map((list) => (list.model === DRIFTING ? inRandomOrder(list, random) : list));
    const pool = {
      proposals: columns,
      generation: EVALUATED,
      interestsVersion: record.version,
      recent,
      lastReceivedAt: record.receivedAt,
    };
    return {
      userId,
      pool,
      candidates: gatherCandidates(columns, options),
      drifted: gatherCandidates(changed.map(columnsOfModel), options),
      bought: bought.get(user)!,
    };
  });
}

function inRandomOrder(list: ModelProposal, random: Random): ModelProposal {
  const items = shuffled(list.items, random);
  return { ...list, items: items.map((item, place) => ({ ...item, score: list.items[place]!.score })) };
}

function shuffled<T>(values: readonly T[], random: Random): T[] {
  const copy = [...values];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}
