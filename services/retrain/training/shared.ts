/**
 * Returns a deep copy of plain objects and arrays whose typed arrays lie in memory that threads share: sent to a
 * worker, they are not copied again. Arrays that lie there already are kept. Nobody may write to the result.
 */
export function shared<T>(value: T): T {
  return copyOf(value) as T;
}

function copyOf(value: unknown): unknown {
  if (value instanceof Int32Array || value instanceof Uint32Array) return moved(value);
  if (value instanceof Float32Array || value instanceof Float64Array) return moved(value);
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, copyOf(part)]));
}

type NumberArray = Int32Array | Uint32Array | Float32Array | Float64Array;

function moved(array: NumberArray): NumberArray {
  if (array.buffer instanceof SharedArrayBuffer) return array;
  const SharedArray = array.constructor as new (buffer: SharedArrayBuffer) => NumberArray;
  const copy = new SharedArray(new SharedArrayBuffer(array.byteLength));
  copy.set(array);
  return copy;
}
