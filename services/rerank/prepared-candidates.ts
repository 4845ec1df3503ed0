import { Attached } from '#algorithms/attached.ts';
import { atTime, type Candidates, tabulateCandidates } from './candidates.ts';
import { fillCatalogueColumns, fillShown, hourOf, type ItemSource, itemColumns } from './item-columns.ts';
import type { Pool } from './pools/pool.ts';
import { type ItemsShown, NOTHING_SHOWN } from './pools/shown-items.ts';

const NOTHING: ReadonlySet<string> = new Set();

export interface PreparedOptions {
  /** Whether the items on which the user acted lately are left out. */
  readonly excludeRecent: boolean;
  /** Whether lists for everybody count as much as the user's own; by default less. */
  readonly areListsEqual?: boolean;
  /** Which items may be shown; its version grows with each change. */
  readonly offered: { readonly version: number; has(itemId: string): boolean };
  /** What the catalogue says of items; without it candidates have no features of items and showings. */
  readonly items?: ItemSource | undefined;
}

interface Held {
  readonly version: number;
  readonly candidates: Candidates;
  readonly hasPrices: boolean | undefined;
  /** Of the catalogue, and of newness, with which the columns of items were filled. */
  items: number;
  hour: number;
}

/**
 * The candidates of pools with their features, computed once for a pool object and a version of the catalogue. Only the features that depend on the
 * time are computed for each request, and those of the catalogue again when it has changed. They live as long as the pool does.
 */
export class PreparedCandidates {
  readonly #options: PreparedOptions;
  readonly #prepared = new Attached<Pool, Held>();

  constructor(options: PreparedOptions) {
    this.#options = options;
  }

  /**
   * Returns the candidates for a request. The next call for the same pool changes the features: copy what is to stay.
   * @param now milliseconds since the epoch
   * @param shown to the user without a reaction
   */
  of(pool: Pool, now: number, shown: ItemsShown = NOTHING_SHOWN): Candidates {
    const { items } = this.#options;
    const held = this.#heldOf(pool);
    const candidates = atTime(held.candidates, now);
    if (items === undefined) return candidates;
    if (held.items !== items.version || held.hour !== hourOf(now)) {
      held.items = items.version;
      held.hour = hourOf(now);
      fillCatalogueColumns(candidates, items, held.hour);
    }
    fillShown(candidates, shown, now);
    return candidates;
  }

  #heldOf(pool: Pool): Held {
    const { excludeRecent, areListsEqual = false, offered, items } = this.#options;
    const { version } = offered;
    const hasPrices = items?.hasPrices;
    const held = this.#prepared.get(pool);
    if (held?.version === version && held.hasPrices === hasPrices) return held;
    const excluded = excludeRecent ? pool.recent : NOTHING;
    const isOffered = (itemId: string): boolean => offered.has(itemId);
    const further = items === undefined ? [] : itemColumns(items);
    const options = { excluded, isOffered, areListsEqual, further };
    const candidates = tabulateCandidates(pool.proposals, options);
    const fresh = { version, candidates, hasPrices, items: Number.NaN, hour: Number.NaN };
    this.#prepared.set(pool, fresh);
    return fresh;
  }
}
