import type { HeldProposal } from './pool.ts';
import { type ItemsShown, NOTHING_SHOWN, parseShowings } from './shown-items.ts';

interface DecodedPool {
  readonly stamp: string;
  /** The text of the showings that were parsed last. */
  showings: string | null;
  shown: ItemsShown;
  readonly proposals: readonly HeldProposal[];
  readonly candidates: number;
}

/** Decoded pools by user, with their stamps; the least recently used leave when there are too many candidates. */
export class DecodedPools {
  readonly #most: number;
  /** In the order of their last use. */
  readonly #pools = new Map<string, DecodedPool>();
  #candidates = 0;

  /** @param most candidates of all pools together; 0 keeps none */
  constructor(most: number) {
    this.#most = most;
  }

  get candidates(): number {
    return this.#candidates;
  }

  get(userId: string): DecodedPool | undefined {
    const found = this.#remove(userId);
    if (found !== undefined) this.#add(userId, found);
    return found;
  }

  /** Replaces the pool of the user. A pool without a stamp is not kept, because nothing would show its changes. */
  put(userId: string, stamp: string | undefined, proposals: readonly HeldProposal[]): void {
    this.#remove(userId);
    if (stamp === undefined) return;
    const candidates = proposals.reduce((sum, { proposal }) => sum + proposal.places.length, 0);
    this.#add(userId, { stamp, proposals, candidates, showings: null, shown: NOTHING_SHOWN });
    for (const oldest of this.#pools.keys()) {
      if (this.#candidates <= this.#most) break;
      this.#remove(oldest);
    }
  }

  /** What the text says was shown to the user; it is parsed once while it stays the same, if the pool is kept. */
  shownTo(userId: string, text: string | null): ItemsShown {
    if (text === null) return NOTHING_SHOWN;
    const held = this.#pools.get(userId);
    if (held?.showings === text) return held.shown;
    const shown = parseShowings(text)?.items ?? NOTHING_SHOWN;
    if (held !== undefined) {
      held.showings = text;
      held.shown = shown;
    }
    return shown;
  }

  #add(userId: string, pool: DecodedPool): void {
    this.#pools.set(userId, pool);
    this.#candidates += pool.candidates;
  }

  #remove(userId: string): DecodedPool | undefined {
    const found = this.#pools.get(userId);
    if (found === undefined) return undefined;
    this.#pools.delete(userId);
    this.#candidates -= found.candidates;
    return found;
  }
}
