import { type TString, Type } from 'typebox';
import { idFault, MAX_ID_BYTES } from '#contracts/domain/ids.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { Fault } from '#contracts/fault.ts';

/** The schema of an id, with an example for the documentation. JSON Schema cannot state a length in bytes, so `idFault` checks it. */
export function idSchema(description: string, example?: string): TString {
  const described = `${description} 1 to ${MAX_ID_BYTES} bytes of UTF-8.`;
  return Type.String({
    minLength: 1,
    description: described,
    ...(example !== undefined && { examples: [example] }),
  });
}

/** Adds the remedy to the fault of an id that is a JSON number: above 2^53 it has lost digits already. */
export function hintAtQuotes(fault: Fault, entry: unknown): Fault {
  if (!/^[a-z]+Id$/.test(fault.field)) return fault;
  const id = (entry as Readonly<Record<string, unknown>>)[fault.field];
  if (typeof id !== 'number') return fault;
  return { ...fault, reason: `${fault.reason}: quote ids, because numbers above 2^53 lose digits` };
}

/** Why a route has its id in the query: browsers and other clients resolve `/v1/users/../interests` before they send it. */
export const ANY_ID = 'reads every id, also those of dots, which do not survive in a path';

/** @throws TributaryError `field.invalid` (400) for a text that is no id */
export function demandId(id: string, field: string): void {
  const reason = idFault(id);
  if (reason !== undefined) throw new TributaryError('field.invalid', reason, { status: 400, field });
}
