import { basename } from 'node:path';
import type { Reject, Row, RowFormat } from './rows.ts';
import { FileError, readLines } from './text-file.ts';

/** Lines and characters that one quoted cell may span. */
const MAX_SPAN_LINES = 200;
const MAX_SPAN_CHARACTERS = 1_048_576;

/** A row under way: the cells so far, and the lines since a quote opened. */
interface Pending {
  /** Number of the line where the row begins. */
  readonly line: number;
  readonly lines: string[];
  readonly cells: string[];
  cell: string;
  inQuote: boolean;
  characters: number;
}

/**
 * Reads the rows of a file whose first line names the columns. Cells may be quoted, and then span lines. A row that cannot be
 * read is rejected by the line where it begins, and reading resumes at the line after that: a quote that is never closed costs
 * its own row and no other.
 * @param format `delimiter` is one character; without one it is that of `,`, `;`, tab and `|` which the first line has most
 *   often, or that of the line `sep=;`, which spreadsheets write. With `columns` the first line is a row already
 * @throws FileError if the first line names no columns, or one twice
 */
export async function* readCsv(
  path: string,
  reject: Reject,
  { encoding, columns, delimiter }: RowFormat & { readonly delimiter?: string } = {},
): AsyncIterable<Row> {
  const file = basename(path);
  let records: CsvRecords | undefined;
  let separator = delimiter;
  for await (const { first, lines } of readLines(path, encoding)) {
    let skipped = 0;
    if (records === undefined) {
      const stated = lines.findIndex((line) => line.trim() !== '');
      const [, mark] = SEPARATOR_LINE.exec(lines[stated] ?? '') ?? [];
      separator ??= mark;
      const start = lines.findIndex(
        (line, place) => line.trim() !== '' && (mark === undefined || place > stated),
      );
      if (start < 0) continue;
      const heading = lines[start]!;
      const names = columns ?? headingOf(file, heading, separator ?? likelyDelimiter(heading));
      records = new CsvRecords(file, names, separator ?? likelyDelimiter(heading), reject);
      skipped = columns === undefined ? start + 1 : start;
    }
    for (const [index, line] of lines.slice(skipped).entries()) records.push(line, first + skipped + index);
    yield* records.take();
  }
  if (records === undefined) throw new FileError(`${file} is empty. Its first line must name the columns.`);
  records.end();
  yield* records.take();
}

/** The first line of a file that a spreadsheet wrote for another: `sep=;`. */
const SEPARATOR_LINE = /^sep=(.)\s*$/i;

/** @throws FileError if the line names no columns, or one twice */
function headingOf(file: string, heading: string, delimiter: string): readonly string[] {
  const start = begin(1);
  if (scan(start, heading, delimiter) !== 'done') {
    throw new FileError(`${file}:1 has a quote that is not closed. The first line must name the columns.`);
  }
  const twice = start.cells.find((name, index) => start.cells.indexOf(name) !== index);
  if (twice !== undefined) throw new FileError(`${file}:1 names the column “${twice}” twice. Rename one.`);
  return start.cells;
}

class CsvRecords {
  readonly #file: string;
  readonly #columns: readonly string[];
  readonly #delimiter: string;
  readonly #reject: Reject;
  #pending: Pending | undefined;
  #rows: Row[] = [];

  constructor(file: string, columns: readonly string[], delimiter: string, reject: Reject) {
    this.#file = file;
    this.#columns = columns;
    this.#delimiter = delimiter;
    this.#reject = reject;
  }

  push(line: string, number: number): void {
    if (this.#pending === undefined && line.trim() === '') return;
    const pending = this.#pending ?? begin(number);
    this.#pending = undefined;
    pending.lines.push(line);
    pending.characters += line.length;
    const state = scan(pending, line, this.#delimiter);
    if (state === 'done') {
      this.#finish(pending, number);
      return;
    }
    if (state === 'broken') {
      this.#resume(pending, `is followed by other text in line ${number}`);
      return;
    }
    const isTooLong = pending.lines.length > MAX_SPAN_LINES || pending.characters > MAX_SPAN_CHARACTERS;
    if (isTooLong) this.#resume(pending, `is not closed within ${MAX_SPAN_LINES} lines and 1 MiB`);
    else this.#pending = pending;
  }

  end(): void {
    // Each round gives up the row that has begun, so that the lines after it are read as rows of their own.
    while (this.#pending !== undefined) {
      const pending = this.#pending;
      this.#pending = undefined;
      this.#resume(pending, 'is not closed before the end of the file');
    }
  }

  take(): readonly Row[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  #finish(pending: Pending, last: number): void {
    const { line, cells } = pending;
    const columns = this.#columns;
    if (cells.length === columns.length) {
      const cell = (column: string) => {
        const place = columns.indexOf(column);
        return place < 0 ? undefined : cells[place];
      };
      this.#rows.push({ line, columns, hasHeading: true, cell });
      return;
    }
    const reason = `has ${cells.length} cells, but the first line names ${columns.length} columns`;
    if (line === last) this.#reject({ file: this.#file, line, field: 'row', reason });
    else this.#resume(pending, `is closed in line ${last}, where the row ${reason}`);
  }

  /** Rejects the line where the row begins, and reads the lines after it again. */
  #resume({ line, lines }: Pending, reason: string): void {
    this.#reject({ file: this.#file, line, field: 'row', reason: `the quote that opens here ${reason}` });
    for (const [index, text] of lines.slice(1).entries()) this.push(text, line + 1 + index);
  }
}

function begin(line: number): Pending {
  return { line, lines: [], cells: [], cell: '', inQuote: false, characters: 0 };
}

/** Reads on in a row; `open` means that a quote is still open at the end of the line. */
function scan(row: Pending, text: string, delimiter: string): 'done' | 'open' | 'broken' {
  let place = 0;
  for (;;) {
    if (!row.inQuote) {
      const start = skipBlanks(text, place, delimiter);
      if (text[start] !== '"') {
        const end = text.indexOf(delimiter, place);
        row.cells.push(text.slice(place, end < 0 ? text.length : end).trim());
        if (end < 0) return 'done';
        place = end + 1;
        continue;
      }
      row.inQuote = true;
      row.cell = '';
      place = start + 1;
    }
    const quote = text.indexOf('"', place);
    if (quote < 0) {
      row.cell += `${text.slice(place)}\n`;
      return 'open';
    }
    row.cell += text.slice(place, quote);
    place = quote + 1;
    if (text[place] === '"') {
      row.cell += '"';
      place += 1;
      continue;
    }
    row.inQuote = false;
    row.cells.push(row.cell);
    place = skipBlanks(text, place, delimiter);
    if (place >= text.length) return 'done';
    if (text[place] !== delimiter) return 'broken';
    place += 1;
  }
}

function skipBlanks(text: string, from: number, delimiter: string): number {
  let place = from;
  while (text[place] === ' ' || (text[place] === '\t' && delimiter !== '\t')) place += 1;
  return place;
}

function likelyDelimiter(heading: string): string {
  const count = (delimiter: string) => heading.split(delimiter).length;
  return [',', ';', '\t', '|'].reduce((best, delimiter) =>
    count(delimiter) > count(best) ? delimiter : best,
  );
}
