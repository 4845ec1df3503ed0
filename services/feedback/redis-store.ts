import type { Redis } from 'ioredis';
import { runScript } from '#platform/redis/script.ts';
import type { UserJoin } from './attribution.ts';
import {
  closesAt,
  DUE_LIMIT,
  EMPTY_HEAD,
  type JoinChange,
  type JoinStore,
  type PartitionHead,
  type QueuedReward,
  rememberedUntil,
  type ShownSlate,
} from './store.ts';

/**
 * The keys of a partition, which share a hash tag and so a node:
 * - `head` hash: version, offsets, sequence, times
 * - `users` hash: user id → what waits on either side of the join
 * - `shown` hash: slate id → what its rewards take over
 * - `closes` sorted set: user id by the time the first slate closes
 * - `remembered` sorted set: user id by event time of the newest action remembered
 * - `outbox` sorted set: reward by sequence
 */
const PARTS = ['head', 'users', 'shown', 'closes', 'remembered', 'outbox'] as const;
type Part = (typeof PARTS)[number];

/**
 * KEYS: PARTS. ARGV: expected version, then commands, each as index of the key, name, number of arguments, arguments.
 */
const COMMIT = `
if (redis.call('HGET', KEYS[1], 'version') or '0') ~= ARGV[1] then return 0 end
local at = 2
while at <= #ARGV do
  local count = tonumber(ARGV[at + 2])
  redis.call(ARGV[at + 1], KEYS[tonumber(ARGV[at])], unpack(ARGV, at + 3, at + 2 + count))
  at = at + 3 + count
end
return 1`;

/** KEYS: users, closes, remembered. ARGV: closes before, dropped until, limit, user ids. Returns user id, value, … */
const READ_USERS = `
local ids, seen, answer = {}, {}, {}
local function add(id)
  if not seen[id] then seen[id] = true; ids[#ids + 1] = id end
end
for i = 4, #ARGV do add(ARGV[i]) end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[3])) do add(id) end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[2], 'LIMIT', 0, ARGV[3])) do add(id) end
for _, id in ipairs(ids) do
  local held = redis.call('HGET', KEYS[1], id)
  if held then answer[#answer + 1] = id; answer[#answer + 1] = held end
end
return answer`;

export function createRedisJoinStore(options: {
  redis: Redis;
  keyOf: (partition: number, part: string) => string;
}): JoinStore {
  const { redis, keyOf } = options;
  return {
    async readHead(partition) {
      const fields = await redis.hgetall(keyOf(partition, 'head'));
      const names = Object.keys(EMPTY_HEAD) as Array<keyof PartitionHead>;
      const held = names.map((name) => [name, Number(fields[name] ?? EMPTY_HEAD[name])] as const);
      return Object.fromEntries(held) as unknown as PartitionHead;
    },
    async readUsers(partition, userIds, { closesBefore, forgottenUntil }) {
      const keys = ['users', 'closes', 'remembered'].map((part) => keyOf(partition, part));
      const parameters = [closesBefore, forgottenUntil, DUE_LIMIT, ...userIds];
      const answer = (await runScript(redis, READ_USERS, keys, parameters)) as string[];
      const users = new Map<string, UserJoin>();
      for (let i = 0; i < answer.length; i += 2)
        users.set(answer[i]!, JSON.parse(answer[i + 1]!) as UserJoin);
      return users;
    },
    async readShown(partition, slateIds) {
      if (slateIds.length === 0) return new Map();
      const held = await redis.hmget(keyOf(partition, 'shown'), ...slateIds);
      const slates = held.flatMap((text) => (text === null ? [] : [parseShown(text)]));
      return new Map(slates.map((slate) => [slate.slateId, slate]));
    },
    async commit(partition, change) {
      const keys = PARTS.map((part) => keyOf(partition, part));
      const parameters = [change.head.version - 1, ...commandsOf(change)];
      return (await runScript(redis, COMMIT, keys, parameters)) === 1;
    },
    async readOutbox(partition, limit) {
      const held = await redis.zrange(keyOf(partition, 'outbox'), '0', String(limit - 1));
      return held.map(parseQueued);
    },
    async trimOutbox(partition, sequence) {
      await redis.zremrangebyscore(keyOf(partition, 'outbox'), '-inf', String(sequence));
    },
  };
}

/** A slate that was written before slates had names of features is of version 1, as one without names is in the log. */
function parseShown(text: string): ShownSlate {
  const shown = JSON.parse(text) as ShownSlate;
  return { ...shown, featureNames: shown.featureNames ?? [] };
}

function parseQueued(text: string): QueuedReward {
  const queued = JSON.parse(text) as QueuedReward;
  return { ...queued, reward: { ...queued.reward, featureNames: queued.reward.featureNames ?? [] } };
}

type Parameter = string | number;

function commandsOf({ head, users, shown, closed, rewards }: JoinChange): Parameter[] {
  const flat: Parameter[] = [];
  function add(part: Part, name: string, ...parameters: Parameter[]): void {
    flat.push(PARTS.indexOf(part) + 1, name, parameters.length, ...parameters);
  }
  function index(part: 'closes' | 'remembered', userId: string, time: number | undefined): void {
    if (time === undefined) add(part, 'ZREM', userId);
    else add(part, 'ZADD', time, userId);
  }
  add('head', 'HSET', ...Object.entries(head).flat());
  for (const [userId, user] of users) {
    if (user.pending.length + user.recent.length === 0) add('users', 'HDEL', userId);
    else add('users', 'HSET', userId, JSON.stringify(user));
    index('closes', userId, closesAt(user));
    index('remembered', userId, rememberedUntil(user));
  }
  for (const slate of shown) add('shown', 'HSET', slate.slateId, JSON.stringify(slate));
  for (const slateId of closed) add('shown', 'HDEL', slateId);
  for (const queued of rewards) add('outbox', 'ZADD', queued.reward.sequence, JSON.stringify(queued));
  return flat;
}
