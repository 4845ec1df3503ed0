/** Finds the part of a value that does not fit its Avro schema. */
import { inspect } from 'node:util';
import type { Type } from 'avsc';
import { type AvroSchema, isUnion } from './avro.ts';
import { type Fault, fieldPath } from './fault.ts';

/** Returns the first part of `value` that is not of its type; to be called only if there is one. */
export function findMisfit(type: Type, value: unknown): Fault {
  let misfit: Fault | undefined;
  type.isValid(value, {
    errorHook(path, part, expected) {
      misfit ??= {
        code: 'encode.invalid',
        field: fieldPath(path),
        reason: `is ${show(part)}, which is no ${expectation(expected)}`,
      };
    },
  });
  return misfit ?? { code: 'encode.invalid', field: '', reason: 'does not fit its schema' };
}

/** The steps from a value to the part that is searched for; undefined if there is no such part. */
export type FindPath = (value: unknown) => readonly string[] | undefined;

/**
 * A search for a number that is not finite; undefined if a schema cannot contain one. Avro can write NaN, but no
 * reader of the contracts could compute with it.
 */
export function compileFinite(schema: AvroSchema): FindPath | undefined {
  if (isUnion(schema)) {
    const branch = schema.find((candidate) => candidate !== 'null');
    return branch === undefined ? undefined : compileFinite(branch);
  }
  if (schema === 'double') return (value) => (isNonFinite(value) ? [] : undefined);
  // A number that a float cannot represent becomes infinite when it is written.
  if (schema === 'float') return (value) => (isNonFinite(value, Math.fround) ? [] : undefined);
  if (typeof schema === 'string') return undefined;
  switch (schema.type) {
    case 'array':
      return inEach(compileFinite(schema.items));
    case 'map':
      return inEach(compileFinite(schema.values));
    case 'record':
      return inFields(schema.fields.map(({ name, type }) => ({ name, find: compileFinite(type) })));
    default:
      return undefined;
  }
}

function isNonFinite(value: unknown, convert: (value: number) => number = (same) => same): boolean {
  return typeof value === 'number' && !Number.isFinite(convert(value));
}

function inFields(fields: readonly { name: string; find: FindPath | undefined }[]): FindPath | undefined {
  const searched = fields.flatMap(({ name, find }) => (find === undefined ? [] : [{ name, find }]));
  if (searched.length === 0) return undefined;
  return (value) => {
    if (!isObject(value)) return undefined;
    for (const { name, find } of searched) {
      const found = find(value[name]);
      if (found !== undefined) return [name, ...found];
    }
    return undefined;
  };
}

function inEach(find: FindPath | undefined): FindPath | undefined {
  if (find === undefined) return undefined;
  return (value) => {
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) {
        const found = find(value[index]);
        if (found !== undefined) return [String(index), ...found];
      }
    } else if (isObject(value)) {
      for (const [key, part] of Object.entries(value)) {
        const found = find(part);
        if (found !== undefined) return [key, ...found];
      }
    }
    return undefined;
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function show(value: unknown): string {
  const text = inspect(value, {
    depth: 0,
    breakLength: Number.POSITIVE_INFINITY,
    maxStringLength: 60,
    maxArrayLength: 5,
  });
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}

function expectation(type: Type): string {
  const { types, symbols } = type as Partial<{ types: readonly Type[]; symbols: readonly string[] }>;
  if (symbols !== undefined) return `one of ${symbols.join(', ')}`;
  if (types !== undefined) return types.map((branch) => expectation(branch)).join(' or ');
  return type.name ?? type.typeName;
}
