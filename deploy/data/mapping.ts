import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';

const Column = Type.String({ minLength: 1 });
const Source = Type.Union([
  Column,
  Type.Object({ constant: Type.Union([Type.String(), Type.Number()]) }, { additionalProperties: false }),
  Type.Object(
    { column: Column, values: Type.Record(Type.String(), Type.String()) },
    { additionalProperties: false },
  ),
]);
const Columns = Type.Union([
  Type.Array(Column),
  Type.Object({ column: Column, separator: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
]);

/** Names of the columns of a file whose first line is a row already. */
const Heading = Type.Array(Column, { minItems: 1 });

const MappingSchema = Type.Object(
  {
    encoding: Type.Optional(
      Type.Union([
        Type.Literal('utf-8'),
        Type.Literal('utf-16le'),
        Type.Literal('utf-16be'),
        Type.Literal('windows-1252'),
      ]),
    ),
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
          columns: Type.Optional(Heading),
          timeFormat: Type.Optional(Type.Union([Type.Literal('ms'), Type.Literal('s'), Type.Literal('iso')])),
          timeZone: Type.Optional(Type.String({ pattern: '^(Z|[+-][0-9]{2}:[0-9]{2})$' })),
        },
        { additionalProperties: false },
      ),
    ),
    items: Type.Optional(
      Type.Object(
        {
          columns: Type.Optional(Heading),
          itemId: Type.Optional(Source),
          title: Type.Optional(Source),
          text: Type.Optional(Source),
          categories: Type.Optional(Columns),
          attributes: Type.Optional(Type.Array(Column)),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

/**
 * Maps each field of an action or item to a user's own file. A field is the name of a column (for JSON, a dotted
 * path), a constant, or a column whose values are translated. A field without an entry is read from the column of its
 * own name.
 */
export type Mapping = Static<typeof MappingSchema>;
export type FieldSource = Static<typeof Source>;
export type ColumnList = Static<typeof Columns>;
export type TimeFormat = 'ms' | 's' | 'iso';

export class MappingError extends Error {
  override readonly name = 'MappingError';
}

/** @throws {MappingError} naming every invalid entry of `text` */
export function parseMapping(text: string, file: string): Mapping {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new MappingError(`${file} is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (Value.Check(MappingSchema, value)) return value;
  const faults = Value.Errors(MappingSchema, value).map(
    ({ instancePath, message }) => `${instancePath || '/'} ${message}`,
  );
  throw new MappingError(`${file} is not a valid mapping: ${[...new Set(faults)].join('; ')}`);
}
