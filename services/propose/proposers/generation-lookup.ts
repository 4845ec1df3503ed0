import type { EmbeddedItems } from '../embeddings/embedded-items.ts';
import type { Resources } from './proposer.ts';
import { Refusals } from './refusals.ts';

export type GenerationLookup = (generation: string) => EmbeddedItems | undefined;

/**
 * Returns a lookup of the items of a generation.
 * - If the log no longer holds the generation, the lookup returns undefined: the model then leaves the users out, because interests in
 *   the new generation follow.
 * - If not all of its vectors were read yet, the lookup throws a TributaryError with `retryable`. A generation that does not come
 *   after a number of refusals is an error that is not retryable. Later users of that name are left out at the first refusal.
 */
export function createGenerationLookup(embeddings: Resources['embeddings']): GenerationLookup {
  const refusals = new Refusals();
  return (generation) => {
    try {
      const items = embeddings.find(generation);
      refusals.forget(generation);
      return items;
    } catch (error) {
      if (refusals.judge(generation, error)) return undefined;
      throw error;
    }
  };
}
