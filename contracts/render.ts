/** Renders Avro schemas as TypeScript. Pure: it takes schemas and returns the text of one module. */
import { isDeepStrictEqual } from 'node:util';
import { type AvroEnum, type AvroRecord, type AvroSchema, isUnion } from './avro.ts';

const LINE_WIDTH = 110;

/**
 * Returns the module of all records: one interface per record, a union and a constant per enum, `RecordTypes`,
 * `RecordName` and `SCHEMAS`. A field with a default is still required: the default is for readers of older messages.
 * @param schemas - the record of each file, in the order of the output
 * @throws Error if two schemas define one name differently, or use a part of Avro that avro.ts leaves out
 */
export function renderRecords(schemas: readonly AvroRecord[]): string {
  const named = new Map<string, AvroRecord | AvroEnum>();
  for (const schema of schemas) collectNamed(schema, named);
  const names = schemas.map((schema) => schema.name).sort();
  return [
    '/** Generated from contracts/schemas by `npm run generate`: change the schemas, not this file. */',
    "import type { AvroRecord } from '../avro.ts';",
    ...[...named.values()].map((type) => (type.type === 'enum' ? renderEnum(type) : renderInterface(type))),
    lines(
      '/** The type of each record that is a message, by the name of its schema. */',
      'export interface RecordTypes {',
      ...names.map((name) => `  readonly ${name}: ${name};`),
      '}',
    ),
    '/** Names of the records that are messages. */\nexport type RecordName = keyof RecordTypes;',
    lines(
      '/** The schema of each message, so that no file is read at run time. */',
      'export const SCHEMAS: Readonly<Record<RecordName, AvroRecord>> = {',
      ...names.map((name) => `  ${name}: ${indent(JSON.stringify(named.get(name), null, 2))},`),
      '};',
    ),
  ]
    .join('\n\n')
    .concat('\n');
}

/** Adds the named types of `schema`, inner ones first, so that each is defined before its use. */
function collectNamed(schema: AvroSchema, into: Map<string, AvroRecord | AvroEnum>): void {
  if (typeof schema === 'string') return;
  if (isUnion(schema)) {
    if (schema.length !== 2 || !schema.includes('null')) throw unsupported(schema);
    for (const branch of schema) collectNamed(branch, into);
    return;
  }
  switch (schema.type) {
    case 'array':
      collectNamed(schema.items, into);
      return;
    case 'map':
      collectNamed(schema.values, into);
      return;
    case 'record':
      for (const field of schema.fields) collectNamed(field.type, into);
      addNamed(schema, into);
      return;
    case 'enum':
      addNamed(schema, into);
      return;
    case 'long':
      return;
    default:
      throw unsupported(schema);
  }
}

function addNamed(type: AvroRecord | AvroEnum, into: Map<string, AvroRecord | AvroEnum>): void {
  const earlier = into.get(type.name);
  if (earlier !== undefined && !isDeepStrictEqual(earlier, type)) {
    throw new Error(`Two schemas define ${type.name} differently: make them one, or rename one of them.`);
  }
  into.set(type.name, type);
}

function renderInterface(record: AvroRecord): string {
  const fields = record.fields.map((field) =>
    lines(...comment(field.doc, '  '), `  readonly ${field.name}: ${typeOf(field.type)};`),
  );
  return lines(...comment(record.doc, ''), `export interface ${record.name} {`, ...fields, '}');
}

function renderEnum(type: AvroEnum): string {
  const constant = constantName(type.name);
  return lines(
    ...comment(type.doc, ''),
    `export type ${type.name} = (typeof ${constant})[number];`,
    '',
    `/** All values of ${type.name}, in the order of the schema. */`,
    `export const ${constant} = [${type.symbols.map((symbol) => `'${symbol}'`).join(', ')}] as const;`,
  );
}

/** ActionType → ACTION_TYPES, Availability → AVAILABILITIES. */
function constantName(name: string): string {
  const snake = name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase();
  return /[^AEIOU]Y$/.test(snake) ? `${snake.slice(0, -1)}IES` : `${snake}S`;
}

function typeOf(schema: AvroSchema): string {
  if (isUnion(schema)) {
    // Null goes last, whichever branch is first because of a default.
    const branches = schema.filter((branch) => branch !== 'null').map(typeOf);
    return (schema.includes('null') ? [...branches, 'null'] : branches).join(' | ');
  }
  if (typeof schema === 'string') return PRIMITIVES[schema] ?? refuse(schema);
  switch (schema.type) {
    case 'array':
      return `readonly ${parenthesized(typeOf(schema.items))}[]`;
    case 'map':
      return `Readonly<Record<string, ${typeOf(schema.values)}>>`;
    case 'record':
    case 'enum':
      return schema.name;
    case 'long':
      return 'number';
    default:
      throw unsupported(schema);
  }
}

const PRIMITIVES: Readonly<Record<string, string>> = {
  null: 'null',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  bytes: 'Buffer',
  string: 'string',
};

function parenthesized(type: string): string {
  return type.includes(' ') ? `(${type})` : type;
}

function refuse(schema: AvroSchema): never {
  throw unsupported(schema);
}

function unsupported(schema: unknown): Error {
  return new Error(`${JSON.stringify(schema)} is not among the kinds of schema in contracts/avro.ts.`);
}

/** A doc comment, on one line if it fits. */
function comment(doc: string | undefined, indentation: string): readonly string[] {
  if (doc === undefined) return [];
  const oneLine = `${indentation}/** ${doc} */`;
  if (oneLine.length <= LINE_WIDTH) return [oneLine];
  return [
    `${indentation}/**`,
    ...wrap(doc, LINE_WIDTH - indentation.length - 3).map((line) => `${indentation} * ${line}`),
    `${indentation} */`,
  ];
}

function wrap(text: string, width: number): readonly string[] {
  const wrapped: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      wrapped.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...wrapped, line];
}

function indent(text: string): string {
  return text.replaceAll('\n', '\n  ');
}

function lines(...parts: readonly string[]): string {
  return parts.join('\n');
}
