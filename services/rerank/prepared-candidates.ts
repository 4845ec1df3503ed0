import { atTime, type Candidates, tabulateCandidates } from './candidates.ts';
import type { Pool } from './pools/pool.ts';

const NOTHING: ReadonlySet<string> = new Set();

export interface PreparedOptions {
  /** Whether the items on which the user acted lately are left out. */
  readonly excludeRecent: boolean;
  /** Whether lists for everybody count as much as the user's own; by default less. */
  readonly areListsEqual?: boolean;
  /** Which items may be shown; its version grows with each change. */
  readonly offered: { readonly version: number; has(itemId: string): boolean };
}

/**
 * The candidates of pools with their features, computed once for a pool object and a version of the catalogue. Only the features that depend on the
 * time are computed for each request. They live as long as the pool does.
 */
export class PreparedCandidates {
  readonly #options: PreparedOptions;
  readonly #prepared = new WeakMap<Pool, { version: number; candidates: Candidates }>();

  constructor(options: PreparedOptions) {
    this.#options = options;
  }

  /**
   * Returns the candidates for a request. The next call for the same pool changes the features: copy what is to stay.
   * @param now milliseconds since the epoch
   */
  of(pool: Pool, now: number): Candidates {
    const { excludeRecent, areListsEqual = false, offered } = this.#options;
    const { version } = offered;
    let held = this.#prepared.get(pool);
    if (held?.version !== version) {
      const excluded = excludeRecent ? pool.recent : NOTHING;
      const isOffered = (itemId: string): boolean => offered.has(itemId);
      const options = { excluded, isOffered, areListsEqual };
      held = { version, candidates: tabulateCandidates(pool.proposals, options) };
      this.#prepared.set(pool, held);
    }
    return atTime(held.candidates, now);
  }
}
