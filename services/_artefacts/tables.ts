import { BinaryReader, BinaryWriter } from '#algorithms/binary.ts';
import { decodeVector } from '#contracts/vectors.ts';
import type { Artefact, ArtefactFormat } from './artefact.ts';

/** A matrix of finite numbers, row-major; values.length is a multiple of `columns`. */
export interface Table {
  readonly columns: number;
  readonly values: Float32Array;
}

/** The numbers of a model by name. */
export type Tables = Readonly<Record<string, Table>>;

export interface NamedTables {
  /** Item id by number; tables of the items have a row each. */
  readonly itemIds: readonly string[];
  readonly tables: Tables;
}

export interface TablesArtefact extends NamedTables {
  readonly model: string;
  readonly generation: string;
  /** Facts about the training, as JSON. */
  readonly card: string;
  /** Event time of the newest action of the training, ms; null where that is not known. */
  readonly trainedUpTo: number | null;
}

/** The artefact of a model that consists of tables. */
export function tablesArtefact(given: TablesArtefact): Artefact {
  const { model, generation, card, trainedUpTo } = given;
  const format = formatOf(model);
  return { model, generation, format, bytes: encodeTables(given), card, requires: [], trainedUpTo };
}

/** The format of such an artefact. @param read the model in its tables; throws where they have the wrong shapes */
export function tablesFormat<T>(model: string, read: (named: NamedTables) => T): ArtefactFormat<T> {
  return { model, format: formatOf(model), decode: ({ bytes }) => read(decodeTables(bytes, model)) };
}

/** A table with a row for each of `rows` and this many columns. @throws RangeError if there is none */
export function tableOf(tables: Tables, name: string, rows: number, columns?: number): Table {
  const table = tables[name];
  if (table === undefined) throw new RangeError(`the artefact has no table ${name}`);
  const width = columns ?? table.columns;
  if (table.columns !== width || table.values.length !== rows * width)
    throw new RangeError(
      `the table ${name} holds ${table.values.length} numbers in rows of ${table.columns}, not ${rows} × ${width}`,
    );
  return table;
}

const LENGTH_BYTES = 4;
const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;

/** Models whose tables have changed: readers skip what an earlier version wrote, until the next training. */
const VERSIONS: Readonly<Record<string, number>> = { combiner: 2 };

const formatOf = (model: string) => `tributary.${model}/${VERSIONS[model] ?? 1}`;

/** The length of the head, the head (ids, and names and shapes of the tables), then the tables as little-endian float32. */
function encodeTables({ itemIds, tables }: NamedTables): Buffer {
  const entries = Object.entries(tables);
  const writer = new BinaryWriter();
  writer.varint(itemIds.length);
  for (const itemId of itemIds) writer.string(itemId);
  writer.varint(entries.length);
  for (const [name, { columns, values }] of entries) {
    writer.string(name);
    writer.varint(columns);
    writer.varint(values.length);
  }
  const head = writer.finish();
  const total = entries.reduce((sum, [, { values }]) => sum + values.length, 0);
  const bytes = Buffer.alloc(LENGTH_BYTES + head.length + total * FLOAT_BYTES);
  bytes.writeUInt32LE(head.length, 0);
  bytes.set(head, LENGTH_BYTES);
  let at = LENGTH_BYTES + head.length;
  for (const [, { values }] of entries) for (const value of values) at = bytes.writeFloatLE(value, at);
  return bytes;
}

/** @throws BinaryFormatError, RangeError or VectorError if the bytes are malformed */
function decodeTables(bytes: Buffer, model: string): NamedTables {
  if (bytes.length < LENGTH_BYTES) throw new RangeError(`the tables of ${model} are truncated`);
  let at = LENGTH_BYTES + bytes.readUInt32LE(0);
  const reader = new BinaryReader(bytes.subarray(LENGTH_BYTES, at), `the tables of ${model}`);
  const itemIds = Array.from({ length: reader.varint() }, () => reader.string());
  const shapes = Array.from({ length: reader.varint() }, () => ({
    name: reader.string(),
    columns: reader.varint(),
    length: reader.varint(),
  }));
  reader.end();
  const total = shapes.reduce((sum, { length }) => sum + length, 0);
  if (bytes.length !== at + total * FLOAT_BYTES)
    throw new RangeError(`the tables of ${model} hold ${bytes.length - at} bytes for ${total} numbers`);
  const tables: Record<string, Table> = {};
  for (const { name, columns, length } of shapes) {
    if (columns === 0 || length % columns !== 0)
      throw new RangeError(`the table ${name} of ${model} has ${length} numbers in rows of ${columns}`);
    const end = at + length * FLOAT_BYTES;
    const values = decodeVector(bytes.subarray(at, end), length, `the table ${name} of ${model}`);
    tables[name] = { columns, values };
    at = end;
  }
  return { itemIds, tables };
}
