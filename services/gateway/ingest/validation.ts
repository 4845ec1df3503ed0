import type { Fault } from '#contracts/fault.ts';
import { type DescribedError, errorBody } from '#platform/http/error-body.ts';

/** The record that a valid entry becomes, or the error with which an invalid one is rejected. */
export type Validation<V> = { readonly record: V } | { readonly rejection: DescribedError };

export function reject({ code, field, reason }: Fault): { readonly rejection: DescribedError } {
  return { rejection: errorBody(code, reason, field).error };
}
