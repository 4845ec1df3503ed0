import { ROW_KERNEL_WASM } from './row-kernel.wasm.ts';

/**
 * Distances from one vector to many, over one memory of bytes. They are float32, so that they serve to pass over what is
 * farther and never to decide; the two kernels may differ in the last bits.
 */
export interface RowKernel {
  /** The memory, of at least `bytes`. It keeps what it held, but views of it may be lost. */
  reserve(bytes: number): ArrayBuffer;

  /**
   * Writes ‖query − row‖² of each row, as float32, from `out` on. Arguments but `count` and `width` are positions in bytes,
   * multiples of 4: of the query (`width` float32s), of `count` int32s that are the rows' own positions, and of the answers.
   * `width` is a multiple of `WIDTH_STEP`.
   */
  squaredDistances(query: number, rows: number, count: number, width: number, out: number): void;
}

export const WIDTH_STEP = 8;

/** In SIMD where the engine has it. */
export function createRowKernel(): RowKernel {
  return WebAssembly.validate(bytesOf()) ? createSimdRowKernel() : createScalarRowKernel();
}

const PAGE_BYTES = 65_536;

/** Each has a WebAssembly memory of its own, which takes much address space: keep one rather than make many. */
export function createSimdRowKernel(): RowKernel {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytesOf()));
  const { memory, squaredDistances } = exports as unknown as RowKernel & {
    readonly memory: WebAssembly.Memory;
  };
  return {
    squaredDistances,
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
  let floats = new Float32Array(0);
  let places = new Int32Array(0);
  return {
    reserve(bytes) {
      if (floats.byteLength < bytes) {
        const grown = new Float32Array(Math.ceil(bytes / Float32Array.BYTES_PER_ELEMENT));
        grown.set(floats);
        floats = grown;
        places = new Int32Array(grown.buffer);
      }
      return floats.buffer;
    },

    squaredDistances(query, rows, count, width, out) {
      const first = query / 4;
      for (let i = 0; i < count; i++) {
        const row = places[rows / 4 + i]! / 4;
        let sum = 0;
        for (let d = 0; d < width; d++) {
          const difference = floats[first + d]! - floats[row + d]!;
          sum += difference * difference;
        }
        floats[out / 4 + i] = sum;
      }
    },
  };
}
