import type { Vector } from '../vectors.ts';

export const HASH_START = 0x811c9dc5;
const PRIME = 0x01000193;

/** FNV-1a over 32-bit words. @param hash the hash of the words before these */
export function hashWords(hash: number, words: ArrayLike<number>): number {
  let next = hash;
  for (let i = 0; i < words.length; i++) next = Math.imul(next ^ words[i]!, PRIME);
  return next;
}

/** A vector is copied here, because a view of its words would be garbage. */
let numbers = new Float32Array(256);
let words = new Uint32Array(numbers.buffer);

/** The users of one space share its vectors, so each is read once. */
const known = new WeakMap<Vector, number>();

/** A digest of the bits of a vector, 32 bits. The vector may not be modified afterwards. */
export function leafDigestOf(vector: Vector): number {
  let digest = known.get(vector);
  if (digest === undefined) {
    digest = digestOf(vector);
    known.set(vector, digest);
  }
  return digest;
}

function digestOf(vector: Vector): number {
  if (!(vector instanceof Float32Array))
    return hashWords(HASH_START, new Uint32Array(vector.buffer, vector.byteOffset, 2 * vector.length)) >>> 0;
  const { length } = vector;
  if (numbers.length < length) {
    numbers = new Float32Array(2 * length);
    words = new Uint32Array(numbers.buffer);
  }
  numbers.set(vector);
  let hash = HASH_START;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ words[i]!, PRIME);
  return hash >>> 0;
}
