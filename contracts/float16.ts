/** Half-precision numbers: IEEE 754 binary16, which keeps eleven significant bits. */

/** The largest finite number; larger ones become it. */
const LARGEST = 65_504;
const SMALLEST_NORMAL = 2 ** -14;
const SMALLEST = 2 ** -24;

const number = new DataView(new ArrayBuffer(8));

/** Returns the sixteen bits of the nearest number, ties to even. @throws RangeError for a number that is not finite */
export function float16Bits(value: number): number {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is not finite`);
  const sign = Object.is(value, -0) || value < 0 ? 0x8000 : 0;
  const size = Math.min(LARGEST, Math.abs(value));
  if (size < SMALLEST_NORMAL) return sign | nearestEven(size / SMALLEST);
  number.setFloat64(0, size);
  const exponent = (number.getUint16(0) >>> 4) - 1_023;
  // A fraction that rounds up to 1,024 carries into the exponent.
  return sign | (((exponent + 15) << 10) + nearestEven((size / 2 ** exponent - 1) * 1_024));
}

/** Returns the number of sixteen bits, which is not finite for an exponent of 31. */
export function fromFloat16Bits(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1_023;
  if (exponent === 0) return sign * fraction * SMALLEST;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1_024) * 2 ** (exponent - 15);
}

export function roundToFloat16(value: number): number {
  return fromFloat16Bits(float16Bits(value));
}

/** @param value 0 or above */
function nearestEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
