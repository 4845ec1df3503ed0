import type { Redis } from 'ioredis';
import { changeHead, INCARNATION } from '#platform/redis/heads.ts';
import { runScript } from '#platform/redis/script.ts';
import type { UserJoin } from './attribution.ts';
import {
  closesAt,
  DUE_LIMIT,
  EMPTY_HEAD,
  type JoinChange,
  type QueuedReward,
  type RebuildableJoinStore,
  type ReportLost,
  rememberedUntil,
  type ShownSlate,
} from './store.ts';

/**
 * The keys of a partition, which share a hash tag and so a node:
 * - `head` hash: version, offsets, sequence, times, incarnation
 * - `users` hash: user id → what waits on either side of the join
 * - `shown` hash: slate id → what its rewards take over
 * - `closes` sorted set: user id by the time the first slate closes
 * - `remembered` sorted set: user id by the newest time until which its remembered actions may count
 * - `outbox` sorted set: reward by sequence
 * - `joined` sorted set: slate id by the time of serving until which it is remembered
 */
const PARTS = ['head', 'users', 'shown', 'closes', 'remembered', 'outbox', 'joined'] as const;
type Part = (typeof PARTS)[number];
/** Field of the head of a partition whose state was once deleted. */
const CLEARED_AT = 'clearedAt';

/** Arguments of one command in a script: Lua unpacks at most 8,000. */
const UNPACKED = 1_000;

/**
 * KEYS: PARTS. ARGV: expected version, expected incarnation or an empty text for any, then commands, each as index of the key, name, number of arguments, arguments.
 */
const COMMIT = `
local head = redis.call('HMGET', KEYS[1], 'version', 'incarnation')
if (head[1] or '0') ~= ARGV[1] then return 0 end
if ARGV[2] ~= '' and head[2] ~= ARGV[2] then return 0 end
local at = 3
while at <= #ARGV do
  local count = tonumber(ARGV[at + 2])
  redis.call(ARGV[at + 1], KEYS[tonumber(ARGV[at])], unpack(ARGV, at + 3, at + 2 + count))
  at = at + 3 + count
end
return 1`;

/**
 * KEYS: users, closes, remembered. ARGV: closes before, dropped until, limit, user ids. Returns the number of users less
 * the entries of both indexes, then user id, value, …; the value of a due user that is lost is empty.
 */
const READ_USERS = `
local ids, seen, due = {}, {}, {}
local function add(id)
  if not seen[id] then seen[id] = true; ids[#ids + 1] = id end
end
for i = 4, #ARGV do add(ARGV[i]) end
local function addDue(found)
  for _, id in ipairs(found) do add(id); due[id] = true end
end
addDue(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[3]))
addDue(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[2], 'LIMIT', 0, ARGV[3]))
local indexed = redis.call('ZCARD', KEYS[2]) + redis.call('ZCARD', KEYS[3])
local answer = { redis.call('HLEN', KEYS[1]) - indexed }
for _, id in ipairs(ids) do
  local held = redis.call('HGET', KEYS[1], id)
  if held or due[id] then answer[#answer + 1] = id; answer[#answer + 1] = held or '' end
end
return answer`;

/**
 * KEYS: users, closes, remembered. ARGV: user id, value, closes at, remembered until, …; an empty time is none. Indexes
 * users whose value is still the given one. Returns the number of entries that were missing.
 */
const INDEX_USERS = `
local added = 0
for at = 1, #ARGV, 4 do
  if redis.call('HGET', KEYS[1], ARGV[at]) == ARGV[at + 1] then
    for index = 2, 3 do
      local time = ARGV[at + index]
      if time ~= '' then added = added + redis.call('ZADD', KEYS[index], time, ARGV[at]) end
    end
  end
end
return added`;

/** Users that one call puts back into the indexes. */
const INDEX_PAGE = 500;

export function createRedisJoinStore(options: {
  redis: Redis;
  keyOf: (partition: number, part: string) => string;
  lost: ReportLost;
}): RebuildableJoinStore {
  const { redis, keyOf, lost } = options;
  const keysOfUsers = (partition: number) =>
    ['users', 'closes', 'remembered'].map((part) => keyOf(partition, part));

  /** Each user is in at least one index; more users than entries mean that an index is lost. */
  async function restoreIndexes(partition: number): Promise<void> {
    let restored = 0;
    for (let cursor = '0', isFirst = true; isFirst || cursor !== '0'; isFirst = false) {
      const [next, page] = await redis.hscan(keyOf(partition, 'users'), cursor, 'COUNT', INDEX_PAGE);
      cursor = next;
      const parameters: Parameter[] = [];
      for (let i = 0; i < page.length; i += 2) {
        const user = parseUser(page[i + 1]!);
        const closes = user && closesAt(user);
        const remembered = user && rememberedUntil(user);
        // A user without state or an unreadable one is due at once, and is removed then.
        const times =
          closes === undefined && remembered === undefined ? [0, ''] : [closes ?? '', remembered ?? ''];
        parameters.push(page[i]!, page[i + 1]!, ...times);
      }
      restored += Number(await runScript(redis, INDEX_USERS, keysOfUsers(partition), parameters));
    }
    if (restored > 0) lost('index', restored);
  }

  return {
    async readHead(partition) {
      const fields = await redis.hgetall(keyOf(partition, 'head'));
      const { incarnation: _, ...numbers } = EMPTY_HEAD;
      const held = Object.entries(numbers).map(
        ([name, none]) => [name, Number(fields[name] ?? none)] as const,
      );
      return { ...EMPTY_HEAD, ...Object.fromEntries(held), incarnation: fields[INCARNATION] };
    },
    async readUsers(partition, userIds, { closesBefore, forgottenUntil }) {
      const parameters = [closesBefore, forgottenUntil, DUE_LIMIT, ...userIds];
      const answer = await runScript(redis, READ_USERS, keysOfUsers(partition), parameters);
      const [unindexed, ...held] = answer as [number, ...string[]];
      const users = new Map<string, UserJoin>();
      let unreadable = 0;
      for (let i = 0; i < held.length; i += 2) {
        const user = parseUser(held[i + 1]!);
        if (user === undefined) unreadable += 1;
        users.set(held[i]!, user ?? { pending: [], recent: [] });
      }
      if (unreadable > 0) lost('users', unreadable);
      if (unindexed > 0) await restoreIndexes(partition);
      return users;
    },
    async readJoined(partition, slateIds) {
      if (slateIds.length === 0) return new Set();
      const times = await redis.zmscore(keyOf(partition, 'joined'), ...slateIds);
      return new Set(slateIds.filter((_, index) => times[index] !== null));
    },
    async readShown(partition, slateIds) {
      if (slateIds.length === 0) return new Map();
      const held = await redis.hmget(keyOf(partition, 'shown'), ...slateIds);
      const slates = held.flatMap((text) => (text === null ? [] : (parseShown(text) ?? [])));
      return new Map(slates.map((slate) => [slate.slateId, slate]));
    },
    async commit(partition, change) {
      const keys = PARTS.map((part) => keyOf(partition, part));
      const { version, incarnation = '' } = change.head;
      const parameters = [version - 1, incarnation, ...commandsOf(change)];
      return (await runScript(redis, COMMIT, keys, parameters)) === 1;
    },
    async readOutbox(partition, limit) {
      const key = keyOf(partition, 'outbox');
      for (;;) {
        const held = await redis.zrange(key, '0', String(limit - 1));
        const rewards = held.map(parseQueued);
        const unreadable = held.filter((_, index) => rewards[index] === undefined);
        if (unreadable.length === 0) return rewards as QueuedReward[];
        await redis.zrem(key, ...unreadable);
        lost('outbox', unreadable.length);
      }
    },
    async trimOutbox(partition, sequence) {
      await redis.zremrangebyscore(keyOf(partition, 'outbox'), '-inf', String(sequence));
    },
    async readTopicHead(topic, partition) {
      const names = [`${topic}Offset`, `topic:${topic}`, INCARNATION];
      const [offset, topicId, incarnation] = await redis.hmget(keyOf(partition, 'head'), ...names);
      if (offset === null || offset === undefined) return undefined;
      return {
        offset: Number(offset),
        topicId: topicId ?? undefined,
        incarnation: incarnation ?? undefined,
      };
    },
    writeTopicHead(topic, partition, head) {
      const fields = { [`${topic}Offset`]: head.offset, [`topic:${topic}`]: head.topicId };
      return changeHead(redis, keyOf(partition, 'head'), head, fields);
    },
    async clear(partition, now) {
      const head = keyOf(partition, 'head');
      const all = PARTS.map((part) => keyOf(partition, part));
      await redis
        .multi()
        .unlink(...all)
        .hset(head, CLEARED_AT, String(now))
        .exec();
    },
    async noteCleared(partition, now) {
      await redis.hsetnx(keyOf(partition, 'head'), CLEARED_AT, String(now));
    },
    async clearedAt(partition) {
      return Number((await redis.hget(keyOf(partition, 'head'), CLEARED_AT)) ?? 0);
    },
  };
}

/** A value of JSON objects; undefined if it is anything else. */
function parseObject<T extends object>(text: string): Partial<T> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function parseUser(text: string): UserJoin | undefined {
  const { pending, recent } = parseObject<UserJoin>(text) ?? {};
  if (!Array.isArray(pending) || !Array.isArray(recent)) return undefined;
  const isSound =
    pending.every((slate) => Number.isFinite(slate?.closesAt) && Array.isArray(slate.open)) &&
    recent.every((action) => Number.isFinite(action?.occurredAt));
  return isSound ? { pending, recent } : undefined;
}

/** A slate that was written before slates had names of features is of version 1, as one without names is in the log. */
function parseShown(text: string): ShownSlate | undefined {
  const shown = parseObject<ShownSlate>(text);
  if (typeof shown?.slateId !== 'string' || !Array.isArray(shown.slots)) return undefined;
  return { ...(shown as ShownSlate), featureNames: shown.featureNames ?? [] };
}

function parseQueued(text: string): QueuedReward | undefined {
  const queued = parseObject<QueuedReward>(text);
  if (typeof queued?.reward?.sequence !== 'number') return undefined;
  const { reward } = queued;
  return { ...queued, reward: { ...reward, featureNames: reward.featureNames ?? [] } };
}

type Parameter = string | number;

function commandsOf({ head, users, shown, joined, closed, rewards }: JoinChange): Parameter[] {
  const flat: Parameter[] = [];
  function add(part: Part, name: string, ...parameters: Parameter[]): void {
    flat.push(PARTS.indexOf(part) + 1, name, parameters.length, ...parameters);
  }
  function index(part: 'closes' | 'remembered', userId: string, time: number | undefined): void {
    if (time === undefined) add(part, 'ZREM', userId);
    else add(part, 'ZADD', time, userId);
  }
  const { incarnation: _, ...numbers } = head;
  add('head', 'HSET', ...Object.entries(numbers).flat());
  for (const [userId, user] of users) {
    if (user.pending.length + user.recent.length === 0) add('users', 'HDEL', userId);
    else add('users', 'HSET', userId, JSON.stringify(user));
    index('closes', userId, closesAt(user));
    index('remembered', userId, rememberedUntil(user));
  }
  for (const [slateId, until] of joined) add('joined', 'ZADD', until, slateId);
  if (joined.size > 0) add('joined', 'ZREMRANGEBYSCORE', '-inf', `(${head.newestServedAt}`);
  for (const slate of shown) add('shown', 'HSET', slate.slateId, JSON.stringify(slate));
  for (let start = 0; start < closed.length; start += UNPACKED)
    add('shown', 'HDEL', ...closed.slice(start, start + UNPACKED));
  for (const queued of rewards) add('outbox', 'ZADD', queued.reward.sequence, JSON.stringify(queued));
  return flat;
}
