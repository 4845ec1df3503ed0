/** Proposes how the columns of a file of actions are read. Only its owner can confirm it. */
import { ACTION_TYPES } from '#contracts/generated/records.ts';
import { eventTime } from './event-times.ts';
import type { FieldSource, Mapping, TimeFormat } from './mapping.ts';
import { numberOf, read } from './row-conversion.ts';
import { columnNamed, type FileSample, hasColumn, sourceColumns, textsOf } from './sample.ts';
import { COLUMN_SYNONYMS, likelyType, TIME_OF_DAY_NAMES } from './synonyms.ts';

type Actions = NonNullable<Mapping['actions']>;

/** A fault that a mapping mends, in one sentence. */
export interface MappingGap {
  readonly sentence: string;
  /** To be asked with yes or no where it is the only fault. */
  readonly question?: string;
}

/** Distinct texts of a column of types; more are names or ids. */
const MOST_TYPES = 60;
const SHOWN = 8;

/** The column of times, found by what it holds. */
export function columnOfTimes(sample: FileSample, free: readonly string[], now: number): string | undefined {
  return free.find((column) => {
    const texts = textsOf(sample, column);
    const count = texts.filter((text) =>
      TIME_RULES.some((rules) => 'at' in eventTime(text, { ...rules, now })),
    );
    return texts.length > 0 && count.length >= 0.9 * texts.length;
  });
}

/** The column of types of action: by its name, or by what it holds. */
export function columnOfTypes(sample: FileSample, free: readonly string[]): string | undefined {
  const holds = (column: string) => {
    const texts = textsOf(sample, column);
    const known = texts.filter((text) => isType(text) || likelyType(text) !== undefined);
    return texts.length > 0 && new Set(texts).size <= MOST_TYPES && known.length * 2 >= texts.length;
  };
  const named = COLUMN_SYNONYMS.actions.type
    .map((name) => columnNamed(free, [name]))
    .find((column) => column !== undefined && holds(column));
  return named ?? free.find(holds);
}

/** The column of numbers that is the value of an action. */
export function columnOfValues(sample: FileSample, free: readonly string[]): string | undefined {
  return COLUMN_SYNONYMS.actions.value
    .map((name) => columnNamed(free, [name]))
    .find((column) => {
      if (column === undefined) return false;
      const texts = textsOf(sample, column);
      const numbers = texts.filter(
        (text) => !Number.isNaN(numberOf(text, '.')) || !Number.isNaN(numberOf(text, ',')),
      );
      return texts.length > 0 && numbers.length >= 0.9 * texts.length;
    });
}

/** Proposes a translation for the texts that are no types of action. */
export function translateTypes(
  sample: FileSample,
  source: FieldSource,
): { readonly type?: FieldSource; readonly gap?: MappingGap; readonly strange?: readonly string[] } {
  const [column] = sourceColumns(source);
  if (column === undefined || !hasColumn(sample, column)) return {};
  const found = new Map<string, number>();
  for (const row of sample.rows) {
    const text = read(row, source)?.trim();
    if (text !== undefined && !isType(text)) found.set(text, (found.get(text) ?? 0) + 1);
  }
  const likely = [...found.keys()].flatMap((text) => {
    const type = likelyType(text);
    return type === undefined ? [] : [[text, type] as const];
  });
  if (likely.length === 0 || found.size > MOST_TYPES) return {};
  const known = typeof source === 'object' && 'values' in source ? source.values : {};
  const values = { ...known, ...Object.fromEntries(likely) };
  const strange = [...found.keys()].filter((text) => likelyType(text) === undefined);
  const rows = [...found.values()].reduce((sum, count) => sum + count, 0);
  const rest = strange.length === 0 ? '' : ` ${whatOf(strange)}`;
  const sentence = `${sample.file}: type is none of ${ACTION_TYPES.join(', ')} in ${rows} of ${sample.rows.length} rows: ${listed([...found.keys()])}.${rest}`;
  return { type: { column, values }, gap: { sentence }, strange };
}

/** @returns a sentence about texts for which nobody but the owner knows the type of action */
export function whatOf(strange: readonly string[]): string {
  return `Say also what ${listed(strange)} means, or its rows are left out.`;
}

function listed(texts: readonly string[]): string {
  const more = texts.length > SHOWN ? ', …' : '';
  return `${texts
    .slice(0, SHOWN)
    .map((text) => `“${text.slice(0, 40)}”`)
    .join(', ')}${more}`;
}

function isType(text: string): boolean {
  return ACTION_TYPES.some((type) => type === text.toLowerCase());
}

const TIME_RULES: readonly { readonly format: TimeFormat | undefined; readonly zone: string | undefined }[] =
  [
    { format: undefined, zone: undefined },
    { format: 's', zone: undefined },
    { format: undefined, zone: 'Z' },
    { format: 'day-first', zone: 'Z' },
    { format: 'month-first', zone: 'Z' },
  ];

/** Proposes how times are read that are invalid in most rows; nothing if they are valid. */
export function readTimes(
  sample: FileSample,
  source: FieldSource,
  actions: Actions,
  now: number,
): { readonly times?: Pick<Actions, 'timeFormat' | 'timeZone'>; readonly gap?: MappingGap } {
  const { timeFormat, timeZone } = actions;
  const texts = sample.rows.map((row) => ({ line: row.line, text: read(row, source)?.trim() ?? '' }));
  const validBy = (format: TimeFormat | undefined, zone: string | undefined) =>
    texts.filter(({ text }) => 'at' in eventTime(text, { format, zone, now })).length;
  const invalid = texts.length - validBy(timeFormat, timeZone);
  if (!isMost(invalid, texts.length)) return {};
  const [best] = TIME_RULES.filter(({ format }) => timeFormat === undefined || format === timeFormat)
    .map(({ format, zone }) => ({ format, zone: timeZone ?? zone }))
    .map((rules) => ({ ...rules, valid: validBy(rules.format, rules.zone) }))
    .sort((a, b) => b.valid - a.valid);
  if (best === undefined || best.valid * 2 <= texts.length) return {};
  const first = texts.find(
    ({ text }) => 'reason' in eventTime(text, { format: timeFormat, zone: timeZone, now }),
  )!;
  const fault = eventTime(first.text, { format: timeFormat, zone: timeZone, now });
  const isAmbiguous =
    /-first$/.test(best.format ?? '') && validBy('day-first', 'Z') === validBy('month-first', 'Z');
  const { file } = sample;
  const sentence = [
    `${file}: occurredAt is invalid in ${invalid} of ${texts.length} rows, as in line ${first.line}: ${'reason' in fault ? fault.reason : ''}.`,
    ...(isAmbiguous ? ['Write month-first if the month stands before the day.'] : []),
    ...(best.zone !== undefined && timeZone === undefined
      ? ['Write the zone of your times instead of Z, such as Europe/Berlin or +01:00.']
      : []),
  ].join(' ');
  return {
    times: {
      ...(best.format !== undefined && { timeFormat: best.format }),
      ...(best.zone !== undefined && { timeZone: best.zone }),
    },
    gap: {
      sentence,
      ...(best.format === 's' && {
        question: `The times of ${file} look like seconds. Read them as seconds?`,
      }),
    },
  };
}

/** Whether so many rows are invalid that a wrong mapping explains it better than wrong rows do. */
export function isMost(count: number, rows: number): boolean {
  return count > 0 && (count >= rows || (rows >= MIN_ROWS && count * 2 > rows));
}
const MIN_ROWS = 20;

/** The time of day in a column of its own, beside that of the date. */
export function withTimeOfDay(sample: FileSample, date: string, free: readonly string[]): FieldSource {
  const isDateOnly = textsOf(sample, date).every((text) => !text.includes(':') && !/^\d{9,}$/.test(text));
  const time = isDateOnly ? columnNamed(free, TIME_OF_DAY_NAMES) : undefined;
  const holds = time !== undefined && textsOf(sample, time).every((text) => /^\d{1,2}:\d{2}/.test(text));
  return holds ? { columns: [date, time] } : date;
}

/** Whether numbers of a column have a decimal comma, and none has a decimal point. */
export function hasDecimalComma(sample: FileSample, source: FieldSource): boolean {
  const [column] = sourceColumns(source);
  const texts = column === undefined ? [] : textsOf(sample, column);
  const only = (decimal: '.' | ',', other: '.' | ',') =>
    texts.some((text) => !Number.isNaN(numberOf(text, decimal)) && Number.isNaN(numberOf(text, other)));
  return only(',', '.') && !only('.', ',');
}
