import type { OpenSlot, PendingSlate, UserJoin } from './attribution.ts';
import { PARTS, type Part } from './join-scripts.ts';
import {
  actionEntry,
  earnedText,
  itemPrefix,
  openEntry,
  parseActionEntry,
  parseEarned,
  parseOpenEntry,
  parseShown,
  rewardBytes,
  shownBytes,
  userPrefix,
} from './slate-bytes.ts';
import { DUE_LIMIT, type JoinChange, type JoinFound, type JoinRequest } from './store.ts';

type Parameter = string | number | Buffer;

/** What a slot is marked with once it is settled. */
const SETTLED = '-';

/** Arguments of one command in a script: Lua unpacks at most 8,000. */
const UNPACKED = 1_000;

/** Returns the parameters of READ. */
export function readParameters({ slateIds, shown, acted, offsets, closesBefore }: JoinRequest): Parameter[] {
  const actions = shown.flatMap(({ userId, itemIds }) => itemIds.map((itemId) => itemPrefix(userId, itemId)));
  const slots = acted.flatMap(({ userId, itemId, reward }) => [itemPrefix(userId, itemId), reward]);
  const lists: Parameter[][] = [[...slateIds], actions, slots, [...offsets]];
  return [closesBefore, DUE_LIMIT, ...lists.flatMap((list) => [list.length, ...list])];
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
    const texts = (whole[i + 2] as Buffer[]).map(String);
    const loaded = slots.map(({ itemId }, slot) => ({ slot, itemId, earned: earnedOf(texts[slot] ?? '') }));
    const slots0 = loaded.filter(({ slot }) => texts[slot] !== SETTLED);
    const slate = { offset, slateId, userId, servedAt, closesAt: held.closesAt, isWhole: true, open: slots0 };
    userOf(userId).pending.push(slate);
  }
  const partial = new Map<number, PendingSlate>();
  for (let i = 0; i < open.length; i += 2) {
    const { offset, slot, itemId, ...slate } = parseOpenEntry(open[i]!);
    if (shown.has(offset)) continue;
    let pending = partial.get(offset);
    if (pending === undefined) {
      pending = { ...slate, offset, slateId: '', isWhole: false, open: [] };
      partial.set(offset, pending);
      userOf(slate.userId).pending.push(pending);
    }
    pending.open.push({ slot, itemId, earned: earnedOf(String(open[i + 1])) });
  }
  for (const entry of acted) {
    const { userId, action } = parseActionEntry(entry);
    userOf(userId).recent.push(action);
  }
  for (const user of users.values()) user.recent = inLogOrder(user.recent);
  return {
    users,
    shown,
    joined: new Set(request.slateIds.filter((_, index) => joined[index] === 1)),
    mayHoldMore: due === DUE_LIMIT,
  };
}

/** Two slates of a batch may request the same action. */
function inLogOrder(recent: UserJoin['recent']): UserJoin['recent'] {
  const byOffset = new Map(recent.map((action) => [action.offset, action]));
  return [...byOffset.values()].sort((a, b) => a.offset - b.offset);
}

function earnedOf(text: string): OpenSlot['earned'] {
  return text === '' || text === SETTLED ? null : parseEarned(text);
}

/** Returns the parameters of COMMIT. */
export function commitParameters(change: JoinChange): Parameter[] {
  const { version, incarnation = '', slatesUntil, newestServedAt } = change.head;
  const erased = change.erased.map(userPrefix);
  const limits = [slatesUntil, newestServedAt, erased.length];
  return [version - 1, incarnation, ...limits, ...erased, ...commandsOf(change)];
}

function commandsOf({
  head,
  slates,
  earned,
  settled,
  closed,
  actions,
  joined,
  rewards,
}: JoinChange): Parameter[] {
  const flat: Parameter[] = [];
  function add(part: Part, name: string, parameters: readonly Parameter[]): void {
    for (let start = 0; start < parameters.length; start += UNPACKED) {
      const some = parameters.slice(start, start + UNPACKED);
      flat.push(PARTS.indexOf(part) + 1, name, some.length, ...some);
    }
  }
  const { incarnation: _, ...numbers } = head;
  add('position', 'HSET', Object.entries(numbers).flat());
  add(
    'slates',
    'HSET',
    slates.flatMap(({ slate, shown }) => [slate.offset, shownBytes(shown, slate.closesAt)]),
  );
  add(
    'ends',
    'ZADD',
    slates.flatMap(({ slate: { closesAt, offset } }) => [closesAt, offset]),
  );
  add(
    'open',
    'ZADD',
    slates.flatMap(({ slate }) => slate.open.flatMap((slot) => [0, openEntry(slate, slot)])),
  );
  const marks = settled.flatMap(({ slate, slot }) => [slotField(slate, slot), SETTLED]);
  const texts = earned.flatMap(({ slate, slot }) => [slotField(slate, slot.slot), earnedText(slot.earned!)]);
  add('earned', 'HSET', [...texts, ...marks]);
  add(
    'open',
    'ZREM',
    settled.map(({ slate, slot, itemId }) => openEntry(slate, { slot, itemId })),
  );
  add(
    'open',
    'ZREM',
    closed.flatMap(({ slate, open }) => open.map((slot) => openEntry(slate, slot))),
  );
  add(
    'slates',
    'HDEL',
    closed.map(({ slate }) => slate.offset),
  );
  add(
    'ends',
    'ZREM',
    closed.map(({ slate }) => slate.offset),
  );
  const fields = closed.flatMap(({ slate, slots }) =>
    Array.from({ length: slots }, (_, slot) => slotField(slate, slot)),
  );
  add('earned', 'HDEL', fields);
  const entries = actions.map(({ userId, action }) => [action, actionEntry(userId, action)] as const);
  add(
    'acted',
    'ZADD',
    entries.flatMap(([, entry]) => [0, entry]),
  );
  add(
    'forget',
    'ZADD',
    entries.flatMap(([{ servedUntil }, entry]) => [servedUntil, entry]),
  );
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

function slotField({ offset }: PendingSlate, slot: number): string {
  return `${offset}:${slot}`;
}
