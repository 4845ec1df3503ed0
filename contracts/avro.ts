/**
 * The part of the Avro schema language that the contracts use. `render.ts` rejects anything else in a schema file, so
 * that code that walks a schema can be exhaustive.
 */

export type AvroPrimitive = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string';

export interface AvroLogical {
  readonly type: 'long';
  readonly logicalType: 'timestamp-millis';
}

export interface AvroArray {
  readonly type: 'array';
  readonly items: AvroSchema;
}

export interface AvroMap {
  readonly type: 'map';
  readonly values: AvroSchema;
}

export interface AvroEnum {
  readonly type: 'enum';
  readonly name: string;
  readonly namespace?: string;
  readonly doc?: string;
  readonly symbols: readonly string[];
  readonly default?: string;
}

export interface AvroField {
  readonly name: string;
  readonly type: AvroSchema;
  readonly doc?: string;
  readonly default?: unknown;
}

export interface AvroRecord {
  readonly type: 'record';
  readonly name: string;
  readonly namespace?: string;
  readonly doc?: string;
  readonly fields: readonly AvroField[];
}

/** A union of null and one other type. */
export type AvroUnion = readonly [AvroSchema, AvroSchema];

export type AvroSchema =
  | AvroPrimitive
  | AvroLogical
  | AvroArray
  | AvroMap
  | AvroEnum
  | AvroRecord
  | AvroUnion;

/** `Array.isArray` does not narrow readonly arrays out of a union. */
export function isUnion(schema: AvroSchema): schema is AvroUnion {
  return Array.isArray(schema);
}
