import { createHash } from 'node:crypto';
import { Attached } from '#algorithms/attached.ts';
import { FactorScan, type ScannedUser } from '#algorithms/behaviour/factor-scan.ts';
import { pausesAt, type Steps } from '#algorithms/steps.ts';
import type { NamedFactors } from '#artefacts/behaviour.ts';
import type { Derivation, EmbeddedItems } from '../embeddings/embedded-items.ts';

/** What factors and the items that may be proposed have in common, by the numbers of the factors. */
export interface MatchedItems {
  /** 1 for each item that may not be proposed. */
  readonly withheld: Uint8Array;
  readonly popularity: Float64Array;
  /** Number of the factors by the number of an item in its generation, −1 for an item without factors. */
  readonly numberOf: Int32Array;
}

/** The items of a window that have factors. */
export interface TakenItems {
  readonly numbers: readonly number[];
  /** Position of each in the window. */
  readonly places: readonly number[];
}

/** What was computed for a window. */
interface Remembered {
  readonly items: EmbeddedItems;
  readonly taken: TakenItems;
  scanned: ScannedUser | undefined;
}

const shared = new Map<string, WeakRef<SharedFactors>>();

/**
 * Factors that several models of a process use: a training gives the combiner the factors of behaviour, so that one copy of them and one
 * scan of a window serve the lists of both.
 */
export class SharedFactors {
  readonly itemIds: readonly string[];
  readonly scan: FactorScan;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #matching: Derivation<MatchedItems> = { derive: (items) => this.#match(items) };
  readonly #windows = new Attached<readonly string[], Remembered>();
  #depth = 0;

  private constructor({ itemIds, factors }: NamedFactors) {
    this.itemIds = itemIds;
    this.scan = new FactorScan(factors);
    this.#numbers = new Map(itemIds.map((itemId, number) => [itemId, number]));
  }

  /** The factors of the same numbers and items that another model of the process uses, or these. */
  static of(named: NamedFactors): SharedFactors {
    const digest = digestOf(named);
    let found = shared.get(digest)?.deref();
    if (found === undefined) {
      for (const [other, held] of shared) if (held.deref() === undefined) shared.delete(other);
      found = new SharedFactors(named);
      shared.set(digest, new WeakRef(found));
    }
    return found;
  }

  match(items: EmbeddedItems): MatchedItems {
    return items.derived(this.#matching);
  }

  *#match(items: EmbeddedItems): Steps<MatchedItems> {
    const { itemIds } = this;
    const own = new Int32Array(itemIds.length);
    const withheld = new Uint8Array(itemIds.length);
    const popularity = new Float64Array(itemIds.length);
    let most = -1;
    for (let number = 0; number < itemIds.length; number++) {
      if (pausesAt(number)) yield;
      own[number] = items.numberOf(itemIds[number]!);
      most = Math.max(most, own[number]!);
      const place = items.placeOfNumber(own[number]!);
      withheld[number] = place < 0 ? 1 : 0;
      popularity[number] = items.popularity[place] ?? 0;
    }
    const numberOf = new Int32Array(1 + most).fill(-1);
    for (let number = 0; number < own.length; number++)
      if (own[number]! >= 0) numberOf[own[number]!] = number;
    return { withheld, popularity, numberOf };
  }

  /** @param recent items of a window; not changed afterwards */
  takenOf(recent: readonly string[], items: EmbeddedItems): TakenItems {
    return this.#rememberedOf(recent, items).taken;
  }

  /**
   * The best items for a window, without its own ones and those that may not be proposed: at least `depth`, if there are so many. The models of a
   * pass pass the same array, which is scanned once.
   */
  best(recent: readonly string[], items: EmbeddedItems, depth: number): ScannedUser {
    this.#depth = Math.max(this.#depth, depth);
    const remembered = this.#rememberedOf(recent, items);
    let { scanned } = remembered;
    if (scanned === undefined || scanned.depth < depth) {
      const { withheld } = this.match(items);
      scanned = this.scan.scan(remembered.taken.numbers, this.#depth, withheld);
      remembered.scanned = scanned;
    }
    return scanned;
  }

  #rememberedOf(recent: readonly string[], items: EmbeddedItems): Remembered {
    let remembered = this.#windows.get(recent);
    if (remembered?.items !== items) {
      const { numberOf } = this.match(items);
      const numbers = items.numbersOf(recent);
      const taken: number[] = [];
      const places: number[] = [];
      for (let i = 0; i < recent.length; i++) {
        // An item may have factors and no vector, or a vector that arrived later.
        const known = numberOf[numbers[i]!] ?? -1;
        const number = known >= 0 ? known : (this.#numbers.get(recent[i]!) ?? -1);
        if (number < 0) continue;
        taken.push(number);
        places.push(i);
      }
      remembered = { items, taken: { numbers: taken, places }, scanned: undefined };
      this.#windows.set(recent, remembered);
    }
    return remembered;
  }
}

function digestOf({ itemIds, factors: { rank, units, fold, offer } }: NamedFactors): string {
  const hash = createHash('sha256').update(JSON.stringify([rank, itemIds]));
  for (const { buffer, byteOffset, byteLength } of [units, fold, offer])
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest('base64');
}
