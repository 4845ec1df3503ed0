import type { Neighbour } from '#index-client/index-client.ts';
import type { Resources } from './proposer.ts';
import { Refusals } from './refusals.ts';

export type NeighbourSearch = (
  generation: string | null,
  itemIds: readonly string[],
) => Promise<ReadonlyArray<readonly Neighbour[]> | undefined>;

/**
 * Returns a search for at most `k` neighbours of each item in a generation, in the order of the items; an item without an
 * embedding has none.
 * - If the index no longer holds the generation, the search returns undefined: the model then leaves the users out, because
 *   interests in the new generation follow.
 * - If it does not hold the generation yet, such as a replica that flips later, or does not answer, the search throws a
 *   TributaryError with `retryable`. A generation that does not come after a number of refusals is an error that is not
 *   retryable. Later users of that name are left out at the first refusal.
 */
export function createNeighbourSearch(index: Pick<Resources['index'], 'search'>, k: number): NeighbourSearch {
  const refusals = new Refusals();
  return async (generation, itemIds) => {
    if (generation === null || itemIds.length === 0) return itemIds.map(() => []);
    try {
      const queries = itemIds.map((itemId) => ({ itemId }));
      const { results } = await index.search({ generation, queries, k });
      refusals.forget(generation);
      return results.map((result) => ('neighbours' in result ? result.neighbours : []));
    } catch (error) {
      if (refusals.judge(generation, error)) return undefined;
      throw error;
    }
  };
}
