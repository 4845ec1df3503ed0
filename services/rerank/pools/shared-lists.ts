import { isDeepStrictEqual } from 'node:util';
import type { ListColumns } from '#contracts/domain/proposed-lists.ts';
import type { HeldProposal } from './pool.ts';

/**
 * The lists for everyone as they were read last. A pool that was joined with them stays prepared only as long as they are the same array, and
 * they are written again every few seconds, mostly the same: so they are read again only after some time, and equal ones are no new ones.
 */
export class SharedLists {
  readonly #readNow: () => Promise<readonly HeldProposal[]>;
  readonly #forMs: number;
  readonly #now: () => number;
  #held: readonly HeldProposal[] = [];
  #readAgainAt = Number.NEGATIVE_INFINITY;
  /** A read that other requests share. */
  #underWay: Promise<readonly HeldProposal[]> | undefined;

  /** @param forMs time for which lists are used before they are read again, if there are any; 0 reads them each time */
  constructor(
    readNow: () => Promise<readonly HeldProposal[]>,
    { forMs, now }: { readonly forMs: number; readonly now: () => number },
  ) {
    this.#readNow = readNow;
    this.#forMs = forMs;
    this.#now = now;
  }

  async read(): Promise<readonly HeldProposal[]> {
    if (this.#forMs === 0) return this.#readNow();
    if (this.#held.length > 0 && this.#now() < this.#readAgainAt) return this.#held;
    this.#underWay ??= this.#readShared().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  /** Reads the lists again at the next request. */
  forget(): void {
    this.#readAgainAt = Number.NEGATIVE_INFINITY;
  }

  async #readShared(): Promise<readonly HeldProposal[]> {
    const began = this.#now();
    const found = this.#renew(await this.#readNow());
    this.#readAgainAt = began + this.#forMs;
    return found;
  }

  #renew(found: readonly HeldProposal[]): readonly HeldProposal[] {
    if (found !== this.#held && !areEqual(found, this.#held)) this.#held = found;
    return this.#held;
  }
}

/** Whether a slate would be the same by both: the records and their times do not matter. */
function areEqual(a: readonly HeldProposal[], b: readonly HeldProposal[]): boolean {
  if (a.length !== b.length || a.length === 0) return false;
  return a.every((one, place) => isDeepStrictEqual(contentOf(one.proposal), contentOf(b[place]!.proposal)));
}

function contentOf({ model, generation, explanation, ...list }: ListColumns) {
  const { candidates, places, scores, causes, explanations, reasons } = list;
  return { model, generation, explanation, candidates, places, scores, causes, explanations, reasons };
}
