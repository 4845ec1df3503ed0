import type { ActionWindow } from '#algorithms/pinnersage/window.ts';
import { encodeWindow } from '#algorithms/pinnersage/window-codec.ts';
import {
  decodeWindowWithDeltas,
  encodeDelta,
  type WindowDelta,
} from '#algorithms/pinnersage/window-delta.ts';
import type { DecodedRecord } from './record-codec.ts';
import type { RecordWrite, UserRecord } from './store.ts';

/**
 * Bytes of the changes that are appended to a window before it is written whole again: some thirty actions, so that a window
 * is seldom encoded, and is decoded at nearly the cost of a whole one.
 */
const MAX_DELTA_BYTES = 2_048;
const NO_BYTES = new Uint8Array(0);

/** A user after the actions of a batch. */
export interface ChangedUser {
  /** As the store holds it when the write has succeeded. */
  readonly next: UserRecord;
  readonly write: RecordWrite;
  /** Generation in which the window is clustered. */
  readonly generation: string | null;
}

/**
 * Returns how a record is written: the change of its window, or the whole window when many changes were appended.
 * @param before the record as it was read
 */
export function windowWrite(
  window: ActionWindow,
  delta: WindowDelta,
  before: Pick<DecodedRecord, 'offset' | 'deltaBytes'>,
): RecordWrite['window'] {
  if (before.deltaBytes < MAX_DELTA_BYTES) {
    const bytes = encodeDelta(delta);
    if (before.deltaBytes + bytes.length <= MAX_DELTA_BYTES) return { after: before.offset, delta: bytes };
  }
  return { base: encodeWindow(window) };
}

/** Returns the record after a write. @param before undefined if there is none, so that the whole window is written */
export function nextRecord(
  before: UserRecord | undefined,
  { offset, window, derived }: Pick<RecordWrite, 'offset' | 'window' | 'derived'>,
): UserRecord {
  if ('base' in window) return { offset, base: window.base, deltas: NO_BYTES, derived };
  const { base, deltas } = before ?? { base: NO_BYTES, deltas: NO_BYTES };
  return { offset, base, deltas: Buffer.concat([deltas, window.delta]), derived };
}

/** The same change with the whole window: for a record that is not as this process left it. */
export function withWholeWindow({ next, write, ...rest }: ChangedUser): ChangedUser {
  const base = encodeWindow(decodeWindowWithDeltas(next.base, next.deltas));
  return { next: { ...next, base, deltas: NO_BYTES }, write: { ...write, window: { base } }, ...rest };
}
