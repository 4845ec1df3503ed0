import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { mappingFaults } from './mapping-faults.ts';

const Column = Type.String({ minLength: 1 });
const Source = Type.Union([
  Column,
  Type.Object({ constant: Type.Union([Type.String(), Type.Number()]) }, { additionalProperties: false }),
  Type.Object(
    { column: Column, values: Type.Record(Type.String(), Type.String()) },
    { additionalProperties: false },
  ),
  Type.Object({ columns: Type.Array(Column, { minItems: 1 }) }, { additionalProperties: false }),
]);
const Columns = Type.Union([
  Type.Array(Column),
  Type.Object({ column: Column, separator: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
]);
/** Columns that keep their names, or the column of each attribute by the name of the attribute. */
const Attributes = Type.Union([Type.Array(Column), Type.Record(Type.String({ minLength: 1 }), Column)]);

/** Names of the columns of a file whose first line is a row already. */
const Heading = Type.Array(Column, { minItems: 1 });

const Encodings = Type.Union([
  Type.Literal('utf-8'),
  Type.Literal('utf-16le'),
  Type.Literal('utf-16be'),
  Type.Literal('windows-1252'),
]);
const TimeFormats = Type.Union([
  Type.Literal('ms'),
  Type.Literal('s'),
  Type.Literal('iso'),
  Type.Literal('day-first'),
  Type.Literal('month-first'),
]);

const MappingSchema = Type.Object(
  {
    /** Of both files, unless one names its own. */
    encoding: Type.Optional(Encodings),
    actions: Type.Optional(
      Type.Object(
        {
          eventId: Type.Optional(Source),
          userId: Type.Optional(Source),
          itemId: Type.Optional(Source),
          type: Type.Optional(Source),
          occurredAt: Type.Optional(Source),
          contextId: Type.Optional(Source),
          value: Type.Optional(Source),
          encoding: Type.Optional(Encodings),
          columns: Type.Optional(Heading),
          timeFormat: Type.Optional(TimeFormats),
          timeZone: Type.Optional(Type.String({ minLength: 1 })),
          decimal: Type.Optional(Type.Union([Type.Literal('.'), Type.Literal(',')])),
        },
        { additionalProperties: false },
      ),
    ),
    items: Type.Optional(
      Type.Object(
        {
          encoding: Type.Optional(Encodings),
          columns: Type.Optional(Heading),
          itemId: Type.Optional(Source),
          title: Type.Optional(Source),
          text: Type.Optional(Source),
          categories: Type.Optional(Columns),
          attributes: Type.Optional(Attributes),
          picture: Type.Optional(Source),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

/**
 * Maps each field of an action or item to a user's own file. A field is the name of a column (for JSON, a dotted
 * path), a constant, a column whose values are translated, or columns that are joined by a blank. A field without an entry is read
 * from the column of its own name.
 */
export type Mapping = Static<typeof MappingSchema>;
export type FieldSource = Static<typeof Source>;
export type ColumnList = Static<typeof Columns>;
export type AttributeColumns = Static<typeof Attributes>;
export type TimeFormat = Static<typeof TimeFormats>;

export class MappingError extends Error {
  override readonly name = 'MappingError';
}

/** @throws {MappingError} naming every invalid entry of `text` */
export function parseMapping(text: string, file: string): Mapping {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new MappingError(`${file} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const faults = mappingFaults(value);
  if (faults.length === 0 && Value.Check(MappingSchema, value)) return value;
  const list = faults.length > 0 ? faults : ['an entry has another form than deploy/data/README.md shows'];
  throw new MappingError(
    `${file} is not a valid mapping:${list.length === 1 ? ' ' : '\n  '}${list.join('\n  ')}`,
  );
}

/** Joins two mappings; the entries of `more` take precedence. */
export function joinMappings(mapping: Mapping, more: Mapping): Mapping {
  const { actions, items, ...rest } = more;
  return {
    ...mapping,
    ...rest,
    ...(actions && { actions: { ...mapping.actions, ...actions } }),
    ...(items && { items: { ...mapping.items, ...items } }),
  };
}
