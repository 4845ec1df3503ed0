/**
 * Returns the milliseconds to add to each event time so that a history whose newest event is at `newestAt` ends at
 * `now`. Time differences between events are preserved.
 *
 * @throws RangeError if either is not a finite number
 */
export function shiftToEndAt(newestAt: number, now: number): number {
  if (!Number.isFinite(newestAt) || !Number.isFinite(now)) {
    throw new RangeError(`Event times must be finite milliseconds, not ${newestAt} and ${now}`);
  }
  return now - newestAt;
}

/** Returns the same action `shift` milliseconds later. */
export function shifted<T extends { readonly occurredAt: number }>(action: T, shift: number): T {
  return { ...action, occurredAt: action.occurredAt + shift };
}
