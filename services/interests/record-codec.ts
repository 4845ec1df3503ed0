import { BinaryReader, BinaryWriter } from '#algorithms/binary.ts';
import { type ActionWindow, createWindow } from '#algorithms/pinnersage/window.ts';
import { decodeWindowWithDeltas } from '#algorithms/pinnersage/window-delta.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import type { UserRecord } from './store.ts';

const FORMAT_VERSION = 1;

/** What the next change of a record needs of its interests, so that they need not be decoded. */
export interface DerivedState
  extends Pick<UserInterests, 'generation' | 'streamTime' | 'receivedAt' | 'unknownItems'> {
  /** The clustering of the window in this generation, encoded; no bytes where there is none. */
  readonly clustering: Uint8Array;
}

/** A record as it is read. */
export interface DecodedRecord {
  readonly window: ActionWindow;
  /** NO_OFFSET for a user who has no record. */
  readonly offset: number;
  readonly derived: DerivedState | undefined;
  /** Bytes of the changes that were appended to the window; Infinity where the next write has to be the whole window. */
  readonly deltaBytes: number;
}

/** Below every offset. */
export const NO_OFFSET = -1;

/** Encodes format version, stream time and time of receipt (float64), unknown items, generation, clustering. */
export function encodeDerived(state: DerivedState): Uint8Array {
  const { generation, streamTime, receivedAt, unknownItems, clustering } = state;
  const writer = new BinaryWriter();
  writer.varint(FORMAT_VERSION);
  writer.float64(streamTime);
  writer.float64(receivedAt);
  writer.varint(unknownItems);
  writer.varint(generation === null ? 0 : 1);
  if (generation !== null) writer.string(generation);
  writer.bytes(clustering);
  return writer.finish();
}

/** Throws BinaryFormatError for another version and for truncated bytes. */
export function decodeDerived(bytes: Uint8Array): DerivedState {
  const reader = new BinaryReader(bytes, 'derived state');
  reader.version(FORMAT_VERSION);
  const streamTime = reader.float64();
  const receivedAt = reader.float64();
  const unknownItems = reader.varint();
  const generation = reader.varint() === 0 ? null : reader.string();
  return { generation, streamTime, receivedAt, unknownItems, clustering: reader.rest() };
}

/** Throws BinaryFormatError for malformed bytes. */
export function decodeRecord(record: UserRecord | undefined): DecodedRecord {
  if (record === undefined)
    return { window: createWindow(), offset: NO_OFFSET, derived: undefined, deltaBytes: Infinity };
  const { base, deltas, derived, offset } = record;
  return {
    window: decodeWindowWithDeltas(base, deltas),
    offset,
    derived: decodeDerived(derived),
    deltaBytes: deltas.length,
  };
}
