import { BinaryReader, BinaryWriter } from '../binary.ts';
import { type ActionWindow, compareActions, type WindowAction } from './window.ts';

const FORMAT_VERSION = 1;

/**
 * Encodes a window: format version, number of actions, then each action as event time (varint, less the previous
 * one), event id, item, type, and weight. An item or type is its index in a table of those met so far, or the table's
 * length and then the text. The index of the type is doubled, and odd if a weight other than 1 follows as float64.
 * Equal windows have equal bytes. Throws RangeError for an event time that is not a non-negative safe integer.
 */
export function encodeWindow({ actions }: ActionWindow): Uint8Array {
  const writer = new BinaryWriter();
  writeActions(writer, actions);
  return writer.finish();
}

/** Appends the bytes of a window with these actions. */
export function writeActions(writer: BinaryWriter, actions: readonly WindowAction[]): void {
  const items = new Map<string, number>();
  const types = new Map<string, number>();
  let time = 0;
  writer.varint(FORMAT_VERSION);
  writer.varint(actions.length);
  for (const action of actions) {
    writer.varint(action.occurredAt - time);
    time = action.occurredAt;
    writer.string(action.eventId);
    writeWord(writer, items, action.itemId, 1, 0);
    writeWord(writer, types, action.type, 2, action.weight === 1 ? 0 : 1);
    if (action.weight !== 1) writer.float64(action.weight);
  }
}

/**
 * Decodes a window. Throws BinaryFormatError for another version, truncated or trailing bytes, and actions out of
 * order.
 */
export function decodeWindow(bytes: Uint8Array): ActionWindow {
  const reader = new BinaryReader(bytes, 'action window');
  const actions = readActions(reader);
  reader.end();
  return { actions };
}

/** Reads the actions of one window, after which more bytes may follow. Throws as `decodeWindow` does. */
export function readActions(reader: BinaryReader): WindowAction[] {
  const items: string[] = [];
  const types: string[] = [];
  const actions: WindowAction[] = [];
  reader.version(FORMAT_VERSION);
  const count = reader.varint();
  let time = 0;
  for (let i = 0; i < count; i++) {
    time += reader.varint();
    if (!Number.isSafeInteger(time)) throw reader.fault('an event time above 2^53');
    const eventId = reader.string();
    const itemId = readWord(reader, items, reader.varint());
    const typeAndFlag = reader.varint();
    const type = readWord(reader, types, Math.floor(typeAndFlag / 2));
    const weight = typeAndFlag % 2 === 0 ? 1 : reader.float64();
    const action = { eventId, itemId, type, occurredAt: time, weight };
    if (i > 0 && compareActions(actions[i - 1]!, action) >= 0) throw reader.fault('actions out of order');
    actions.push(action);
  }
  return actions;
}

function writeWord(
  writer: BinaryWriter,
  table: Map<string, number>,
  word: string,
  scale: number,
  flag: number,
): void {
  const known = table.get(word);
  writer.varint((known ?? table.size) * scale + flag);
  if (known !== undefined) return;
  writer.string(word);
  table.set(word, table.size);
}

function readWord(reader: BinaryReader, table: string[], place: number): string {
  if (place > table.length) throw reader.fault(`entry ${place} of a table of ${table.length}`);
  if (place === table.length) table.push(reader.word());
  return table[place]!;
}
