/** Finds which column of a file is which field: by the mapping, by its name in other systems, or by what it holds. */
import { closestWord } from '#topics/closest-word.ts';
import { eventTime } from './event-times.ts';
import type { FieldSource, Mapping } from './mapping.ts';
import {
  columnOfTimes,
  columnOfTypes,
  columnOfValues,
  hasDecimalComma,
  type MappingGap,
  readTimes,
  translateTypes,
  whatOf,
  withTimeOfDay,
} from './propose-actions.ts';
import { attributeColumns, categoryColumns } from './propose-items.ts';
import {
  columnNamed,
  columnWithWord,
  type FileSample,
  hasColumn,
  type Kind,
  sourceColumns,
} from './sample.ts';
import { COLUMN_SYNONYMS } from './synonyms.ts';

const REQUIRED = { actions: ['userId', 'itemId', 'occurredAt'], items: ['itemId', 'title'] } as const;
const OWN_NAMES = {
  actions: ['userId', 'itemId', 'occurredAt', 'type', 'contextId', 'value', 'eventId'],
  items: ['itemId', 'title', 'text'],
} as const;

/** Columns that a message names. */
const SHOWN = 20;

/** What one look at a file found. */
export interface ColumnFinding {
  readonly gaps: readonly MappingGap[];
  /** Mends the gaps, and reads what else the columns hold. Empty without a gap. */
  readonly proposal: Mapping;
  readonly unused: readonly string[];
  /** Fields that unused columns probably hold, by column. */
  readonly hints: ReadonlyMap<string, string>;
  /** What the owner should know although it is no fault, one sentence each. */
  readonly notes: readonly string[];
  /** Everything that a mapping could read, and the columns that still stay unused. */
  readonly whole: Mapping;
  readonly left: readonly string[];
}

type Sources = Record<string, FieldSource | undefined>;
type Entries = Record<string, unknown>;

/** The columns of a file, and which field each is for. */
class Claims {
  readonly sample: FileSample;
  /** Entries of the mapping of the user. */
  readonly given: Entries;
  /** Fields that are read already. */
  readonly known: Sources = {};
  /** Fields that a mapping could read. */
  readonly proposed: Entries = {};
  readonly #claimed = new Set<string>();

  constructor(sample: FileSample, given: Entries) {
    this.sample = sample;
    this.given = given;
    for (const field of OWN_NAMES[sample.kind]) {
      const source = (given[field] ?? field) as FieldSource;
      if (!sourceColumns(source).every((column) => hasColumn(sample, column))) continue;
      this.known[field] = source;
      this.#claim(sourceColumns(source));
    }
    for (const field of ['categories', 'attributes', 'picture']) this.#claim(listedColumns(given[field]));
    if (sample.kind === 'items' && given.categories === undefined) this.#claim(['categories']);
  }

  get free(): readonly string[] {
    return this.sample.columns.filter((column) => !this.#claimed.has(column));
  }

  propose(field: string, source: unknown): void {
    const isSettled = (this.known[field] ?? this.given[field] ?? this.proposed[field]) !== undefined;
    if (source === undefined || isSettled || listedColumns(source).length === 0) return;
    this.proposed[field] = source;
    this.#claim(listedColumns(source));
  }

  #claim(columns: readonly string[]): void {
    for (const column of columns) this.#claimed.add(column);
  }
}

/** @param now milliseconds since the epoch */
export function lookAtColumns(sample: FileSample, mapping: Mapping, now: number): ColumnFinding {
  const { kind, columns, rows } = sample;
  // Without a row nothing is missing.
  if (rows.length === 0) {
    return { gaps: [], proposal: {}, unused: [], hints: new Map(), whole: {}, left: [], notes: [] };
  }
  const claims = new Claims(sample, (mapping[kind] ?? {}) as Entries);
  const notes: string[] = [];
  const gaps: MappingGap[] = wrongColumns(claims, notes);
  const missing = REQUIRED[kind].filter(
    (field) => (claims.known[field] ?? claims.given[field]) === undefined,
  );
  // Values in the place of names: nothing can be told from them.
  const isHeadless = columns.some(
    (column) => 'at' in eventTime(column, { format: undefined, zone: 'Z', now }),
  );
  if (!isHeadless) proposeColumns(claims, now);
  const found = missing.filter((field) => claims.proposed[field] !== undefined);
  const isHopeless = missing.length > 0 && found.length === 0;
  if (missing.length > 0) {
    const advice = isHopeless ? ` ${namesFirst(kind)}` : '';
    const sentence = `${sample.file} has no column for ${missing.join(', ')}: its columns are ${shownColumns(columns)}.${advice}`;
    gaps.unshift({ sentence });
  }
  const entries: Entries = { ...claims.proposed };
  if (kind === 'actions')
    gaps.push(
      ...lookInside(claims, mapping.actions ?? {}, entries, { now, isRefused: gaps.length > 0, notes }),
    );
  const isUseful = !isHopeless && Object.keys(entries).length > 0;
  const whole: Mapping = isUseful ? { [kind]: entries } : {};
  const left = claims.free;
  if (gaps.length > 0) return { gaps, proposal: whole, unused: left, hints: new Map(), whole, left, notes };
  const hints = new Map<string, string>();
  for (const [field, source] of Object.entries(claims.proposed)) {
    for (const column of listedColumns(source)) hints.set(column, field);
  }
  const unused = columns.filter((column) => left.includes(column) || hints.has(column));
  return { gaps, proposal: {}, unused, hints, whole, left, notes };
}

function proposeColumns(claims: Claims, now: number): void {
  const { sample } = claims;
  const names = COLUMN_SYNONYMS[sample.kind] as Readonly<Record<string, readonly string[]>>;
  const required: readonly string[] = REQUIRED[sample.kind];
  for (const field of required) {
    claims.propose(field, columnNamed(claims.free, names[field]!));
    claims.propose(field, columnWithWord(claims.free, names[field]!));
  }
  if (sample.kind === 'items') {
    claims.propose('categories', categoryColumns(sample, claims.free));
    claims.propose('text', columnNamed(claims.free, names.text!));
    claims.propose('picture', columnNamed(claims.free, names.picture!));
    claims.propose('attributes', attributeColumns(claims.free));
    return;
  }
  claims.propose('occurredAt', columnOfTimes(sample, claims.free, now));
  const date = claims.proposed.occurredAt;
  if (typeof date === 'string') claims.proposed.occurredAt = withTimeOfDay(sample, date, claims.free);
  claims.propose('type', columnOfTypes(sample, claims.free));
  claims.propose('contextId', columnNamed(claims.free, names.contextId!));
  claims.propose('value', columnOfValues(sample, claims.free));
  claims.propose('eventId', columnNamed(claims.free, names.eventId!));
}

/**
 * Looks at the cells of types, times and numbers; adds to the entries what reads them.
 * @param context `isRefused`: whether the file has a fault already, so that its owner reads what else is to know
 * @returns the faults of what is read already
 */
function lookInside(
  { sample, known, proposed }: Claims,
  given: NonNullable<Mapping['actions']>,
  entries: Entries,
  { now, isRefused, notes }: { readonly now: number; readonly isRefused: boolean; readonly notes: string[] },
): readonly MappingGap[] {
  const gaps: MappingGap[] = [];
  const sources = { ...known, ...proposed } as Sources;
  if (sources.type !== undefined) {
    const { type, gap, strange = [] } = translateTypes(sample, sources.type);
    if (type !== undefined) entries.type = type;
    // A translation that was given is a decision: the owner may leave rows out.
    const isDecided = typeof given.type === 'object' && 'values' in given.type;
    if (gap !== undefined && isDecided) notes.push(gap.sentence);
    else if (gap !== undefined && known.type !== undefined) gaps.push(gap);
    else if (isRefused && strange.length > 0) gaps.push({ sentence: `${sample.file}: ${whatOf(strange)}` });
  }
  if (sources.occurredAt !== undefined) {
    const { times, gap } = readTimes(sample, sources.occurredAt, given, now);
    Object.assign(entries, times);
    // Also of a column that is proposed, because only the owner knows the zone, and the order of day and month.
    if (gap !== undefined) gaps.push(gap);
  }
  if (sources.value !== undefined && given.decimal === undefined && hasDecimalComma(sample, sources.value)) {
    entries.decimal = ',';
    if (known.value !== undefined) {
      gaps.push({ sentence: `${sample.file}: numbers of value have a decimal comma: set "decimal": ",".` });
    }
  }
  return gaps;
}

/**
 * Columns that the mapping names and the file lacks.
 * @param notes receives those that a later row may have: an object of JSON leaves out what is optional
 */
function wrongColumns({ sample, given }: Claims, notes: string[]): MappingGap[] {
  const { kind, file, columns, rows } = sample;
  const required: readonly string[] = REQUIRED[kind];
  const gaps: MappingGap[] = [];
  for (const [field, source] of Object.entries(given)) {
    const missing = listedColumns(isColumns(field) ? source : undefined).filter(
      (column) => !hasColumn(sample, column),
    );
    for (const column of missing) {
      const meant = closestWord(column, columns);
      const hint =
        meant === undefined ? `The columns are ${shownColumns(columns)}.` : `Did you mean “${meant}”?`;
      const reads = `The mapping reads ${kind}.${field} from the column “${column}”, which`;
      if (rows[0]!.hasHeading || required.includes(field))
        gaps.push({ sentence: `${reads} ${file} does not have. ${hint}` });
      else notes.push(`${reads} none of the first ${rows.length} rows of ${file} has. ${hint}`);
    }
  }
  return gaps;
}

function isColumns(field: string): boolean {
  return !['encoding', 'timeFormat', 'timeZone', 'decimal', 'columns'].includes(field);
}

/** The columns of any entry of a mapping. */
function listedColumns(entry: unknown): readonly string[] {
  if (entry === undefined || entry === null) return [];
  if (Array.isArray(entry)) return entry as readonly string[];
  if (typeof entry === 'string') return [entry];
  const { column, columns, constant } = entry as {
    readonly column?: unknown;
    readonly columns?: unknown;
    readonly constant?: unknown;
  };
  if (constant !== undefined) return [];
  if (Array.isArray(columns)) return columns as readonly string[];
  if (typeof column === 'string' && Object.keys(entry).some((key) => ['values', 'separator'].includes(key))) {
    return [column];
  }
  return Object.values(entry as Readonly<Record<string, string>>);
}

function namesFirst(kind: Kind): string {
  const named = JSON.stringify({ [kind]: { columns: REQUIRED[kind] } });
  return `If these are values, add a first line that names the columns, such as ${REQUIRED[kind].join(',')}, or a --mapping such as ${named}; else name them in a --mapping.`;
}

/** @returns the names of columns for a message, cut where there are many */
export function shownColumns(columns: readonly string[]): string {
  const more = columns.length > SHOWN ? ', …' : '';
  return `${columns
    .slice(0, SHOWN)
    .map((column) => column.slice(0, 60))
    .join(', ')}${more}`;
}
