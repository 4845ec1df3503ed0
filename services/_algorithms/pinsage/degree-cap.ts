/**
 * Sets the width of all edges of a row to 0, except the `maximum` heaviest. Among equally heavy edges the one of the
 * highest order is kept, and among those of one order the last in the row. Modifies `widths`.
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
  // Without a comparison function typed arrays sort natively.
  return Float64Array.from(values).sort()[values.length - rank]!;
}
