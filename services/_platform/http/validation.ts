import { closest, distance } from 'fastest-levenshtein';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { TributaryError } from '#contracts/errors.ts';
import { type Fault, fieldPath } from '#contracts/fault.ts';

/** Answers undefined for a value that fits its schema, else its first fault. */
export type Check = (value: unknown) => Fault | undefined;

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
}

/**
 * A check that neither coerces nor strips: a text is no number, `1e999` is no number, and an unknown field is a
 * fault that names it, so that a typing error does not vanish silently.
 */
export function createCheck(schema: TSchema): Check {
  const validator = Compile(schema);
  return (value) =>
    validator.Check(value) ? undefined : findFault(validator.Errors(value) as SchemaError[]);
}

/**
 * Compiles the validator of a route that has a schema. Its error is a TributaryError `field.missing` or `field.invalid`
 * (400) with the path of the field, or the name of the part (`body`) if the whole part is at fault. Absent fields get
 * their defaults. Query and path are text, so a decimal number in them is read as a number if the schema requires one, and one value as
 * an array.
 */
export function compileValidator({ schema, httpPart }: RouteSchema): (value: unknown) => ValidatorResult {
  const fields = Object.entries((schema as { properties?: Record<string, FieldSchema> }).properties ?? {});
  const check = createCheck(schema as TSchema);
  return (given) => {
    const value = isRecord(given) ? fillIn(given, fields, httpPart !== 'body') : given;
    const fault = check(value);
    if (fault === undefined) return { value };
    const field = fault.field === '' ? (httpPart ?? 'body') : fault.field;
    const isUnknown =
      httpPart === 'querystring' && isRecord(given) && isUnknownName(fault.field, given, fields);
    const times = httpPart === 'querystring' && isRecord(given) ? timesGiven(fault.field, given, fields) : 1;
    const reason = isUnknown
      ? hintAtNames(fault.field, fields)
      : times > 1
        ? `is given ${times === 2 ? 'twice' : `${times} times`}: send it once`
        : fault.reason;
    return { error: new TributaryError(fault.code, reason, { status: 400, field }) };
  };
}

/** The schema of one part of a route's requests, as fastify hands it over. */
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
    // A parameter that may be repeated is a text when it stands once.
    if (isText && type === 'array' && typeof part === 'string') value[name] = [part];
    const isNumber = isText && (type === 'integer' || type === 'number') && typeof part === 'string';
    if (isNumber && /^-?\d+(\.\d+)?$/.test(part)) value[name] = Number(part);
  }
  return value;
}

function isUnknownName(
  name: string,
  given: Readonly<Record<string, unknown>>,
  fields: readonly (readonly [string, FieldSchema])[],
): boolean {
  return Object.hasOwn(given, name) && !fields.some(([known]) => known === name);
}

/** How often the query has a parameter; 1 for one that may be repeated. */
function timesGiven(
  name: string,
  given: Readonly<Record<string, unknown>>,
  fields: readonly (readonly [string, FieldSchema])[],
): number {
  const value = Object.hasOwn(given, name) ? given[name] : undefined;
  const mayRepeat = fields.some(([known, { type }]) => known === name && type === 'array');
  return Array.isArray(value) && !mayRepeat ? value.length : 1;
}

/** Names the parameter that was probably meant, and all that there are. */
function hintAtNames(name: string, fields: readonly (readonly [string, FieldSchema])[]): string {
  const names = fields.map(([known]) => known);
  if (names.length === 0) return 'is not a known parameter: there are none here';
  const nearest = closest(name, names);
  const isNear =
    distance(name.toLowerCase(), nearest.toLowerCase()) <= Math.max(1, Math.floor(nearest.length / 3));
  const meant = isNear ? `perhaps ${nearest} is meant; ` : '';
  return `is not a known parameter: ${meant}the parameters are ${names.join(', ')}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function findFault(errors: readonly SchemaError[]): Fault {
  // Of the branches of a union the one that got deepest into the value is the one that was meant.
  const deepest = errors.reduce((a, b) => (depth(b) > depth(a) ? b : a));
  const path = stepsOf(deepest.instancePath);
  if (deepest.keyword === 'required') {
    const [name = ''] = (deepest.params as { requiredProperties?: string[] }).requiredProperties ?? [];
    return { code: 'field.missing', field: fieldPath([...path, name]), reason: 'is missing' };
  }
  const here = errors.filter(({ instancePath, keyword }) => {
    return instancePath === deepest.instancePath && keyword !== 'anyOf';
  });
  // A field that some branch does not know is at fault for that only where no branch knows it.
  const known = here.filter(({ keyword }) => keyword !== 'boolean');
  const reasons = known.length > 0 ? known.map(reasonOfError) : ['is not a known field'];
  return { code: 'field.invalid', field: fieldPath(path), reason: [...new Set(reasons)].join(' or ') };
}

function reasonOfError({ keyword, params, message }: SchemaError): string {
  const { limit } = params as { limit?: number };
  if ((keyword === 'minLength' || keyword === 'minItems') && limit === 1) return 'must not be empty';
  if (keyword !== 'enum') return message;
  return `must be one of ${(params as { allowedValues: unknown[] }).allowedValues.join(', ')}`;
}

function depth({ instancePath }: SchemaError): number {
  return instancePath.split('/').length;
}

/** The steps of a JSON pointer: `/a~1b/0` → `a/b`, `0`. */
function stepsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
