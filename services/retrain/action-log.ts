import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import { hashString } from '#algorithms/random.ts';
import type { UserAction } from '#contracts/generated/records.ts';
import { MAX_FUTURE_MS } from '#contracts/limits.ts';

const MS_PER_DAY = 86_400_000;

/** Texts as dense numbers, in the order they were first met. */
export class Dictionary {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];

  get size(): number {
    return this.#texts.length;
  }

  numberOf(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#texts.length;
      this.#numbers.set(text, number);
      this.#texts.push(text);
    }
    return number;
  }

  textOf(number: number): string {
    return this.#texts[number]!;
  }
}

/** Columns of actions, and which item each item number stands for. */
export interface TrainingActions {
  readonly columns: ActionColumns;
  /** Item id by number. */
  readonly itemIds: readonly string[];
}

/**
 * The positive actions of the log in columns: what the graph is built from. About 110 bytes an action (measured,
 * nine a context). A repeated event counts once.
 */
export class ActionLog {
  readonly #weights: Readonly<Record<string, number>>;
  #users = new Dictionary();
  #contexts = new Dictionary();
  #items = new Dictionary();
  #events = new Set<number>();
  #rows = emptyRows();
  #newest = 0;

  /** @param weights weight of each type of action; only those above 0 are kept */
  constructor(weights: Readonly<Record<string, number>>) {
    this.#weights = weights;
  }

  get size(): number {
    return this.#rows.at.length;
  }

  /** Event time of the newest action, ms; 0 when there is none. */
  get newest(): number {
    return this.#newest;
  }

  /** Takes an action; not one with a time from the future, beside which all others would be too old to keep. */
  take(action: UserAction): void {
    if (action.occurredAt > action.receivedAt + MAX_FUTURE_MS) return;
    const weight = this.#weights[action.type] ?? 0;
    const event = eventNumber(action.eventId);
    if (weight <= 0 || this.#events.has(event)) return;
    this.#events.add(event);
    this.#rows.user.push(this.#users.numberOf(action.userId));
    this.#rows.context.push(this.#contexts.numberOf(contextOf(action)));
    this.#rows.item.push(this.#items.numberOf(action.itemId));
    this.#rows.weight.push(weight);
    this.#rows.at.push(action.occurredAt);
    this.#rows.event.push(event);
    this.#newest = Math.max(this.#newest, action.occurredAt);
  }

  /** Lets go of what is older than `days` before the newest action, with the ids that nothing else names. */
  forgetOlderThan(days: number): void {
    const bound = this.#newest - days * MS_PER_DAY;
    const { user, context, item, weight, at, event } = this.#rows;
    if (at.every((time) => time >= bound)) return;
    const [users, contexts, items] = [this.#users, this.#contexts, this.#items];
    this.#users = new Dictionary();
    this.#contexts = new Dictionary();
    this.#items = new Dictionary();
    this.#events = new Set();
    this.#rows = emptyRows();
    for (let i = 0; i < at.length; i++) {
      if (at[i]! < bound) continue;
      this.#rows.user.push(this.#users.numberOf(users.textOf(user[i]!)));
      this.#rows.context.push(this.#contexts.numberOf(contexts.textOf(context[i]!)));
      this.#rows.item.push(this.#items.numberOf(items.textOf(item[i]!)));
      this.#rows.weight.push(weight[i]!);
      this.#rows.at.push(at[i]!);
      this.#rows.event.push(event[i]!);
      this.#events.add(event[i]!);
    }
  }

  /**
   * A copy to train on, with items numbered densely: the `maximum` items of most actions, ties by id. The catalogue,
   * where there is one, says which items exist: what is not in it was withdrawn, or has not arrived yet.
   */
  snapshot(maximum: number, catalogue: Iterable<string>): TrainingActions {
    const counts = new Uint32Array(this.#items.size);
    for (const item of this.#rows.item) counts[item]! += 1;
    const chosen = this.#chooseItems(counts, maximum, catalogue);
    const numbers = new Map(chosen.map((id, number) => [id, number]));
    const dense = Int32Array.from(
      { length: this.#items.size },
      (_, item) => numbers.get(this.#items.textOf(item)) ?? -1,
    );
    const kept: number[] = [];
    this.#rows.item.forEach((item, i) => {
      if (dense[item]! >= 0) kept.push(i);
    });
    return {
      itemIds: chosen,
      columns: {
        user: Int32Array.from(kept, (i) => this.#rows.user[i]!),
        context: Int32Array.from(kept, (i) => this.#rows.context[i]!),
        item: Int32Array.from(kept, (i) => dense[this.#rows.item[i]!]!),
        weight: Float32Array.from(kept, (i) => this.#rows.weight[i]!),
        at: Float64Array.from(kept, (i) => this.#rows.at[i]!),
      },
    };
  }

  #chooseItems(counts: Uint32Array, maximum: number, catalogue: Iterable<string>): string[] {
    const byId = new Map<string, number>();
    for (const itemId of catalogue) byId.set(itemId, 0);
    const hasCatalogue = byId.size > 0;
    counts.forEach((count, item) => {
      const itemId = this.#items.textOf(item);
      if (count > 0 && (!hasCatalogue || byId.has(itemId))) byId.set(itemId, count);
    });
    return [...byId]
      .sort(([idA, a], [idB, b]) => b - a || (idA < idB ? -1 : 1))
      .slice(0, maximum)
      .map(([id]) => id);
  }
}

function emptyRows() {
  return {
    user: [] as number[],
    context: [] as number[],
    item: [] as number[],
    weight: [] as number[],
    at: [] as number[],
    event: [] as number[],
  };
}

/** The basket, board or session; where the app gives none, what the user did in one day. */
function contextOf({ userId, contextId, occurredAt }: UserAction): string {
  return contextId ?? `${userId}\n${Math.floor(occurredAt / MS_PER_DAY)}`;
}

/** 53 bits of the event id: among ten million events two share them with a chance of about one in two hundred. */
function eventNumber(eventId: string): number {
  return hashString(eventId, 0) * 2 ** 21 + (hashString(eventId, 1) >>> 11);
}
