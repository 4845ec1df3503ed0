/**
 * Takes the width of all edges of a row but the `maximum` heaviest; of edges as heavy the one of the highest order
 * stays, and of those of one order the last in the row. Changes `widths`.
 */
export function keepHeaviest(widths: Float64Array, orders: ArrayLike<number>, maximum: number): void {
  const bound = descending(widths, maximum);
  const atBound: number[] = [];
  let room = maximum;
  for (let i = 0; i < widths.length; i++) {
    if (widths[i]! > bound) room--;
    else if (widths[i] === bound) atBound.push(i);
    else widths[i] = 0;
  }
  const latest = descending(
    Float64Array.from(atBound, (i) => orders[i]!),
    room,
  );
  for (const i of atBound) if (orders[i]! > latest) room--;
  for (const i of atBound.reverse()) {
    if (orders[i]! > latest) continue;
    if (orders[i] === latest && room > 0) room--;
    else widths[i] = 0;
  }
}

/** The value at a rank, from 1 on, in descending order. */
function descending(values: Float64Array, rank: number): number {
  // Without a comparison of its own, typed arrays sort natively.
  return Float64Array.from(values).sort()[values.length - rank]!;
}
