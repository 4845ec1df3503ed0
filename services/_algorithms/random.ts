/**
 * A seeded source of randomness. Pure code takes one as an argument, so that a run can be repeated exactly. The
 * stream of `next`, `integer` and `fork` is the same on every machine; `normal` also depends on the engine's
 * `Math.log` and `Math.cos`, whose last bit may differ between engine versions.
 */
export interface Random {
  /** Uniform in [0, 1) with 53 random bits. */
  next(): number;
  /** Uniform integer in [0, n). Throws RangeError unless n is a positive safe integer. */
  integer(n: number): number;
  /** Standard normal (mean 0, variance 1) by Box–Muller: two uniforms give two normals, the second is kept. */
  normal(): number;
  /** Returns an independent source named by `label`. It does not depend on earlier draws from this one. */
  fork(label: number | string): Random;
}

/**
 * sfc32 (Doty-Humphrey, PractRand) seeded by four differently keyed hashes of `seed`. Equal texts give equal streams.
 */
export function createRandom(seed: number | string): Random {
  const name = String(seed);
  const nextUint32 = sfc32(hashString(name, 0), hashString(name, 1), hashString(name, 2));
  let spareNormal: number | undefined;

  function next(): number {
    return ((nextUint32() >>> 5) * 2 ** 26 + (nextUint32() >>> 6)) / 2 ** 53;
  }

  function integer(n: number): number {
    if (!Number.isSafeInteger(n) || n < 1)
      throw new RangeError(`integer(n) needs a positive integer, got ${n}`);
    return Math.floor(next() * n);
  }

  function normal(): number {
    if (spareNormal !== undefined) {
      const value = spareNormal;
      spareNormal = undefined;
      return value;
    }
    // 1 − next() lies in (0, 1], so the logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(1 - next()));
    const angle = 2 * Math.PI * next();
    spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  return { next, integer, normal, fork: (label) => createRandom(`${name}/${label}`) };
}

function sfc32(seedA: number, seedB: number, seedC: number): () => number {
  let [a, b, c, counter] = [seedA | 0, seedB | 0, seedC | 0, 1];
  function nextUint32(): number {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  }
  // The first outputs still resemble the seed, so they are discarded.
  for (let round = 0; round < 12; round++) nextUint32();
  return nextUint32;
}

const utf8 = new TextEncoder();

/** MurmurHash3 (Appleby, x86 32-bit variant) of the UTF-8 bytes. Returns an unsigned 32-bit integer. */
export function hashString(text: string, seed = 0): number {
  const bytes = utf8.encode(text);
  const blockEnd = bytes.length - (bytes.length % 4);
  let hash = seed | 0;
  for (let i = 0; i < blockEnd; i += 4) {
    const block = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    hash ^= scramble(block);
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  }
  let tail = 0;
  for (let i = bytes.length - 1; i >= blockEnd; i--) tail = (tail << 8) | bytes[i]!;
  hash ^= scramble(tail);
  return avalanche(hash ^ bytes.length);
}

function scramble(block: number): number {
  const product = Math.imul(block, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}

function avalanche(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
