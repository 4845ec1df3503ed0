import { TributaryError } from '#contracts/errors.ts';
import type { Neighbour } from '#index-client/index-client.ts';
import type { Resources } from './proposer.ts';

/** After so many refusals, at least 2 s apart in the end, the index is not about to hold the generation: about 3 minutes. */
const PENDING_LIMIT = 100;

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
 *   TributaryError with `retryable`. A generation that does not come within about three minutes, because its name is wrong,
 *   is an error that is not retryable, and its users are left out.
 */
export function createNeighbourSearch(index: Pick<Resources['index'], 'search'>, k: number): NeighbourSearch {
  let pending = { generation: '', refusals: 0 };
  return async (generation, itemIds) => {
    if (generation === null || itemIds.length === 0) return itemIds.map(() => []);
    try {
      const { results } = await index.search({
        generation,
        queries: itemIds.map((itemId) => ({ itemId })),
        k,
      });
      pending.refusals = 0;
      return results.map((result) => ('neighbours' in result ? result.neighbours : []));
    } catch (error) {
      if (!(error instanceof TributaryError)) throw error;
      if (error.code === 'generation.unknown') return undefined;
      if (error.code !== 'generation.pending') throw error;
      if (pending.generation !== generation) pending = { generation, refusals: 0 };
      if (++pending.refusals < PENDING_LIMIT) throw error;
      throw new TributaryError('generation.unknown', `the index does not come to hold ${generation}`, {
        cause: error,
      });
    }
  };
}
