import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { TributaryError } from '#contracts/errors.ts';
import { type Fault, fieldPath } from '#contracts/fault.ts';

/** Returns undefined for a value that matches its schema, else its first fault. */
export type Check = (value: unknown) => Fault | undefined;

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
}

/**
 * Creates a check that neither coerces nor strips: a text is not a number, `1e999` is not a number, and an unknown
 * field is a fault that names it, so that a typing error is not ignored.
 */
export function createCheck(schema: TSchema): Check {
  const validator = Compile(schema);
  return (value) =>
    validator.Check(value) ? undefined : findFault(validator.Errors(value) as SchemaError[]);
}

/**
 * Returns the value, typed, if it is valid.
 * @throws TributaryError `field.missing` or `field.invalid` (400) with the field's path
 */
export function demand<S extends TSchema>(_schema: S, check: Check, value: unknown): Static<S> {
  const fault = check(value);
  if (fault !== undefined) throw inRequest(fault);
  return value as Static<S>;
}

/**
 * The validator of all routes that have a schema. Missing fields get their defaults. In a query and in a path, where
 * every value is text, a decimal number is parsed if the schema requires a number.
 */
export function compileValidator({ schema, httpPart }: RouteSchema): (value: unknown) => ValidatorResult {
  const fields = Object.entries((schema as { properties?: Record<string, FieldSchema> }).properties ?? {});
  const check = createCheck(schema as TSchema);
  return (given) => {
    const value = isRecord(given) ? fillIn(given, fields, httpPart !== 'body') : given;
    const fault = check(value);
    if (fault === undefined) return { value };
    return { error: inRequest(fault.field === '' ? { ...fault, field: httpPart ?? '' } : fault) };
  };
}

/** The schema of one part of a route's requests, as fastify passes it. */
interface RouteSchema {
  readonly schema: unknown;
  /** body, querystring, params or headers */
  readonly httpPart?: string;
}

type ValidatorResult = { readonly value: unknown } | { readonly error: TributaryError };

interface FieldSchema {
  readonly type?: string;
  readonly default?: unknown;
}

function fillIn(
  given: Readonly<Record<string, unknown>>,
  fields: readonly (readonly [string, FieldSchema])[],
  isText: boolean,
): Record<string, unknown> {
  const value: Record<string, unknown> = { ...given };
  for (const [name, { type, default: fallback }] of fields) {
    const part = value[name];
    if (part === undefined && fallback !== undefined) value[name] = fallback;
    const isNumber = isText && (type === 'integer' || type === 'number') && typeof part === 'string';
    if (isNumber && /^-?\d+(\.\d+)?$/.test(part)) value[name] = Number(part);
  }
  return value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function inRequest({ code, field, reason }: Fault): TributaryError {
  return new TributaryError(code, reason, { status: 400, ...(field === '' ? {} : { field }) });
}

function findFault(errors: readonly SchemaError[]): Fault {
  // Among the branches of a union, the one that matches the value to the greatest depth is the intended one.
  const deepest = errors.reduce((a, b) => (depth(b) > depth(a) ? b : a));
  const path = stepsOf(deepest.instancePath);
  if (deepest.keyword === 'required') {
    const [name = ''] = (deepest.params as { requiredProperties?: string[] }).requiredProperties ?? [];
    return { code: 'field.missing', field: fieldPath([...path, name]), reason: 'is missing' };
  }
  const here = errors.filter(({ instancePath, keyword }) => {
    return instancePath === deepest.instancePath && keyword !== 'anyOf';
  });
  // An unknown field is reported only if no branch of the union knows it.
  const known = here.filter(({ keyword }) => keyword !== 'boolean');
  const reasons = known.length > 0 ? known.map(reasonOfError) : ['is not a known field'];
  return { code: 'field.invalid', field: fieldPath(path), reason: [...new Set(reasons)].join(' or ') };
}

function reasonOfError({ keyword, params, message }: SchemaError): string {
  if (keyword !== 'enum') return message;
  return `must be one of ${(params as { allowedValues: unknown[] }).allowedValues.join(', ')}`;
}

function depth({ instancePath }: SchemaError): number {
  return instancePath.split('/').length;
}

/** Returns the steps of a JSON pointer: `/a~1b/0` → `a/b`, `0`. */
function stepsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
