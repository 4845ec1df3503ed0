import { sampleByImportance } from '#algorithms/pinnersage/sample.ts';
import { createRandom } from '#algorithms/random.ts';
import type { Cause, Medoid, ProposedItem, UserInterests } from '#contracts/generated/records.ts';
import type { Neighbour } from '#index-client/index-client.ts';
import type { ProposeConfig } from './config.ts';

export const MODEL = 'medoid-neighbours';

/**
 * The medoids asked for in this refresh: sampled by importance without replacement (PinnerSage §4.3), the same ones
 * whenever the same interests are read again.
 */
export function sampleMedoids(interests: UserInterests, count: number): Medoid[] {
  const { userId, version, generation, medoids } = interests;
  const random = createRandom(`${userId}/${version}/${generation}`);
  const importances = medoids.map(({ importance }) => importance);
  return sampleByImportance(importances, count, random).map((index) => medoids[index]!);
}

/**
 * Candidates from the neighbours of the sampled medoids: an item scores the sum over medoids of
 * importance share · cosine, times popularity to the power of the configured exponent. The sum beats the maximum, and
 * the prior is the strongest lever on purchase data. What the user acted on lately is left out.
 *
 * @param neighbours one list a sampled medoid, in its order
 * @returns at most `candidates` items, the best first, ties by item id
 */
export function rankCandidates(
  interests: UserInterests,
  sampled: readonly Medoid[],
  neighbours: ReadonlyArray<readonly Neighbour[]>,
  popularityOf: (itemId: string) => number,
  config: Pick<ProposeConfig, 'candidates' | 'popularityExponent'>,
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

/** An item that nobody took lately keeps a chance: a new one has no other way in. */
const LEAST_POPULARITY = 1e-3;

function popularityPrior(
  popularity: number,
  { popularityExponent }: Pick<ProposeConfig, 'popularityExponent'>,
): number {
  return Math.max(LEAST_POPULARITY, popularity) ** popularityExponent;
}
