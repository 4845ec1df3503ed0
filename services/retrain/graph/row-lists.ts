import type { ChangedRows, ItemContextGraph } from '#algorithms/pinsage/live-graph.ts';
import type { Visits } from '#algorithms/pinsage/walks.ts';

/**
 * The rows of a graph from which the walks of each item drew, exactly, in about two bytes a row: list l is
 * `bytes[offsets[l] .. offsets[l + 1])`, differences of ascending row numbers in groups of seven bits, lowest first,
 * the last without the high bit. An item's row is twice its number, a context's row is twice its number plus one.
 */
export interface RowLists {
  readonly offsets: Uint32Array;
  readonly bytes: Uint8Array;
}

type DrawnFrom = Visits['drawnFrom'];

/** Lists of rows, one after the other. */
export class RowListsBuilder {
  #bytes = new Uint8Array(1024);
  #length = 0;
  readonly #offsets: number[] = [0];

  add({ items, contexts }: DrawnFrom): void {
    const rows = new Float64Array(items.length + contexts.length);
    for (let i = 0; i < items.length; i++) rows[i] = itemRow(items[i]!);
    for (let c = 0; c < contexts.length; c++) rows[items.length + c] = contextRow(contexts[c]!);
    rows.sort();
    let last = 0;
    for (const row of rows) {
      this.#addNumber(row - last);
      last = row;
    }
    this.#offsets.push(this.#length);
  }

  /** Appends a copy of a list of other lists. */
  copy({ offsets, bytes }: RowLists, list: number): void {
    const encoded = bytes.subarray(offsets[list]!, offsets[list + 1]!);
    this.#reserve(encoded.length);
    this.#bytes.set(encoded, this.#length);
    this.#length += encoded.length;
    this.#offsets.push(this.#length);
  }

  addEmpty(): void {
    this.#offsets.push(this.#length);
  }

  build(): RowLists {
    return { offsets: Uint32Array.from(this.#offsets), bytes: this.#bytes.slice(0, this.#length) };
  }

  #addNumber(number: number): void {
    this.#reserve(5);
    let rest = number;
    for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
    this.#bytes[this.#length++] = rest;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const wider = new Uint8Array(Math.max(this.#length + more, this.#bytes.length * 2));
    wider.set(this.#bytes);
    this.#bytes = wider;
  }
}

/** A set of rows of a graph. */
export class RowSet {
  readonly #isIn: Uint8Array;

  constructor({ itemCount, contextCount }: Pick<ItemContextGraph, 'itemCount' | 'contextCount'>) {
    this.#isIn = new Uint8Array(2 * Math.max(itemCount, contextCount));
  }

  add({ items, contexts }: ChangedRows): void {
    for (const item of items) this.#isIn[itemRow(item)] = 1;
    for (const context of contexts) this.#isIn[contextRow(context)] = 1;
  }

  /** Whether a row of the list is in the set. */
  meets({ offsets, bytes }: RowLists, list: number): boolean {
    const end = offsets[list + 1]!;
    let row = 0;
    for (let i = offsets[list]!; i < end; ) {
      let [unit, byte] = [1, bytes[i++]!];
      for (; byte > 0x7f; byte = bytes[i++]!) {
        row += (byte & 0x7f) * unit;
        unit *= 0x80;
      }
      row += byte * unit;
      if (this.#isIn[row] === 1) return true;
    }
    return false;
  }
}

function itemRow(item: number): number {
  return 2 * item;
}

function contextRow(context: number): number {
  return 2 * context + 1;
}
