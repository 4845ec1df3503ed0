import { type TString, Type } from 'typebox';
import { MAX_ID_BYTES } from '#contracts/domain/ids.ts';
import type { Fault } from '#contracts/fault.ts';
import { type DescribedError, errorBody } from '#platform/http/server.ts';

/** The record that an entry becomes, or why it becomes none. */
export type Judgement<V> = { readonly record: V } | { readonly refusal: DescribedError };

export function refuse({ code, field, reason }: Fault): { readonly refusal: DescribedError } {
  return { refusal: errorBody(code, reason, field).error };
}

/** The length in bytes is beyond JSON Schema; `idFault` checks it. */
export function idSchema(description: string): TString {
  return Type.String({ minLength: 1, description: `${description} 1 to ${MAX_ID_BYTES} bytes of UTF-8.` });
}
