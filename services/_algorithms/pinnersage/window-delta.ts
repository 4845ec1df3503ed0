import { BinaryReader, BinaryWriter } from '../binary.ts';
import { type ActionWindow, compareActions, type WindowAction } from './window.ts';
import { decodeWindow, readActions, writeActions } from './window-codec.ts';

/** The difference of two states of a window: the oldest actions leave it, and others come at their places. */
export interface WindowDelta {
  /** Number of actions of the earlier state that left; they were its oldest. */
  readonly dropped: number;
  /** In the order of events. */
  readonly added: readonly WindowAction[];
}

/**
 * Returns how a window changed.
 * @param sizeBefore number of its actions before
 * @param inserted the actions that were inserted since, in any order; those that left again may be among them
 */
export function deltaOf(
  { actions }: ActionWindow,
  sizeBefore: number,
  inserted: readonly WindowAction[],
): WindowDelta {
  const oldest = actions[0];
  // Actions leave in their order, so that an action that is gone precedes all that are there.
  const added = oldest === undefined ? [] : inserted.filter((one) => compareActions(one, oldest) >= 0);
  return {
    dropped: sizeBefore - (actions.length - added.length),
    added: added.length > 1 ? added.toSorted(compareActions) : added,
  };
}

/** Encodes a delta: the number of dropped actions, then the added ones as a window. Deltas may follow each other. */
export function encodeDelta({ dropped, added }: WindowDelta): Uint8Array {
  const writer = new BinaryWriter();
  writer.varint(dropped);
  writeActions(writer, added);
  return writer.finish();
}

/**
 * Decodes a window from the bytes of an earlier state and those of all deltas since, one after the other.
 * Throws BinaryFormatError for malformed bytes and for deltas of another window.
 */
export function decodeWindowWithDeltas(base: Uint8Array, deltas: Uint8Array): ActionWindow {
  const window = decodeWindow(base);
  const reader = new BinaryReader(deltas, 'deltas of a window');
  const { actions } = window;
  while (!reader.isAtEnd) {
    const dropped = reader.varint();
    const added = readActions(reader);
    if (dropped > actions.length) throw reader.fault(`${dropped} of ${actions.length} actions leave`);
    if (dropped > 0) actions.splice(0, dropped);
    for (const action of added) {
      const place = placeOf(actions, action);
      if (place < 0) throw reader.fault('an action that is there already');
      actions.splice(place, 0, action);
    }
  }
  return window;
}

/** Returns the place at which an action belongs; −1 if it is there. */
function placeOf(actions: readonly WindowAction[], action: WindowAction): number {
  let place = actions.length;
  while (place > 0) {
    const order = compareActions(actions[place - 1]!, action);
    if (order === 0) return -1;
    if (order < 0) break;
    place--;
  }
  return place;
}
