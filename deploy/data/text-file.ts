import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Mapping } from './mapping.ts';

/** A file of a user that cannot be read as it is: one sentence that names the file, the place and the remedy. */
export class FileError extends Error {
  override readonly name = 'FileError';
  readonly proposal: ReadingProposal | undefined;

  constructor(message: string, proposal?: ReadingProposal) {
    super(message);
    this.proposal = proposal;
  }
}

/** A way to read the file that only its owner can confirm, because a wrong guess would load wrong data. */
export interface ReadingProposal {
  /** To be answered with yes or no. */
  readonly question: string;
  /** The mapping that reads the file so, in addition to the present one. */
  readonly mapping: Mapping;
}

/** How the text of a file is encoded, where nothing in the file says so. */
export type Encoding = NonNullable<Mapping['encoding']>;

/** Consecutive lines of a file. */
export interface Lines {
  /** Number of the first line, from 1. */
  readonly first: number;
  /** Without their ends. */
  readonly lines: readonly string[];
}

/** Longest line, in bytes. */
const MAX_LINE_BYTES = 16 * 1_048_576;

/** First bytes of files that are no text, and what to do with them. */
const FOREIGN: ReadonlyArray<readonly [string, string]> = [
  ['504b0304', 'a zip archive or a spreadsheet: unpack it, or save the sheet as CSV'],
  ['d0cf11e0', 'a spreadsheet: save the sheet as CSV'],
  ['50415231', 'a Parquet file: convert it to CSV or JSONL'],
  ['28b52ffd', 'compressed with zstd: unpack it, or use gzip'],
  ['425a68', 'compressed with bzip2: unpack it, or use gzip'],
  ['fd377a58', 'compressed with xz: unpack it, or use gzip'],
];

/**
 * Reads a text file line by line in constant memory: UTF-8, UTF-16 with a byte order mark, or the given encoding; plain or
 * compressed with gzip.
 * @throws FileError if the file is no such text; an error of the file system if it cannot be opened
 */
export async function* readLines(path: string, encoding?: Encoding): AsyncIterable<Lines> {
  const file = basename(path);
  const isGzip = (await firstBytes(path)).startsWith('1f8b');
  const source = createReadStream(path);
  const bytes: Readable = isGzip ? source.pipe(createGunzip()).on('close', () => source.destroy()) : source;
  let first = 1;
  let decode: ReturnType<typeof createDecoder> | undefined;
  try {
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      decode ??= createDecoder(chunk, file, encoding);
      const lines = decode(chunk, first, false);
      if (lines.length > 0) yield { first, lines };
      first += lines.length;
    }
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (!/^(Z_|ERR_ZLIB)/.test(code)) throw error;
    throw new FileError(`${file} is damaged after line ${first - 1}: ${message}. Compress it again.`);
  } finally {
    source.destroy();
  }
  const rest = decode?.(Buffer.alloc(0), first, true) ?? [];
  if (rest.length > 0) yield { first, lines: rest };
}

async function firstBytes(path: string): Promise<string> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString('hex', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

type Decoder = (chunk: Buffer, line: number, isLast: boolean) => string[];

/** Chooses by the first bytes how the text is encoded. */
function createDecoder(start: Buffer, file: string, encoding: Encoding | undefined): Decoder {
  const head = start.toString('hex', 0, 4);
  if (head.startsWith('fffe')) return decodeAs('utf-16le', file);
  if (head.startsWith('feff')) return decodeAs('utf-16be', file);
  const foreign = FOREIGN.find(([magic]) => head.startsWith(magic));
  if (foreign !== undefined) throw new FileError(`${file} is ${foreign[1]}.`);
  if (head.startsWith('efbbbf')) return decodeUtf8(file);
  if (encoding !== undefined && encoding !== 'utf-8') return decodeAs(encoding, file);
  if (start.subarray(0, 4).includes(0)) {
    const likely = start[0] === 0 ? 'utf-16be' : 'utf-16le';
    throw new FileError(
      `${file} is no UTF-8 text; it may be UTF-16 without a byte order mark. Save it as UTF-8, or set "encoding": "${likely}" in the mapping.`,
      { question: `${file} looks like ${likely.toUpperCase()}. Read it so?`, mapping: { encoding: likely } },
    );
  }
  return decodeUtf8(file);
}

/** Decodes whole lines only, so that no character is cut, and a broken byte can be named by its line. */
function decodeUtf8(file: string): Decoder {
  let carried = Buffer.alloc(0);
  return (chunk, line, isLast) => {
    const bytes = carried.length === 0 ? chunk : Buffer.concat([carried, chunk]);
    const end = isLast ? bytes.length : bytes.lastIndexOf(0x0a) + 1;
    const whole = bytes.subarray(0, end);
    carried = Buffer.from(bytes.subarray(end));
    if (carried.length > MAX_LINE_BYTES) throw tooLong(file, line);
    if (!isUtf8(whole)) throw notUtf8(file, line, whole);
    return splitLines(whole.toString('utf8'), line === 1, isLast);
  };
}

/** A single-byte encoding reads any bytes; UTF-16 may be broken. */
function decodeAs(encoding: Encoding, file: string): Decoder {
  const decoder = new TextDecoder(encoding, { fatal: true });
  let carried = '';
  return (chunk, line, isLast) => {
    try {
      carried += decoder.decode(chunk, { stream: !isLast });
    } catch {
      throw new FileError(
        `${file}:${line} or a line soon after it is not ${encoding.toUpperCase()}. Save it as UTF-8.`,
      );
    }
    const end = isLast ? carried.length : carried.lastIndexOf('\n') + 1;
    const whole = carried.slice(0, end);
    carried = carried.slice(end);
    if (carried.length > MAX_LINE_BYTES) throw tooLong(file, line);
    return splitLines(whole, line === 1, isLast);
  };
}

function splitLines(text: string, isStart: boolean, isLast: boolean): string[] {
  const lines = (isStart ? text.replace(/^\uFEFF/, '') : text).split(/\r\n|\n|\r/);
  // The end of the last line begins no further one.
  if (lines.at(-1) === '') lines.pop();
  return isLast && text === '' ? [] : lines;
}

function notUtf8(file: string, line: number, bytes: Buffer): FileError {
  const text = bytes.toString('utf8');
  const encoded = Buffer.from(text);
  const place = bytes.findIndex((byte, index) => byte !== encoded[index]);
  const before = bytes.subarray(0, place < 0 ? bytes.length : place).toString('latin1');
  const at = line + before.split('\n').length - 1;
  const example = '`iconv -f WINDOWS-1252 -t UTF-8`';
  const question = `${file} is not UTF-8. Read it as Windows-1252, the encoding of western spreadsheets?`;
  return new FileError(
    `${file}:${at} is not UTF-8, so that two ids could become one. Save the file as UTF-8, for example with ${example}, or set "encoding": "windows-1252" in the mapping if it is that.`,
    { question, mapping: { encoding: 'windows-1252' } },
  );
}

function tooLong(file: string, line: number): FileError {
  return new FileError(`${file}:${line} is longer than 16 MiB. Write one record a line.`);
}
