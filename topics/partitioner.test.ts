import assert from 'node:assert/strict';
import { it } from 'node:test';
import { partitionOfKey } from './partitioner.ts';

/** Murmur2 as in the Java client's `Utils.murmur2`, written out to check the library's. */
function murmur2(bytes: Buffer): number {
  const M = 0x5bd1e995;
  let hash = 0x9747b28c ^ bytes.length;
  const whole = bytes.length & ~3;
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), M);
    word ^= word >>> 24;
    hash = Math.imul(hash, M) ^ Math.imul(word, M);
  }
  for (let at = bytes.length - 1; at >= whole; at--) hash ^= bytes[at]! << (8 * (at - whole));
  if (bytes.length > whole) hash = Math.imul(hash, M);
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return hash ^ (hash >>> 15);
}

it('a key belongs to the partition that Java clients give it', () => {
  // From the unit tests of the Java client.
  assert.equal(murmur2(Buffer.from('21')), -973932308);
  assert.equal(murmur2(Buffer.from('foobar')), -790332482);
  for (const key of ['21', 'foobar', 'a-little-bit-long-string', '2375', 'Œuvre', '']) {
    assert.equal(partitionOfKey(key, 6), (murmur2(Buffer.from(key)) & 0x7fffffff) % 6, key);
  }
});
