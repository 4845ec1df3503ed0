import { basename } from 'node:path';
import type { Reject, Row, RowFormat } from './rows.ts';
import { FileError, readLines } from './text-file.ts';

/** Largest element of a JSON array, in characters. */
const MAX_ELEMENT = 16 * 1_048_576;

/**
 * Reads JSON objects, one a line or as the elements of one array. A number of more than 15 digits is read as the text that
 * stands in the file, because a number of JavaScript would round it.
 * @throws FileError if the file holds neither
 */
export async function* readJson(
  path: string,
  reject: Reject,
  { encoding }: Pick<RowFormat, 'encoding'> = {},
): AsyncIterable<Row> {
  const file = basename(path);
  let elements: ArrayElements | undefined;
  let isArray: boolean | undefined;
  for await (const { first, lines } of readLines(path, encoding)) {
    for (const [index, line] of lines.entries()) {
      const trimmed = line.trim();
      if (trimmed === '') continue;
      isArray ??= trimmed.startsWith('[');
      if (!isArray) {
        const row = rowOf(trimmed, first + index, file, reject);
        if (row !== undefined) yield row;
        continue;
      }
      elements ??= new ArrayElements(file);
      for (const { text, line: at } of elements.push(line, first + index)) {
        const row = rowOf(text, at, file, reject);
        if (row !== undefined) yield row;
      }
    }
  }
  elements?.end();
}

function rowOf(text: string, line: number, file: string, reject: Reject): Row | undefined {
  let value: unknown;
  try {
    value = parseExactly(text);
  } catch (error) {
    reject({ file, line, field: 'row', reason: `not JSON: ${(error as Error).message}` });
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    reject({ file, line, field: 'row', reason: 'is no JSON object' });
    return undefined;
  }
  return { line, columns: Object.keys(value), hasHeading: false, cell: (column) => reach(value, column) };
}

/** What the runtime passes to a reviver besides the key and the value: the text of a primitive. */
interface Source {
  readonly source?: string;
}

function parseExactly(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  const revive = (_key: string, value: unknown, { source }: Source = {}): unknown => {
    const isRounded = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
    return isRounded && source !== undefined && /^-?\d+$/.test(source) ? source : value;
  };
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown);
}

/** A column of exactly that name takes precedence over a path through nested objects. */
function reach(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.hasOwn(value, path)) return (value as Record<string, unknown>)[path];
  const dot = path.indexOf('.');
  return dot < 0
    ? undefined
    : reach((value as Record<string, unknown>)[path.slice(0, dot)], path.slice(dot + 1));
}

/** Cuts an array into the texts of its elements, without parsing it whole. */
class ArrayElements {
  readonly #file: string;
  #depth = 0;
  #inText = false;
  #isEscaped = false;
  #element = '';
  #line = 0;
  #isClosed = false;

  constructor(file: string) {
    this.#file = file;
  }

  push(text: string, line: number): { readonly text: string; readonly line: number }[] {
    const elements: { text: string; line: number }[] = [];
    let from = this.#depth === 0 ? -1 : 0;
    for (let place = 0; place < text.length; place++) {
      const character = text[place]!;
      if (this.#isClosed && character.trim() !== '') throw this.#fault(line, 'goes on after its array');
      if (this.#inText) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (character === '\\') this.#isEscaped = true;
        else if (character === '"') this.#inText = false;
      } else if (character === '"') this.#inText = true;
      else if (character === '[' || character === '{') {
        this.#depth += 1;
        if (this.#depth === 1) from = place + 1;
      } else if (character === ']' || character === '}' || character === ',') {
        const ends = this.#depth === 1;
        if (ends) {
          this.#add(text.slice(from, place), line);
          if (this.#element.trim() !== '') elements.push({ text: this.#element, line: this.#line });
          this.#element = '';
          from = place + 1;
        }
        if (character !== ',') this.#depth -= 1;
        this.#isClosed = this.#depth === 0;
      }
    }
    if (this.#depth > 0 && from >= 0) this.#add(`${text.slice(from)}\n`, line);
    return elements;
  }

  /** @throws FileError if the array is still open */
  end(): void {
    if (!this.#isClosed)
      throw this.#fault(this.#line, 'begins an element after which the array is not closed');
  }

  #add(text: string, line: number): void {
    if (this.#element.trim() === '') this.#line = line;
    this.#element += text;
    if (this.#element.length > MAX_ELEMENT)
      throw this.#fault(this.#line, 'begins an element of more than 16 MiB');
  }

  #fault(line: number, reason: string): FileError {
    return new FileError(`${this.#file}:${line} ${reason}. Give one array of objects, or one object a line.`);
  }
}
