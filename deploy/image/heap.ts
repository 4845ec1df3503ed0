/** Share of a container's memory that JavaScript may take; vectors, buffers and native code need the rest. */
const HEAP_SHARE = 0.6;
/** A smaller heap collects garbage all the time. */
const LEAST_MIB = 64;

/**
 * Returns the most MiB of heap of a process.
 * @param wanted MiB that the stage needs at most
 * @param limit bytes that the process may take; undefined or huge if it is not limited
 */
export function heapWithin(wanted: number, limit: number | undefined): number {
  if (limit === undefined || limit === 0) return wanted;
  const allowed = Math.floor((limit / 2 ** 20) * HEAP_SHARE);
  return Math.max(LEAST_MIB, Math.min(wanted, allowed));
}
