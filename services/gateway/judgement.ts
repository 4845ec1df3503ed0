import { type TString, Type } from 'typebox';
import { MAX_ID_BYTES } from '#contracts/domain/ids.ts';
import type { ErrorCode } from '#contracts/errors.ts';

/** Why an entry was not accepted. */
export interface Refusal {
  readonly code: ErrorCode;
  /** Path within the entry, such as `vector[3]`; absent when the entry itself is at fault. */
  readonly field?: string;
  readonly reason: string;
  /** Present when the same entry may be accepted later without a change. */
  readonly retryable?: true;
}

/** The record that an entry becomes, or why it becomes none. */
export type Judgement<V> = { readonly record: V } | { readonly refusal: Refusal };

export function refuse(code: ErrorCode, field: string, reason: string): { readonly refusal: Refusal } {
  return { refusal: field === '' ? { code, reason } : { code, field, reason } };
}

/** The length in bytes is beyond JSON Schema; `idFault` checks it. */
export function idSchema(description: string): TString {
  return Type.String({ minLength: 1, description: `${description} 1 to ${MAX_ID_BYTES} bytes of UTF-8.` });
}
