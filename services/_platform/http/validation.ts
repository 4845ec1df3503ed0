import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { TributaryError } from '#contracts/errors.ts';

/** What is wrong with a value, and where. */
export interface Fault {
  readonly code: 'field.missing' | 'field.invalid';
  /** Path from the value's root such as `vector[3]`; empty for the value itself. */
  readonly field: string;
  /** Completes "FIELD …": `must be string`. */
  readonly reason: string;
}

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
    validator.Check(value) ? undefined : describeFault(validator.Errors(value) as SchemaError[]);
}

/**
 * The value, typed, when it fits.
 * @throws TributaryError `field.missing` or `field.invalid` (400) with the field's path
 */
export function demand<S extends TSchema>(_schema: S, check: Check, value: unknown): Static<S> {
  const fault = check(value);
  if (fault === undefined) return value as Static<S>;
  const { code, field, reason } = fault;
  throw new TributaryError(code, reason, { status: 400, ...(field === '' ? {} : { field }) });
}

function describeFault(errors: readonly SchemaError[]): Fault {
  // Of the branches of a union the one that got deepest into the value is the one that was meant.
  const deepest = errors.reduce((a, b) => (depth(b) > depth(a) ? b : a));
  if (deepest.keyword === 'required') {
    const [name = ''] = (deepest.params as { requiredProperties?: string[] }).requiredProperties ?? [];
    return { code: 'field.missing', field: fieldPath(deepest.instancePath, name), reason: 'is missing' };
  }
  const here = errors.filter(({ instancePath, keyword }) => {
    return instancePath === deepest.instancePath && keyword !== 'anyOf';
  });
  // A field that some branch does not know is at fault for that only where no branch knows it.
  const known = here.filter(({ keyword }) => keyword !== 'boolean');
  const reasons = known.length > 0 ? known.map(describeError) : ['is not a known field'];
  return {
    code: 'field.invalid',
    field: fieldPath(deepest.instancePath),
    reason: [...new Set(reasons)].join(' or '),
  };
}

function describeError({ keyword, params, message }: SchemaError): string {
  if (keyword !== 'enum') return message;
  return `must be one of ${(params as { allowedValues: unknown[] }).allowedValues.join(', ')}`;
}

function depth({ instancePath }: SchemaError): number {
  return instancePath.split('/').length;
}

/** `/queries/0/vector` and `x` → `queries[0].vector.x`. */
function fieldPath(pointer: string, name?: string): string {
  const steps = pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (name !== undefined) steps.push(name);
  return steps
    .map((step, index) => (/^\d+$/.test(step) ? `[${step}]` : index === 0 ? step : `.${step}`))
    .join('');
}
