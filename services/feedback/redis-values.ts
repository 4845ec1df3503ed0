import type { OpenSlot, PendingSlate, UserJoin } from './attribution.ts';
import { PARTS, type Part } from './join-scripts.ts';
import {
  actionEntry,
  actsText,
  itemPrefix,
  openEntry,
  parseActionEntry,
  parseActs,
  parseOpenEntry,
  parseShown,
  rewardBytes,
  shownBytes,
  userPrefix,
} from './slate-bytes.ts';
import {
  ACTION_LIMIT,
  DUE_LIMIT,
  type JoinChange,
  type JoinFound,
  type JoinRequest,
  type OwnedAction,
} from './store.ts';

type Parameter = string | number | Buffer;

/** Arguments of one command in a script: Lua unpacks at most 8,000. */
const UNPACKED = 1_000;

/** Returns the parameters of READ. */
export function readParameters({ slateIds, acted, payUntil, closesBefore }: JoinRequest): Parameter[] {
  const slots = acted.map(({ userId, itemId }) => itemPrefix(userId, itemId));
  const limits = [closesBefore, DUE_LIMIT, payUntil, ACTION_LIMIT];
  return [...limits, slateIds.length, ...slateIds, slots.length, ...slots];
}

/** @throws an error for bytes that cannot be read */
export function parseFound(request: JoinRequest, parts: readonly unknown[]): JoinFound {
  const [joined, acted, open, whole, due] = parts as [
    number[],
    Buffer[],
    Buffer[],
    Array<Buffer | Buffer[]>,
    number,
  ];
  const users = new Map<string, UserJoin>();
  const shown: JoinFound['shown'] = new Map();
  const userOf = (userId: string): UserJoin => {
    const user = users.get(userId) ?? { pending: [], recent: [] };
    users.set(userId, user);
    return user;
  };
  for (let i = 0; i < whole.length; i += 3) {
    const offset = Number(String(whole[i]));
    const held = parseShown(whole[i + 1] as Buffer);
    shown.set(offset, held.shown);
    const { slateId, userId, servedAt, slots } = held.shown;
    const texts = whole[i + 2] as Buffer[];
    const slotsOf = slots.map(({ itemId }, slot) => ({ slot, itemId, acts: actsOf(texts[slot]!) }));
    const { closesAt } = held;
    userOf(userId).pending.push({
      offset,
      slateId,
      userId,
      servedAt,
      closesAt,
      isWhole: true,
      open: slotsOf,
    });
  }
  for (const { userId, ...slate } of partialSlates(open, shown))
    userOf(userId).pending.push({ userId, ...slate });
  for (const entry of acted) {
    const { userId, action } = parseActionEntry(entry);
    userOf(userId).recent.push(action);
  }
  const last = acted.length < ACTION_LIMIT ? undefined : parseActionEntry(acted.at(-1)!).action.until;
  return {
    users,
    shown,
    joined: new Set(request.slateIds.filter((_, index) => joined[index] === 1)),
    mayHoldMore: due === DUE_LIMIT,
    paysUntil: paidUntil(request, last),
  };
}

/** @param last `until` of the last action that was returned, if there may be more */
export function paidUntil({ payUntil }: JoinRequest, last: number | undefined): number {
  return last === undefined ? payUntil : Math.min(payUntil, last - 1);
}

/** Slates of which only slots are loaded that actions may pay. @param open entries, each followed by the actions on the slot */
function partialSlates(open: readonly Buffer[], whole: ReadonlyMap<number, unknown>): PendingSlate[] {
  const slates = new Map<number, PendingSlate & { open: OpenSlot[] }>();
  for (let i = 0; i < open.length; i += 2) {
    const { offset, slot, itemId, ...slate } = parseOpenEntry(open[i]!);
    if (whole.has(offset)) continue;
    let pending = slates.get(offset);
    if (pending === undefined) {
      pending = { ...slate, offset, isWhole: false, open: [] };
      slates.set(offset, pending);
    }
    // Two actions may have asked for the slot.
    if (pending.open.some((one) => one.slot === slot)) continue;
    pending.open.push({ slot, itemId, acts: actsOf(open[i + 1]!) });
    pending.open.sort((a, b) => a.slot - b.slot);
  }
  return [...slates.values()];
}

function actsOf(text: Buffer): OpenSlot['acts'] {
  return text.length === 0 ? {} : parseActs(String(text));
}

/** Returns the parameters of COMMIT. */
export function commitParameters(change: JoinChange): Parameter[] {
  const { version, incarnation = '', newestServedAt } = change.head;
  const erased = change.erased.map(userPrefix);
  return [version - 1, incarnation, newestServedAt, erased.length, ...erased, ...commandsOf(change)];
}

function commandsOf({ head, slates, acts, closed, actions, paid, joined, rewards }: JoinChange): Parameter[] {
  const flat: Parameter[] = [];
  function add(part: Part, name: string, parameters: readonly Parameter[]): void {
    for (let start = 0; start < parameters.length; start += UNPACKED) {
      const some = parameters.slice(start, start + UNPACKED);
      flat.push(PARTS.indexOf(part) + 1, name, some.length, ...some);
    }
  }
  const { incarnation: _, ...numbers } = head;
  const entriesOf = (slate: PendingSlate) => slate.open.map((slot) => openEntry(slate, slot));
  const entryOf = ({ userId, action }: OwnedAction) => actionEntry(userId, action);
  add('join', 'HSET', Object.entries(numbers).flat());
  add(
    'slates',
    'HSET',
    slates.flatMap(({ slate, shown }) => [slate.offset, shownBytes(shown, slate.closesAt)]),
  );
  const ends = slates.flatMap(({ slate: { closesAt, offset } }) => [closesAt, offset]);
  add('ends', 'ZADD', ends);
  add(
    'open',
    'ZADD',
    slates.flatMap(({ slate }) => entriesOf(slate).flatMap((entry) => [0, entry])),
  );
  add(
    'acts',
    'HSET',
    acts.flatMap(({ slate, slot }) => [slotField(slate, slot), actsText(slot.acts)]),
  );
  add('open', 'ZREM', closed.flatMap(entriesOf));
  const offsets = closed.map(({ offset }) => offset);
  add('slates', 'HDEL', offsets);
  add('ends', 'ZREM', offsets);
  add(
    'acts',
    'HDEL',
    closed.flatMap((slate) => slate.open.map((slot) => slotField(slate, slot))),
  );
  const waiting = actions.map((one) => [one.action.until, entryOf(one)] as const);
  add(
    'acted',
    'ZADD',
    waiting.flatMap(([, entry]) => [0, entry]),
  );
  add('due', 'ZADD', waiting.flat());
  const entries = paid.map(entryOf);
  add('acted', 'ZREM', entries);
  add('due', 'ZREM', entries);
  add(
    'ids',
    'ZADD',
    [...joined].flatMap(([slateId, until]) => [until, slateId]),
  );
  add(
    'rewards',
    'ZADD',
    rewards.flatMap((queued) => [queued.reward.sequence, rewardBytes(queued)]),
  );
  return flat;
}

function slotField({ offset }: PendingSlate, { slot }: Pick<OpenSlot, 'slot'>): string {
  return `${offset}:${slot}`;
}
