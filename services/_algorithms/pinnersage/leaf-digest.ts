import type { Vector } from '../vectors.ts';

export const HASH_START = 0x811c9dc5;
const PRIME = 0x01000193;

/** FNV-1a over 32-bit words. @param hash the hash of the words before these */
export function hashWords(hash: number, words: ArrayLike<number>): number {
  let next = hash;
  for (let i = 0; i < words.length; i++) next = Math.imul(next ^ words[i]!, PRIME);
  return next;
}

/** A digest of the bits of a vector, 32 bits. */
export function leafDigestOf({ buffer, byteOffset, byteLength }: Vector): number {
  const words = new Uint32Array(buffer, byteOffset, byteLength / 4);
  // A loop of its own, which sees one type of array only.
  let hash = HASH_START;
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words[i]!, PRIME);
  return hash >>> 0;
}
