/** Keys, headers and values of messages as JSON, without loss: `tail --json` writes it and `produce` reads it. */
import { isUtf8 } from 'node:buffer';
import type { AvroField, AvroSchema } from '#contracts/avro.ts';
import { isUnion } from '#contracts/avro.ts';
import { type Fault, fieldPath } from '#contracts/fault.ts';

/** A key or header that is not UTF-8 stands beside the others, in base64. */
export interface KeyJson {
  readonly key: string | null;
  readonly keyBytes?: string;
}

export interface HeadersJson {
  readonly headers: Readonly<Record<string, string>>;
  readonly headerBytes?: Readonly<Record<string, string>>;
}

export function keyToJson(key: Buffer | null): KeyJson {
  if (key === null) return { key: null };
  return isUtf8(key) ? { key: key.toString('utf8') } : { key: null, keyBytes: key.toString('base64') };
}

export function headersToJson(headers: Readonly<Record<string, Buffer>>): HeadersJson {
  const entries = Object.entries(headers);
  const bytes = entries.filter(([, value]) => !isUtf8(value));
  return {
    headers: Object.fromEntries(
      entries.filter(([, value]) => isUtf8(value)).map(([name, value]) => [name, value.toString('utf8')]),
    ),
    ...(bytes.length === 0
      ? {}
      : { headerBytes: Object.fromEntries(bytes.map(([name, value]) => [name, value.toString('base64')])) }),
  };
}

/** Thrown for the first part of a value that does not fit its schema. */
export class MisfitError extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(`${fault.field} ${fault.reason}`);
    this.fault = fault;
  }
}

/**
 * Returns a value as the codec encodes it, from JSON as `toJson` writes it whole: bytes are base64, and a field that is left
 * out has the default of its schema. The codec checks the types of all other parts.
 * @throws MisfitError for an unknown field, a missing field without a default, and bytes that are not base64
 */
export function valueFromJson(schema: AvroSchema, value: unknown, path: readonly string[] = []): unknown {
  if (isUnion(schema)) {
    const branch = schema.find((candidate) => candidate !== 'null')!;
    return value === null ? null : valueFromJson(branch, value, path);
  }
  if (schema === 'bytes') return bytesFromJson(value, path);
  if (typeof schema === 'string') return value;
  switch (schema.type) {
    case 'record':
      return recordFromJson(schema.fields, value, path);
    case 'array':
      if (!Array.isArray(value)) return value;
      return value.map((part, index) => valueFromJson(schema.items, part, [...path, String(index)]));
    case 'map':
      if (!isObject(value)) return value;
      return Object.fromEntries(
        Object.entries(value).map(([name, part]) => [
          name,
          valueFromJson(schema.values, part, [...path, name]),
        ]),
      );
    default:
      return value;
  }
}

function recordFromJson(fields: readonly AvroField[], value: unknown, path: readonly string[]): unknown {
  if (!isObject(value)) throw misfit('encode.invalid', path, 'must be an object');
  const unknown = Object.keys(value).find((name) => !fields.some((field) => field.name === name));
  if (unknown !== undefined) {
    const known = fields.map(({ name }) => name).join(', ');
    throw misfit('field.invalid', [...path, unknown], `is no field of the record; its fields are ${known}`);
  }
  return Object.fromEntries(
    fields.map((field) => {
      const inner = [...path, field.name];
      if (Object.hasOwn(value, field.name))
        return [field.name, valueFromJson(field.type, value[field.name], inner)];
      if (field.default === undefined) throw misfit('field.missing', inner, 'is missing');
      return [
        field.name,
        field.type === 'bytes' ? Buffer.from(String(field.default), 'latin1') : field.default,
      ];
    }),
  );
}

function bytesFromJson(value: unknown, path: readonly string[]): Buffer {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(value) || value.length % 4 !== 0)
    throw misfit('encode.invalid', path, 'must be bytes in base64');
  return Buffer.from(value, 'base64');
}

function misfit(code: Fault['code'], path: readonly string[], reason: string): MisfitError {
  return new MisfitError({ code, field: fieldPath(path), reason });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
