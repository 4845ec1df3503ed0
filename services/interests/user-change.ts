import type { ActionWindow } from '#algorithms/pinnersage/window.ts';
import { encodeWindow } from '#algorithms/pinnersage/window-codec.ts';
import { encodeDelta, type WindowDelta } from '#algorithms/pinnersage/window-delta.ts';
import type { CachedUser } from './cached-users.ts';
import type { RecordWrite } from './store.ts';

/**
 * Bytes of the changes that are appended to a window before it is written whole again: some thirty actions, so that a window
 * is seldom encoded, and is decoded at nearly the cost of a whole one.
 */
const MAX_DELTA_BYTES = 2_048;

/** A user after the actions of a batch. */
export interface ChangedUser {
  /** As the next action finds it when the write has succeeded. */
  readonly next: CachedUser;
  readonly write: RecordWrite;
  /** Generation in which the window is clustered. */
  readonly generation: string | null;
}

/**
 * Returns how a record is written: the change of its window, or the whole window when many changes were appended.
 * @param before offset of the record, and bytes that were appended to it
 */
export function windowWrite(
  window: ActionWindow,
  delta: WindowDelta,
  before: Pick<CachedUser, 'offset' | 'deltaBytes'>,
): { readonly window: RecordWrite['window']; readonly deltaBytes: number } {
  if (before.deltaBytes < MAX_DELTA_BYTES) {
    const bytes = encodeDelta(delta);
    const deltaBytes = before.deltaBytes + bytes.length;
    if (deltaBytes <= MAX_DELTA_BYTES) return { window: { after: before.offset, delta: bytes }, deltaBytes };
  }
  return { window: { base: encodeWindow(window) }, deltaBytes: 0 };
}

/** The same change with the whole window: for a record that is not as this process left it. */
export function withWholeWindow({ next, write, ...rest }: ChangedUser): ChangedUser {
  const window = { base: encodeWindow(next.window) };
  return { next: { ...next, deltaBytes: 0 }, write: { ...write, window }, ...rest };
}
