import { TributaryError } from '#contracts/errors.ts';
import type { Neighbour } from '#index-client/index-client.ts';
import type { Resources } from './proposer.ts';

/**
 * After so many refusals the index is not about to hold the generation. The pauses between them grow to 2 s: about 3 minutes
 * for a generation that the log declares, and about 3 s for a name that it does not hold, which any producer may write.
 */
const REFUSALS = { 'generation.pending': 100, 'generation.undeclared': 5 } as const;

type Refusal = keyof typeof REFUSALS;

/** Names of generations whose refusals are remembered; the oldest is forgotten first. */
const MAX_NAMES = 1_000;

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
 *   TributaryError with `retryable`. A generation that does not come after the number of refusals in `REFUSALS` is an error
 *   that is not retryable. Later users of that name are left out at the first refusal.
 */
export function createNeighbourSearch(index: Pick<Resources['index'], 'search'>, k: number): NeighbourSearch {
  const refusals = new Map<string, number>();

  /** @returns whether the generation was given up before */
  function refuse(generation: string, error: TributaryError & { readonly code: Refusal }): boolean {
    const count = (refusals.get(generation) ?? 0) + 1;
    const limit = REFUSALS[error.code];
    refusals.delete(generation);
    refusals.set(generation, count);
    if (refusals.size > MAX_NAMES) refusals.delete(refusals.keys().next().value!);
    if (count > limit) return true;
    if (count < limit) throw error;
    throw new TributaryError('generation.unknown', `the index does not come to hold ${generation}`, {
      cause: error,
    });
  }

  return async (generation, itemIds) => {
    if (generation === null || itemIds.length === 0) return itemIds.map(() => []);
    try {
      const { results } = await index.search({
        generation,
        queries: itemIds.map((itemId) => ({ itemId })),
        k,
      });
      refusals.delete(generation);
      return results.map((result) => ('neighbours' in result ? result.neighbours : []));
    } catch (error) {
      if (!(error instanceof TributaryError)) throw error;
      if (error.code === 'generation.unknown') return undefined;
      if (isRefusal(error) && refuse(generation, error)) return undefined;
      throw error;
    }
  };
}

function isRefusal(error: TributaryError): error is TributaryError & { readonly code: Refusal } {
  return Object.hasOwn(REFUSALS, error.code);
}
