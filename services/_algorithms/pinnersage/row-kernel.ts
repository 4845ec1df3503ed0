import { ROW_KERNEL_WASM } from './row-kernel.wasm.ts';

/**
 * The loops that bound the distances from one cluster to all others, over one memory of bytes. Bounds only rule out
 * clusters and never decide, so the two kernels may differ in the last bits. Arguments that name an array are
 * positions in bytes, and `count` is even and above 0.
 */
export interface RowKernel {
  /** The memory, of at least `bytes`. Its content is kept, but existing views of it may become invalid. */
  reserve(bytes: number): ArrayBuffer;

  /**
   * Writes weight·(‖query − row‖²·relative − absolute) of each leaf, or 0 where that is less or the square is not below
   * `largest`. Query and rows are `width` float32s, a multiple of `WIDTH_STEP`; `rows` are int32s, the rows' own
   * positions; weights and bounds are float64s.
   */
  boundLeaves(
    query: number,
    rows: number,
    leafWeights: number,
    count: number,
    width: number,
    relative: number,
    absolute: number,
    largest: number,
    bounds: number,
  ): void;

  /**
   * Turns bounds on leaves, whose Σ over a cluster is at most its spread + W·‖c − query‖², into bounds on the
   * distances 2·own·W/(own + W)·‖c − query‖² to clusters, after this number of `merges` (int32s: kept slot, merged
   * slot). Weights, spreads and bounds are float64s by slot; if the weight is 0 the bound is Infinity. Returns the
   * smallest bound.
   */
  boundClusters(
    bounds: number,
    count: number,
    kept: number,
    gone: number,
    merges: number,
    weights: number,
    spreads: number,
    own: number,
    slack: number,
  ): number;
}

export const WIDTH_STEP = 8;

/** Uses SIMD if the engine supports it. */
export function createRowKernel(): RowKernel {
  return WebAssembly.validate(bytesOf()) ? createSimdRowKernel() : createScalarRowKernel();
}

const PAGE_BYTES = 65_536;

/** Each has a WebAssembly memory of its own, which uses much address space: keep one rather than create many. */
export function createSimdRowKernel(): RowKernel {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytesOf()));
  const { memory, ...loops } = exports as unknown as RowKernel & { readonly memory: WebAssembly.Memory };
  return {
    ...loops,
    reserve(bytes) {
      const missing = bytes - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
      return memory.buffer;
    },
  };
}

function bytesOf(): Uint8Array {
  return Buffer.from(ROW_KERNEL_WASM, 'base64');
}

/** The same in plain TypeScript: the fallback. */
export function createScalarRowKernel(): RowKernel {
  let singles = new Float32Array(0);
  let doubles = new Float64Array(0);
  let integers = new Int32Array(0);
  return {
    reserve(bytes) {
      if (doubles.byteLength < bytes) {
        const grown = new Float64Array(Math.ceil(bytes / Float64Array.BYTES_PER_ELEMENT));
        grown.set(doubles);
        doubles = grown;
        singles = new Float32Array(grown.buffer);
        integers = new Int32Array(grown.buffer);
      }
      return doubles.buffer;
    },

    boundLeaves(query, rows, leafWeights, count, width, relative, absolute, largest, bounds) {
      for (let leaf = 0; leaf < count; leaf++) {
        const row = integers[rows / 4 + leaf]! / 4;
        let squared = 0;
        for (let d = 0; d < width; d++) {
          const difference = singles[query / 4 + d]! - singles[row + d]!;
          squared += difference * difference;
        }
        const bound = squared < largest ? Math.max(0, squared * relative - absolute) : 0;
        doubles[bounds / 8 + leaf] = doubles[leafWeights / 8 + leaf]! * bound;
      }
    },

    boundClusters(bounds, count, kept, gone, merges, weights, spreads, own, slack) {
      const first = bounds / 8;
      for (let merge = 0; merge < merges; merge++) {
        doubles[first + integers[kept / 4 + merge]!]! += doubles[first + integers[gone / 4 + merge]!]!;
      }
      let least = Infinity;
      for (let slot = 0; slot < count; slot++) {
        const weight = doubles[weights / 8 + slot]!;
        const apart = doubles[first + slot]! * (1 - slack) - doubles[spreads / 8 + slot]! * (1 + slack);
        const bound = weight === 0 ? Infinity : Math.max(0, apart) * ((2 * own) / (own + weight));
        doubles[first + slot] = bound;
        least = Math.min(least, bound);
      }
      return least;
    },
  };
}
