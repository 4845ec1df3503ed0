import { setImmediate as yieldToEventLoop } from 'node:timers/promises';

/** Users between two turns of the event loop, so that heartbeats and other partitions get their turns. */
const USERS_PER_SLICE = 16;

/** Does the work of one slice after the other, and lets other work run between them. */
export async function mapInSlices<T, R>(
  all: readonly T[],
  work: (one: T, place: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (const slice of slicesOf(all, USERS_PER_SLICE)) {
    const first = results.length;
    if (first > 0) await yieldToEventLoop();
    results.push(...(await allEnded(slice.map((one, i) => work(one, first + i)))));
  }
  return results;
}

export function* slicesOf<T>(all: readonly T[], size: number): Generator<T[]> {
  for (let start = 0; start < all.length; start += size) yield all.slice(start, start + size);
}

/** Waits for all work before it throws, because a failed batch may be redelivered at once. */
export async function allEnded<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const ends = await Promise.allSettled(work);
  return ends.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
}
