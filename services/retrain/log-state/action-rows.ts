import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';

const SMALLEST = 1024;
const GROWTH = 1.5;

/** One action. */
export interface ActionRow {
  readonly user: number;
  readonly context: number;
  readonly item: number;
  /** Above 0. */
  readonly weight: number;
  /** Event time, ms. */
  readonly at: number;
}

/** Growing columns of actions, 24 bytes an action and up to half as much again in spare room. */
export class ActionRows {
  #columns = emptyColumns(SMALLEST);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Views of the rows, which the next change may invalidate. */
  get columns(): ActionColumns {
    const { user, context, item, weight, at } = this.#columns;
    return {
      user: user.subarray(0, this.#length),
      context: context.subarray(0, this.#length),
      item: item.subarray(0, this.#length),
      weight: weight.subarray(0, this.#length),
      at: at.subarray(0, this.#length),
    };
  }

  push({ user, context, item, weight, at }: ActionRow): void {
    if (this.#length === this.#columns.at.length) this.#resize(Math.ceil(this.#length * GROWTH));
    this.#columns.user[this.#length] = user;
    this.#columns.context[this.#length] = context;
    this.#columns.item[this.#length] = item;
    this.#columns.weight[this.#length] = weight;
    this.#columns.at[this.#length++] = at;
  }

  /** Keeps the rows for which `isKept` returns true, in their order. */
  retain(isKept: (row: number) => boolean): void {
    const { user, context, item, weight, at } = this.#columns;
    let kept = 0;
    for (let row = 0; row < this.#length; row++) {
      if (!isKept(row)) continue;
      user[kept] = user[row]!;
      context[kept] = context[row]!;
      item[kept] = item[row]!;
      weight[kept] = weight[row]!;
      at[kept++] = at[row]!;
    }
    this.#length = kept;
    if (kept * 2 < at.length) this.#resize(Math.max(SMALLEST, kept));
  }

  #resize(capacity: number): void {
    const rows = this.columns;
    this.#columns = emptyColumns(capacity);
    this.#columns.user.set(rows.user);
    this.#columns.context.set(rows.context);
    this.#columns.item.set(rows.item);
    this.#columns.weight.set(rows.weight);
    this.#columns.at.set(rows.at);
  }
}

function emptyColumns(capacity: number) {
  return {
    user: new Int32Array(capacity),
    context: new Int32Array(capacity),
    item: new Int32Array(capacity),
    weight: new Float32Array(capacity),
    at: new Float64Array(capacity),
  };
}
