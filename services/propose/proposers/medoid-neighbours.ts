import { sampleByImportance } from '#algorithms/pinnersage/sample.ts';
import { createRandom } from '#algorithms/random.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import { number } from '#platform/config.ts';
import type { Derivation } from '../embeddings/embedded-items.ts';
import { createGenerationLookup } from './generation-lookup.ts';
import { priorSteps, rankByMedoids, type WeightedMedoid } from './medoid-ranking.ts';
import { defineProposer, type ListsForUsers, type ProposedList } from './proposer.ts';

const SETTINGS = {
  medoidsSampled: number('TRIBUTARY_MEDOIDS_SAMPLED', {
    fallback: 5_000,
    minimum: 1,
    maximum: 5_000,
    integer: true,
    unit: 'medoids',
    summary:
      'medoids by which a list is ranked, sampled by importance where a user has more; the default uses all of them, weighted by importance, and the 3 of PinnerSage explore (decision 0041)',
  }),
  popularityExponent: number('TRIBUTARY_POPULARITY_EXPONENT', {
    fallback: 0.7,
    minimum: 0,
    maximum: 2,
    summary:
      'exponent of the popularity by which the similarity of an item to the medoids is multiplied; 0 leaves popularity out',
  }),
} as const;

/** The items that are most similar to all medoids of a user, and popular. */
export const medoidNeighbours = defineProposer({
  name: 'medoid-neighbours',
  explanation: 'because you {deed} {cause}',
  needs: ['interests', 'embeddings'],
  settings: SETTINGS,
  create({ embeddings, settings, candidates }) {
    const find = createGenerationLookup(embeddings);
    const priors: Derivation<Float64Array> = {
      derive: (items) => priorSteps(items, settings.popularityExponent),
    };
    const propose: ListsForUsers['propose'] = async (users, signal) => {
      const lists = new Map<string, ProposedList>();
      for (const [generation, group] of Map.groupBy(users, (user) => user.generation)) {
        signal.throwIfAborted();
        const items = generation === null ? undefined : find(generation);
        // The log no longer holds the generation; interests in the new one follow.
        if (generation !== null && items === undefined) continue;
        for (const user of group) {
          const medoids = weightMedoids(user, settings.medoidsSampled);
          const ranked = items && {
            items,
            priors: items.derived(priors),
            medoids,
            seen: user.recent,
            candidates,
          };
          lists.set(user.userId, { items: ranked === undefined ? [] : rankByMedoids(ranked), generation });
        }
      }
      return lists;
    };
    return { propose };
  },
});

/**
 * The medoids by which a user's list is ranked. All of them are weighted by importance. Where the user has more than `count`, so many
 * are sampled by importance without replacement (PinnerSage §4.3); these weigh the same, because the sample expresses the importance
 * already. The same ones are sampled whenever the same interests are read again.
 */
export function weightMedoids(interests: UserInterests, count: number): WeightedMedoid[] {
  const { userId, version, generation, medoids } = interests;
  const total = medoids.reduce((sum, { importance }) => sum + Math.max(0, importance), 0);
  if (medoids.length <= count) {
    return medoids
      .filter(({ importance }) => importance > 0)
      .map((medoid) => ({ medoid, weight: medoid.importance / total, share: medoid.importance / total }))
      .sort((a, b) => b.weight - a.weight);
  }
  const random = createRandom(`${userId}/${version}/${generation}`);
  const importances = medoids.map(({ importance }) => importance);
  const drawn = sampleByImportance(importances, count, random).map((index) => medoids[index]!);
  return drawn.map((medoid) => ({ medoid, weight: 1 / drawn.length, share: medoid.importance / total }));
}
