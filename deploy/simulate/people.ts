import type { Random } from '#algorithms/random.ts';
import type { DatasetAction, DatasetItem } from '../data/dataset.ts';

/** Probability that a look leads to a click, by how the item fits: taken later in the data, of a kind or a department that they like. */
const FITS = { item: 0.6, kind: 0.2, department: 0.04, nothing: 0.005 };
/** Interests of a person, at most. */
const MOST_INTERESTS = 6;
/** What remains of the appeal of an item after each time that it was seen without a click. */
const FATIGUE = 0.75;
/** Items by which it is told how easily people are pleased. */
const EASY_ITEMS = 10;
/** Of an item without categories. Such items have nothing in common. */
const NO_KIND = '';

/** What a person wants: the items that they take later in the data, and a few kinds of these. */
interface Wants {
  readonly items: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
  readonly departments: ReadonlySet<string>;
}

/**
 * People of a data set with several interests each. The interests are those of actions that are never sent, so that nothing which the
 * features of candidates are made of tells them.
 */
export class People {
  readonly userIds: readonly string[];
  readonly #wants: Map<string, Wants>;
  readonly #pathOf: ReadonlyMap<string, readonly string[]>;
  /** Times that a user saw an item without a click. */
  readonly #seen = new Map<string, number>();
  readonly #easy: ReadonlyMap<string, readonly number[]>;

  /** @param future actions of the data set that the system never learns of */
  constructor(items: readonly DatasetItem[], future: readonly DatasetAction[], random: Random) {
    this.#pathOf = new Map(items.map(({ itemId, categories = [] }) => [itemId, categories]));
    const byUser = Map.groupBy(future, ({ userId }) => userId);
    this.userIds = [...byUser.keys()].sort();
    this.#wants = new Map(
      this.userIds.map((userId) => [userId, this.#wantsOf(byUser.get(userId)!, random.fork(userId))]),
    );
    const wanted = mostWanted([...this.#wants.values()]);
    this.#easy = new Map(
      this.userIds.map((userId) => [userId, wanted.map((itemId) => this.appeal(userId, itemId))]),
    );
  }

  #wantsOf(future: readonly DatasetAction[], random: Random): Wants {
    const items = new Set(future.map(({ itemId }) => itemId));
    const chosen = [...items].filter((itemId) => this.#pathOf.has(itemId));
    const kinds = new Set<string>();
    while (chosen.length > 0 && kinds.size < MOST_INTERESTS) {
      const kind = this.#kindOf(chosen.splice(random.integer(chosen.length), 1)[0]!);
      if (kind !== NO_KIND) kinds.add(kind);
    }
    const departments = new Set([...kinds].map((kind) => kind.split('\n')[0]!));
    return { items, kinds, departments };
  }

  #kindOf(itemId: string): string {
    return (this.#pathOf.get(itemId) ?? []).join('\n');
  }

  /** Probability that the person clicks on the item after a look at it, in [0, 1]. */
  appeal(userId: string, itemId: string): number {
    const wants = this.#wants.get(userId);
    if (wants === undefined) return 0;
    const kind = this.#kindOf(itemId);
    const fit = wants.items.has(itemId)
      ? FITS.item
      : wants.kinds.has(kind)
        ? FITS.kind
        : wants.departments.has(kind.split('\n')[0]!)
          ? FITS.department
          : FITS.nothing;
    return fit * FATIGUE ** (this.#seen.get(`${userId}\n${itemId}`) ?? 0);
  }

  /**
   * How easily the person is pleased: the probabilities of a click on each of the ten items that most people want, before anything was shown. It does not
   * depend on what the system shows, so that it tells how two groups of people differ by chance.
   */
  easyAppeals(userId: string): readonly number[] {
    return this.#easy.get(userId) ?? [];
  }

  /** The person saw the item and did not click. */
  tire(userId: string, itemId: string): void {
    const key = `${userId}\n${itemId}`;
    this.#seen.set(key, (this.#seen.get(key) ?? 0) + 1);
  }

  /**
   * The people who take part want from now on what another one of them wanted. They stay tired of what they have seen: else all would click
   * more after a drift, whatever they are shown.
   * @param share of the people who take part, 0 to 1
   */
  drift(random: Random, share = 1): void {
    const drifting = this.userIds.filter(() => share === 1 || random.next() < share);
    const wants = drifting.map((userId) => this.#wants.get(userId)!);
    for (let i = wants.length - 1; i > 0; i--) {
      const j = random.integer(i + 1);
      [wants[i], wants[j]] = [wants[j]!, wants[i]!];
    }
    for (const [index, userId] of drifting.entries()) this.#wants.set(userId, wants[index]!);
  }
}

/** The items that most people want; of those that equally many want, the first by their ids. */
function mostWanted(wants: readonly Wants[]): string[] {
  const counts = new Map<string, number>();
  for (const { items } of wants)
    for (const itemId of items) counts.set(itemId, (counts.get(itemId) ?? 0) + 1);
  const order = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return order.slice(0, EASY_ITEMS).map(([itemId]) => itemId);
}
