import { type TString, Type } from 'typebox';
import { MAX_ID_BYTES } from '#contracts/domain/ids.ts';

/** The schema of an id. JSON Schema cannot state a length in bytes, so `idFault` checks it. */
export function idSchema(description: string): TString {
  return Type.String({ minLength: 1, description: `${description} 1 to ${MAX_ID_BYTES} bytes of UTF-8.` });
}
