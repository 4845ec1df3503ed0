import { type TString, Type } from 'typebox';
import { MAX_ID_BYTES } from '#contracts/limits.ts';
import type { ErrorCode } from '#platform/errors.ts';

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

/** What keeps a text from being an id; undefined when nothing does, or when there is none. */
export function idFault(id: string | null | undefined): string | undefined {
  if (id === undefined || id === null) return undefined;
  const bytes = Buffer.byteLength(id);
  if (bytes > MAX_ID_BYTES) return `has ${bytes} bytes; at most ${MAX_ID_BYTES} are allowed`;
  // A lone surrogate has no UTF-8: distinct ids would meet in one replacement character.
  if (!id.isWellFormed()) return 'is not well-formed Unicode';
  return undefined;
}
