import { sampleByImportance } from '#algorithms/pinnersage/sample.ts';
import { createRandom } from '#algorithms/random.ts';
import type { Cause, Medoid, ProposedItem, UserInterests } from '#contracts/generated/records.ts';
import type { Neighbour } from '#index-client/index-client.ts';
import { type ConfigOf, number } from '#platform/config.ts';
import { defineProposer, type ListsForUsers, type ProposedList } from './proposer.ts';
import { createNeighbourSearch } from './search-neighbours.ts';

const SETTINGS = {
  medoidsSampled: number('TRIBUTARY_MEDOIDS_SAMPLED', {
    fallback: 10,
    minimum: 1,
    // With 32 users in a call the queries stay below the 1,000 that a search of the index accepts.
    maximum: 30,
    integer: true,
    unit: 'medoids',
    summary:
      'medoids sampled by importance for each list; the 3 of PinnerSage lose a fifth of NDCG@10 on baskets (decision 0019)',
  }),
  neighboursPerMedoid: number('TRIBUTARY_NEIGHBOURS_PER_MEDOID', {
    fallback: 60,
    minimum: 1,
    maximum: 1_000,
    integer: true,
    unit: 'neighbours',
    summary: 'neighbours that are requested from the index for each sampled medoid',
  }),
  popularityExponent: number('TRIBUTARY_POPULARITY_EXPONENT', {
    fallback: 0.5,
    minimum: 0,
    maximum: 2,
    summary:
      'exponent of the popularity by which the score of a medoid’s neighbour is multiplied; 0 leaves popularity out',
  }),
} as const;

export type MedoidNeighboursSettings = ConfigOf<typeof SETTINGS>;

/** The nearest items to a sample of the user's medoids, with one search for many users. */
export const medoidNeighbours = defineProposer({
  name: 'medoid-neighbours',
  explanation: 'because you {deed} {cause}',
  needs: ['interests', 'index', 'popularity'],
  settings: SETTINGS,
  create({ index, popularity, settings, candidates }) {
    const searchNeighbours = createNeighbourSearch(index, settings.neighboursPerMedoid);
    const propose: ListsForUsers['propose'] = async (users, signal) => {
      const lists = new Map<string, ProposedList>();
      for (const [generation, group] of Map.groupBy(users, (user) => user.generation)) {
        signal.throwIfAborted();
        const sampled = group.map((user) => sampleMedoids(user, settings.medoidsSampled));
        const itemIds = sampled.flatMap((medoids) => medoids.map(({ itemId }) => itemId));
        const neighbours = await searchNeighbours(generation, itemIds);
        // The index no longer holds the generation; interests in the new one follow.
        if (neighbours === undefined) continue;
        let next = 0;
        for (const [place, user] of group.entries()) {
          const medoids = sampled[place]!;
          const found = medoids.map(() => neighbours[next++] ?? []);
          const popularityOf = (itemId: string) => popularity.share(itemId);
          const items = rankCandidates(user, medoids, found, popularityOf, { ...settings, candidates });
          lists.set(user.userId, { items, generation });
        }
      }
      return lists;
    };
    return { propose };
  },
});

/**
 * The medoids whose neighbours are searched: sampled by importance without replacement (PinnerSage §4.3), the same ones
 * whenever the same interests are read again.
 */
export function sampleMedoids(interests: UserInterests, count: number): Medoid[] {
  const { userId, version, generation, medoids } = interests;
  const random = createRandom(`${userId}/${version}/${generation}`);
  const importances = medoids.map(({ importance }) => importance);
  return sampleByImportance(importances, count, random).map((index) => medoids[index]!);
}

/**
 * Candidates from the neighbours of the sampled medoids: an item scores the sum over medoids of importance share ·
 * cosine, times popularity to the power of the configured exponent. On purchase data the sum is better than the
 * maximum, and the prior has the largest effect. Items that the user acted on recently are left out.
 *
 * @param neighbours one list per sampled medoid, in its order
 * @returns at most `candidates` items, the best first, ties by item id
 */
export function rankCandidates(
  interests: UserInterests,
  sampled: readonly Medoid[],
  neighbours: ReadonlyArray<readonly Neighbour[]>,
  popularityOf: (itemId: string) => number,
  config: { readonly candidates: number; readonly popularityExponent: number },
): ProposedItem[] {
  const total = interests.medoids.reduce((sum, { importance }) => sum + importance, 0);
  const seen = new Set(interests.recent);
  const found = new Map<string, { similarity: number; because: Cause; contribution: number }>();
  sampled.forEach((medoid, place) => {
    const share = medoid.importance / total;
    const because: Cause = {
      itemId: medoid.itemId,
      type: medoid.type,
      importance: share,
      lastOccurredAt: medoid.lastOccurredAt,
    };
    for (const { itemId, score } of neighbours[place] ?? []) {
      if (seen.has(itemId) || score <= 0) continue;
      const contribution = share * score;
      const known = found.get(itemId);
      if (known === undefined) {
        found.set(itemId, { similarity: contribution, because, contribution });
        continue;
      }
      known.similarity += contribution;
      if (contribution > known.contribution) {
        known.because = because;
        known.contribution = contribution;
      }
    }
  });
  return [...found]
    .map(([itemId, { similarity, because }]) => {
      const popularity = popularityOf(itemId);
      return { itemId, because, popularity, score: similarity * popularityPrior(popularity, config) };
    })
    .sort((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1))
    .slice(0, config.candidates);
}

/** An item without recent actions keeps a chance, because a new item has no other way into a slate. */
const LEAST_POPULARITY = 1e-3;

function popularityPrior(
  popularity: number,
  { popularityExponent }: { readonly popularityExponent: number },
): number {
  return Math.max(LEAST_POPULARITY, popularity) ** popularityExponent;
}
