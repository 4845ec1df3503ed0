import { idFault, isEveryone } from '#contracts/domain/ids.ts';
import { ACTION_TYPES, type ActionType } from '#contracts/generated/records.ts';
import type { DatasetAction, DatasetItem } from './dataset.ts';
import { eventTime, type TimeRules } from './event-times.ts';
import type { AttributeColumns, ColumnList, FieldSource, Mapping } from './mapping.ts';
import type { Row } from './rows.ts';

/** One invalid field of a row. */
export class RowError extends Error {
  override readonly name = 'RowError';
  readonly field: string;

  constructor(field: string, reason: string) {
    super(reason);
    this.field = field;
  }
}

/**
 * @param file names the source in the ids of events without an id
 * @param now milliseconds since the epoch
 * @throws {RowError} for the first field that is missing or of the wrong type
 */
export function toAction(
  row: Row,
  mapping: NonNullable<Mapping['actions']>,
  file: string,
  now: number,
): DatasetAction {
  const optional = (
    field: Exclude<keyof typeof mapping, 'timeFormat' | 'timeZone' | 'decimal' | 'columns' | 'encoding'>,
  ) => read(row, mapping[field] ?? field);
  const required = (field: Parameters<typeof optional>[0]) => present(field, optional(field));
  const contextId = optional('contextId');
  const value = optional('value');
  const userId = id('userId', required('userId'));
  if (isEveryone(userId)) throw new RowError('userId', `“${userId}” is reserved: it stands for everyone`);
  return {
    userId,
    itemId: id('itemId', required('itemId')),
    type: actionType(optional('type') ?? 'view'),
    occurredAt: time(required('occurredAt').trim(), {
      format: mapping.timeFormat,
      zone: mapping.timeZone,
      now,
    }),
    eventId: id('eventId', optional('eventId') ?? `${file}:${row.line}`),
    ...(contextId !== undefined && { contextId: id('contextId', contextId) }),
    ...(value !== undefined && { value: finite('value', value, mapping.decimal) }),
  };
}

/** Largest text of an item, so that the item fits into a request. */
const MAX_TEXT_BYTES = 500_000;

/** @throws {RowError} if the id or the title is missing, or the text is too long */
export function toItem(row: Row, mapping: NonNullable<Mapping['items']>): DatasetItem {
  const text = read(row, mapping.text ?? 'text');
  const attributes = readAttributes(row, mapping.attributes ?? []);
  // The console shows the picture at this address.
  const picture = mapping.picture === undefined ? undefined : read(row, mapping.picture);
  if (picture !== undefined) attributes.image = picture.trim();
  if (text !== undefined && Buffer.byteLength(text) > MAX_TEXT_BYTES) {
    throw new RowError('text', `has ${Buffer.byteLength(text)} bytes; at most ${MAX_TEXT_BYTES} are allowed`);
  }
  return {
    itemId: id('itemId', present('itemId', read(row, mapping.itemId ?? 'itemId'))),
    title: present('title', read(row, mapping.title ?? 'title')),
    ...(text !== undefined && { text }),
    categories: readList(row, mapping.categories ?? ['categories']),
    attributes,
  };
}

/** Returns the text of a field; undefined if its column is missing or its cell empty. */
export function read(row: Row, source: FieldSource): string | undefined {
  if (typeof source === 'string') return asText(row.cell(source));
  if ('constant' in source) return String(source.constant);
  if ('columns' in source) {
    const cells = source.columns.map((column) => asText(row.cell(column))?.trim());
    return asText(cells.filter((cell) => cell !== undefined).join(' '));
  }
  const cell = asText(row.cell(source.column));
  if (cell === undefined) return undefined;
  return Object.hasOwn(source.values, cell) ? source.values[cell] : (source.values[cell.trim()] ?? cell);
}

function readAttributes(row: Row, columns: AttributeColumns): Record<string, string> {
  const named: readonly (readonly [string, string])[] = Array.isArray(columns)
    ? columns.map((column) => [column, column])
    : Object.entries(columns);
  return Object.fromEntries(
    named.flatMap(([name, column]) => {
      const value = read(row, column);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

function readList(row: Row, source: ColumnList): string[] {
  const cells =
    'separator' in source
      ? splitCell(row.cell(source.column), source.separator)
      : source.map((column) => row.cell(column));
  return cells
    .flat()
    .map(asText)
    .filter((text) => text !== undefined);
}

/** A list in a JSON file is already a list. */
function splitCell(cell: unknown, separator: string): unknown[] {
  return Array.isArray(cell)
    ? cell
    : (asText(cell)
        ?.split(separator)
        .map((part) => part.trim()) ?? []);
}

function asText(cell: unknown): string | undefined {
  if (cell === undefined || cell === null || typeof cell === 'object') return undefined;
  // Not trimmed: two ids of a JSON file may differ in a blank.
  const text = String(cell);
  return text.trim() === '' ? undefined : text;
}

function present(field: string, text: string | undefined): string {
  if (text === undefined) throw new RowError(field, 'is missing');
  return text;
}

function actionType(text: string): ActionType {
  const type = ACTION_TYPES.find((known) => known === text.trim().toLowerCase());
  if (type === undefined) throw new RowError('type', `“${text}” is none of ${ACTION_TYPES.join(', ')}`);
  return type;
}

function finite(field: string, text: string, decimal: '.' | ',' = '.'): number {
  const value = numberOf(text, decimal);
  if (Number.isFinite(value)) return value;
  const isComma = decimal === '.' && Number.isFinite(numberOf(text, ','));
  throw new RowError(
    field,
    `“${text}” is not a number${isComma ? ': set "decimal": "," in the mapping' : ''}`,
  );
}

/** Reads `2.5`, or with a decimal comma `1.234,50` and `12,90 €`; NaN for any other text. */
export function numberOf(text: string, decimal: '.' | ','): number {
  if (decimal === '.') return Number(text);
  const digits = text.replace(/\s|€|EUR/g, '');
  if (!/^-?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?$/.test(digits)) return Number.NaN;
  return Number(digits.replaceAll('.', '').replace(',', '.'));
}

function time(text: string, rules: TimeRules): number {
  const result = eventTime(text, rules);
  if ('reason' in result) throw new RowError('occurredAt', result.reason);
  return result.at;
}

function id(field: string, text: string): string {
  // A spreadsheet shows 15793596808644609 as 1.57936E+16, and so each id near it.
  if (/^\d(\.\d+)?E\+\d+$/.test(text)) {
    throw new RowError(field, `“${text}” was rounded by a spreadsheet: export the column as text`);
  }
  const reason = idFault(text);
  if (reason !== undefined) throw new RowError(field, reason);
  return text;
}
