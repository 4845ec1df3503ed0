import { ACTION_TYPES, type ActionType } from '#contracts/generated/records.ts';
import type { DatasetAction, DatasetItem } from './dataset.ts';
import type { ColumnList, FieldSource, Mapping, TimeFormat } from './mapping.ts';
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
 * @throws {RowError} for the first field that is missing or of the wrong type
 */
export function toAction(row: Row, mapping: NonNullable<Mapping['actions']>, file: string): DatasetAction {
  const optional = (field: Exclude<keyof typeof mapping, 'timeFormat'>) => read(row, mapping[field] ?? field);
  const required = (field: Parameters<typeof optional>[0]) => present(field, optional(field));
  const contextId = optional('contextId');
  const value = optional('value');
  return {
    userId: required('userId'),
    itemId: required('itemId'),
    type: actionType(optional('type') ?? 'view'),
    occurredAt: eventTime(required('occurredAt'), mapping.timeFormat),
    eventId: optional('eventId') ?? `${file}:${row.line}`,
    ...(contextId !== undefined && { contextId }),
    ...(value !== undefined && { value: finite('value', value) }),
  };
}

/** @throws {RowError} if the id or the title is missing */
export function toItem(row: Row, mapping: NonNullable<Mapping['items']>): DatasetItem {
  const text = read(row, mapping.text ?? 'text');
  const attributes = Object.fromEntries(
    (mapping.attributes ?? []).flatMap((column) => {
      const value = read(row, column);
      return value === undefined ? [] : [[column, value] as const];
    }),
  );
  return {
    itemId: present('itemId', read(row, mapping.itemId ?? 'itemId')),
    title: present('title', read(row, mapping.title ?? 'title')),
    ...(text !== undefined && { text }),
    categories: readList(row, mapping.categories ?? ['categories']),
    attributes,
  };
}

function read(row: Row, source: FieldSource): string | undefined {
  if (typeof source === 'string') return asText(row.cell(source));
  if ('constant' in source) return String(source.constant);
  const cell = asText(row.cell(source.column));
  return cell === undefined ? undefined : (source.values[cell] ?? cell);
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
  return Array.isArray(cell) ? cell : (asText(cell)?.split(separator) ?? []);
}

function asText(cell: unknown): string | undefined {
  if (cell === undefined || cell === null || typeof cell === 'object') return undefined;
  const text = String(cell).trim();
  return text === '' ? undefined : text;
}

function present(field: string, text: string | undefined): string {
  if (text === undefined) throw new RowError(field, 'is missing');
  return text;
}

function actionType(text: string): ActionType {
  const type = ACTION_TYPES.find((known) => known === text.toLowerCase());
  if (type === undefined) throw new RowError('type', `“${text}” is none of ${ACTION_TYPES.join(', ')}`);
  return type;
}

function finite(field: string, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new RowError(field, `“${text}” is not a number`);
  return value;
}

/** Without a format, a number is read as milliseconds and any other text as ISO 8601. */
function eventTime(text: string, format: TimeFormat | undefined): number {
  const assumed = format ?? (/^-?\d+(\.\d+)?$/.test(text) ? 'ms' : 'iso');
  const time =
    assumed === 'iso' ? Date.parse(text) : finite('occurredAt', text) * (assumed === 's' ? 1000 : 1);
  if (!Number.isFinite(time)) throw new RowError('occurredAt', `“${text}” is not a time (${assumed})`);
  return Math.round(time);
}
