import { ACTION_TYPES, type ActionType } from '#contracts/generated/records.ts';
import type { OpenSlot, PendingSlate, RecentAction } from './attribution.ts';
import type { Acts } from './objectives.ts';
import type { QueuedReward, ShownSlate } from './store.ts';

/**
 * Bytes of the state of the join in Redis. Members of the indexes begin with user, item and slate, each after its length in two
 * bytes, so that the entries of a user, or of a user and an item, are one range. Times and offsets take six bytes. Numbers are
 * big-endian, and lists of numbers are little-endian doubles.
 */

const WIDE = 6;

export interface OpenEntry {
  readonly offset: number;
  readonly slateId: string;
  readonly userId: string;
  readonly servedAt: number;
  readonly closesAt: number;
  readonly slot: number;
  readonly itemId: string;
}

/** Length of the part of an open slot's entry behind user and item: closesAt, servedAt, offset, slot. */
const OPEN_TAIL = 3 * WIDE + 2;

export function userPrefix(userId: string): Buffer {
  return prefixOf([userId]);
}

export function itemPrefix(userId: string, itemId: string): Buffer {
  return prefixOf([userId, itemId]);
}

function prefixOf(ids: readonly string[], tail = 0): Buffer {
  const length = ids.reduce((sum, id) => sum + 2 + Buffer.byteLength(id), tail);
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  for (const id of ids) {
    const size = bytes.write(id, at + 2);
    bytes.writeUInt16BE(size, at);
    at += 2 + size;
  }
  return bytes;
}

export function openEntry(
  { slateId, userId, closesAt, servedAt, offset }: PendingSlate,
  { slot, itemId }: Pick<OpenSlot, 'slot' | 'itemId'>,
): Buffer {
  const bytes = prefixOf([userId, itemId, slateId], OPEN_TAIL);
  let at = bytes.length - OPEN_TAIL;
  for (const number of [closesAt, servedAt, offset]) at = bytes.writeUIntBE(number, at, WIDE);
  bytes.writeUInt16BE(slot, at);
  return bytes;
}

export function parseOpenEntry(bytes: Buffer): OpenEntry {
  const { ids, end } = readIds(bytes);
  return {
    userId: ids[0],
    itemId: ids[1],
    slateId: ids[2],
    closesAt: bytes.readUIntBE(end, WIDE),
    servedAt: bytes.readUIntBE(end + WIDE, WIDE),
    offset: bytes.readUIntBE(end + 2 * WIDE, WIDE),
    slot: bytes.readUInt16BE(end + 3 * WIDE),
  };
}

/** Length of an action's entry between the ids and the name of its type: five wide numbers and a slot. */
const ACTION_TAIL = 5 * WIDE + 2;
/** In place of a slot that the action does not name. */
const NO_SLOT = 0xffff;

/** The entry of a waiting action; the name of its type is at the end. An empty slate id stands for none. */
export function actionEntry(userId: string, action: RecentAction): Buffer {
  const { itemId, slateId, slot, occurredAt, servedUntil, until, streamTime, offset, type } = action;
  const bytes = prefixOf([userId, itemId, slateId ?? ''], ACTION_TAIL + type.length);
  let at = bytes.length - ACTION_TAIL - type.length;
  // An action of the first minutes of 1970 counts for no slate, whatever its bounds are below 0.
  for (const number of [occurredAt, servedUntil, until, streamTime, offset])
    at = bytes.writeUIntBE(Math.max(0, number), at, WIDE);
  at = bytes.writeUInt16BE(slot ?? NO_SLOT, at);
  bytes.write(type, at, 'latin1');
  return bytes;
}

/** @throws RangeError for bytes that are no entry */
export function parseActionEntry(bytes: Buffer): { userId: string; action: RecentAction } {
  const { ids, end } = readIds(bytes);
  const [userId, itemId, slateId] = ids;
  const wide = (index: number): number => bytes.readUIntBE(end + index * WIDE, WIDE);
  const [occurredAt, servedUntil, until, streamTime, offset] = [wide(0), wide(1), wide(2), wide(3), wide(4)];
  const slot = bytes.readUInt16BE(end + 5 * WIDE);
  const type = typeOf(bytes.toString('latin1', end + ACTION_TAIL));
  const named = { slateId: slateId === '' ? null : slateId, slot: slot === NO_SLOT ? null : slot };
  return { userId, action: { offset, itemId, type, occurredAt, servedUntil, until, streamTime, ...named } };
}

function typeOf(name: string | undefined): ActionType {
  const type = ACTION_TYPES.find((one) => one === name);
  if (type === undefined) throw new RangeError(`${name} is no type of an action`);
  return type;
}

/** The three ids at the beginning. */
function readIds(bytes: Buffer): { ids: readonly [string, string, string]; end: number } {
  const ids: string[] = [];
  let at = 0;
  while (ids.length < 3) {
    const end = at + 2 + bytes.readUInt16BE(at);
    if (end > bytes.length) throw new RangeError('an id ends beyond the entry');
    ids.push(bytes.toString('utf8', at + 2, end));
    at = end;
  }
  return { ids: ids as [string, string, string], end: at };
}

/** The actions on a slot: each type with its delay. */
export function actsText(acts: Acts): string {
  return ACTION_TYPES.flatMap((type) => (acts[type] === undefined ? [] : [`${type}:${acts[type]}`])).join(
    ' ',
  );
}

/** @throws RangeError for a text that `actsText` does not write */
export function parseActs(text: string): Acts {
  const acts: Partial<Record<ActionType, number>> = {};
  for (const part of text.split(' ')) {
    const [name, delay, ...rest] = part.split(':');
    if (!/^\d+$/.test(delay ?? '') || rest.length > 0) throw new RangeError(`${text} names no actions`);
    acts[typeOf(name)] = Number(delay);
  }
  return acts;
}

/** What the head of a slate's bytes holds; the numbers follow it. */
interface ShownHead extends Omit<ShownSlate, 'slots'> {
  readonly closesAt: number;
  readonly itemIds: readonly string[];
  /** Features of each slot, if not as many as names. */
  readonly widths?: readonly number[];
}

/** Two bytes with the number of slots, four with the length of the JSON head, the head, then features and propensity by slot. */
export function shownBytes({ slots, ...shown }: ShownSlate, closesAt: number): Buffer {
  const even = shown.featureNames.length;
  const widths = slots.every(({ features }) => features.length === even)
    ? {}
    : { widths: slots.map(({ features }) => features.length) };
  const head: ShownHead = { ...shown, closesAt, itemIds: slots.map(({ itemId }) => itemId), ...widths };
  const text = JSON.stringify(head);
  const size = Buffer.byteLength(text);
  const count = slots.reduce((sum, { features }) => sum + features.length + 1, 0);
  const bytes = Buffer.allocUnsafe(6 + size + 8 * count);
  bytes.writeUInt16BE(slots.length, 0);
  bytes.writeUInt32BE(size, 2);
  bytes.write(text, 6);
  let at = 6 + size;
  for (const { features, propensity } of slots) {
    for (const feature of features) at = bytes.writeDoubleLE(feature, at);
    at = bytes.writeDoubleLE(propensity, at);
  }
  return bytes;
}

/** @throws SyntaxError or RangeError for bytes that are no slate */
export function parseShown(bytes: Buffer): { shown: ShownSlate; closesAt: number } {
  const slots = bytes.readUInt16BE(0);
  const start = 6 + bytes.readUInt32BE(2);
  const { closesAt, itemIds, widths, ...shown } = JSON.parse(bytes.toString('utf8', 6, start)) as ShownHead;
  if (itemIds.length !== slots) throw new RangeError(`${itemIds.length} items for ${slots} slots`);
  let at = start;
  const number = (): number => {
    at += 8;
    return bytes.readDoubleLE(at - 8);
  };
  return {
    closesAt,
    shown: {
      ...shown,
      slots: itemIds.map((itemId, index) => {
        const width = widths?.[index] ?? shown.featureNames.length;
        const features = Array.from({ length: width }, number);
        return { itemId, features, propensity: number() };
      }),
    },
  };
}

/** Four bytes with the length of a JSON text without features, the text, then the features. */
export function rewardBytes({ reward: { features, ...reward }, trace }: QueuedReward): Buffer {
  const text = JSON.stringify({ reward, trace });
  const size = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(4 + size + 8 * features.length);
  bytes.writeUInt32BE(size, 0);
  bytes.write(text, 4);
  let at = 4 + size;
  for (const feature of features) at = bytes.writeDoubleLE(feature, at);
  return bytes;
}

/** @throws SyntaxError or RangeError for bytes that are no reward */
export function parseReward(bytes: Buffer): QueuedReward {
  const start = 4 + bytes.readUInt32BE(0);
  const { reward, ...rest } = JSON.parse(bytes.toString('utf8', 4, start)) as QueuedReward;
  const features = Array.from({ length: (bytes.length - start) / 8 }, (_, i) =>
    bytes.readDoubleLE(start + 8 * i),
  );
  // An outbox of an earlier version has rewards without a learner.
  return { ...rest, reward: { ...reward, learner: reward.learner ?? '', features } };
}
