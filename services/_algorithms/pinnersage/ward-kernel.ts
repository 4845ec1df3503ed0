import { WARD_KERNEL_WASM } from './ward-kernel.wasm.ts';

/**
 * The loops in which Ward's clustering spends its time, over one block of float64s. Arguments that name an array are
 * positions in the block, multiples of 2; `rows` and `width` are multiples of 4. Both kernels return the same bits,
 * so that a clustering is the same on every machine.
 */
export interface WardKernel {
  /** The block, of at least `length`. Its previous content, and views of it, may be lost. */
  reserve(length: number): Float64Array;

  /**
   * Fills the rows × rows matrix `distances` with 2ab/(a+b)·‖x − y‖² between `points` (rows × width) of `weights`. A
   * sum over coordinates is that of the even ones plus that of the odd ones.
   */
  fillDistances(points: number, weights: number, distances: number, rows: number, width: number): void;

  /**
   * The index of the smallest distance in `row`, to which `departed` (0 or Infinity) is added: `previous` if it is
   * among the smallest, else the smallest index. −1 if all are Infinity. A `previous` of −1 means none.
   */
  nearest(row: number, departed: number, rows: number, previous: number): number;

  /**
   * Lance–Williams for a whole row: d(i∪j,k) = [(n_i+n_k)·d_ik + (n_j+n_k)·d_jk − n_k·d_ij] / (n_i+n_j+n_k), where i
   * is kept, j is merged into it and d_ij is `between`. Ward is reducible: no cluster becomes nearer by a merge of
   * two that were each other's nearest. Rounding must not break this, since the chain relies on it, so the result is
   * at least the smaller of d_ik and d_jk.
   */
  updateRow(
    keptRow: number,
    goneRow: number,
    weights: number,
    rows: number,
    keptWeight: number,
    goneWeight: number,
    between: number,
  ): void;
}

/** Uses SIMD if the engine supports it. */
export function createKernel(): WardKernel {
  return WebAssembly.validate(bytes()) ? createSimdKernel() : createScalarKernel();
}

const PAGE_BYTES = 65_536;

/** Each has a WebAssembly memory of its own, which uses much address space: keep one rather than create many. */
export function createSimdKernel(): WardKernel {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes()));
  const { memory, ...loops } = exports as unknown as WardKernel & { readonly memory: WebAssembly.Memory };
  let block = new Float64Array(memory.buffer);
  return {
    ...loops,
    reserve(length) {
      const missing = length * Float64Array.BYTES_PER_ELEMENT - memory.buffer.byteLength;
      if (missing > 0) {
        memory.grow(Math.ceil(missing / PAGE_BYTES));
        block = new Float64Array(memory.buffer);
      }
      return block;
    },
  };
}

function bytes(): Uint8Array {
  return Buffer.from(WARD_KERNEL_WASM, 'base64');
}

/** The same in plain TypeScript: the fallback, and the oracle of the SIMD kernel. */
export function createScalarKernel(): WardKernel {
  let block = new Float64Array(0);
  return {
    reserve(length) {
      if (block.length < length) block = new Float64Array(length);
      return block;
    },

    fillDistances(points, weights, distances, rows, width) {
      for (let a = 0; a < rows; a++) {
        for (let b = 0; b <= a; b++) {
          let even = 0;
          let odd = 0;
          const end = points + (a + 1) * width;
          for (let i = end - width, j = points + b * width; i < end; i += 2, j += 2) {
            const first = block[i]! - block[j]!;
            const second = block[i + 1]! - block[j + 1]!;
            even += first * first;
            odd += second * second;
          }
          const [weightA, weightB] = [block[weights + a]!, block[weights + b]!];
          const d = ((2 * weightA * weightB) / (weightA + weightB)) * (even + odd);
          block[distances + a * rows + b] = d;
          block[distances + b * rows + a] = d;
        }
      }
    },

    nearest(row, departed, rows, previous) {
      let least = previous < 0 ? Infinity : block[row + previous]!;
      let nearest = least < Infinity ? previous : -1;
      for (let k = 0; k < rows; k++) {
        const d = block[row + k]! + block[departed + k]!;
        if (d < least) {
          least = d;
          nearest = k;
        }
      }
      return nearest;
    },

    updateRow(keptRow, goneRow, weights, rows, keptWeight, goneWeight, between) {
      for (let k = 0; k < rows; k++) {
        const toKept = block[keptRow + k]!;
        const toGone = block[goneRow + k]!;
        const weight = block[weights + k]!;
        const sum = (keptWeight + weight) * toKept + (goneWeight + weight) * toGone - weight * between;
        block[keptRow + k] = Math.max(sum / (keptWeight + goneWeight + weight), Math.min(toKept, toGone));
      }
    },
  };
}
