import type { Redis } from 'ioredis';
import { Attached } from '#algorithms/attached.ts';
import { EVERYONE } from '#contracts/domain/ids.ts';
import { columnsOf } from '#contracts/domain/proposed-lists.ts';
import type { Proposal } from '#contracts/generated/records.ts';
import { StateReplaced } from '#platform/kafka/held-state.ts';
import { writeFenced, writeUnderHead } from '#platform/redis/fenced.ts';
import { deleteHead, INCARNATION, readHead, writeHead } from '#platform/redis/heads.ts';
import { runScript } from '#platform/redis/script.ts';
import { DecodedPools } from './decoded-pools.ts';
import { type HeldProposal, joinPools, MAX_MODELS, type Pool } from './pool.ts';
import { SharedLists } from './shared-lists.ts';
import {
  type ItemsShown,
  NOTHING_SHOWN,
  parseShowings,
  rememberShowings,
  type Showing,
  showingsByUser,
  showingsText,
} from './shown-items.ts';
import type { ArrivingRecord, PoolOfUser, PoolStore, PutOutcome } from './store.ts';

/**
 * A pool is a hash of the user: `<offset>` a record of proposals, `shown` the showings without a reaction, and `lists` the state of the pool. Its first line is the id of
 * the topic of the offsets, and each further line is one of a model: `model offset version receivedAt interestsOffset
 * interestsAt`, in which the offset names the record of its list, and the last two are missing in lines of earlier versions. A record that no model refers to any more is removed.
 *
 * KEYS: the head of the partition, then the pool of each record. ARGV: incarnation of the head or an empty text for any,
 * milliseconds to keep a pool, largest number of models, then for each record: offset, version, receivedAt, interestsOffset, interestsAt,
 * record, number of models, models. Returns a text for each record, with the first letter of the outcome of each model; −1 if the head is of another
 * incarnation.
 */
const PUT = `
local head = redis.call('HMGET', KEYS[1], 'topic:proposals', '${INCARNATION}')
if ARGV[1] ~= '' and head[2] ~= ARGV[1] then return -1 end
local topic = head[1] or ''
local keep, most = ARGV[2], tonumber(ARGV[3])
local outcomes = {}
local at = 4
for i = 2, #KEYS do
  local key = KEYS[i]
  local offset, version, received, answered, written = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local record, count = ARGV[at + 5], tonumber(ARGV[at + 6])
  at = at + 7
  local models, lines, size = {}, {}, 0
  local known = topic
  local state = redis.call('HGET', key, 'lists')
  if state then
    local first = string.find(state, '\\n', 1, true)
    local held = string.sub(state, 1, first - 1)
    if held ~= '' and topic ~= '' and held ~= topic then
      local shown = redis.call('HGET', key, 'shown')
      redis.call('DEL', key)
      if shown then redis.call('HSET', key, 'shown', shown) end
    else
      if known == '' then known = held end
      for model, rest in string.gmatch(string.sub(state, first + 1), '(%S+) ([^\\n]+)\\n') do
        size = size + 1
        models[size] = model
        lines[model] = rest
      end
    end
  end
  local before = {}
  for j = 1, size do before[string.match(lines[models[j]], '^%d+')] = true end
  local line = table.concat({ offset, version, received, answered, written }, ' ')
  local letters = {}
  local isHeld = false
  for j = 1, count do
    local model = ARGV[at]
    at = at + 1
    local letter = 'h'
    local rest = lines[model]
    if rest then
      local o, v, r, a, w = string.match(rest, '^(%S+) (%S+) (%S+) ?(%S*) ?(%S*)$')
      local isNewer = tonumber(version) > tonumber(v) or tonumber(received) > tonumber(r)
      local isAsNew = tonumber(version) == tonumber(v)
        and (tonumber(answered) < 0 or tonumber(answered) >= (tonumber(a) or -1)
          or tonumber(written) > (tonumber(w) or 0))
      if tonumber(o) >= tonumber(offset) or not (isNewer or isAsNew) then letter = 's'
      elseif not isNewer then letter = 'r' end
    elseif size >= most then letter = 'f'
    else
      size = size + 1
      models[size] = model
    end
    if letter == 'h' or letter == 'r' then
      lines[model] = line
      isHeld = true
    end
    letters[j] = letter
  end
  if isHeld then
    local text = { known }
    for j = 1, size do
      before[string.match(lines[models[j]], '^%d+')] = nil
      text[j + 1] = models[j] .. ' ' .. lines[models[j]]
    end
    redis.call('HSET', key, offset, record, 'lists', table.concat(text, '\\n') .. '\\n')
    for old in pairs(before) do redis.call('HDEL', key, old) end
    redis.call('PEXPIRE', key, keep)
  end
  outcomes[i - 1] = table.concat(letters)
end
return outcomes`;

/**
 * KEYS: pools of users. ARGV: milliseconds to keep a pool, then for each user the showings that were read, an empty text for none, and the new
 * ones. Returns for each user 1 if they were written, and 0 if they were no longer those that were read.
 */
const NOTE_SHOWN = `
local written = {}
for i = 1, #KEYS do
  local held = redis.call('HGET', KEYS[i], 'shown') or ''
  written[i] = 0
  if held == ARGV[2 * i] then
    redis.call('HSET', KEYS[i], 'shown', ARGV[2 * i + 1])
    redis.call('PEXPIRE', KEYS[i], ARGV[1])
    written[i] = 1
  end
end
return written`;

const SOURCE = 'proposals';
/** The field with the state of a pool, which every change of the pool changes. */
const STATE = 'lists';
/** The field with what was shown to the user without a reaction. */
const SHOWN = 'shown';
/** Records in one call of the script, which blocks the server for about 20 µs each. */
const RECORDS_A_CALL = 100;
/** The lists of a pool that is not there; one object, so that the joined pool of unknown users is found again. */
const NONE: readonly HeldProposal[] = [];
const OUTCOMES: Readonly<Record<string, PutOutcome>> = { h: 'held', r: 'renewed', s: 'stale', f: 'full' };

/** What the hash of a user holds. */
interface ListsOfUser {
  readonly proposals: readonly HeldProposal[];
  readonly shown: ItemsShown;
}

const NOBODY: ListsOfUser = { proposals: NONE, shown: NOTHING_SHOWN };

export function createRedisPoolStore(options: {
  redis: Redis;
  /** The key of a pool; those of a partition share a hash tag with its head, so that one script may write them. */
  keyOf: (userId: string) => string;
  headKeyOf: (partition: number) => string;
  keepMs: number;
  /** Candidates of pools that stay decoded in memory, together. */
  cachedCandidates: number;
  /** Time for which the lists for everyone are used before they are read again, ms; 0, the default, reads them for each pool. */
  sharedForMs?: number;
  /** A clock in milliseconds, which decides when they are read again. */
  now?: () => number;
  /** Encodes a record that comes without its bytes. */
  encode: (proposal: Proposal) => Buffer;
  decode: (bytes: Buffer) => Proposal | Promise<Proposal>;
}): PoolStore {
  const { redis, keyOf, headKeyOf, keepMs, encode, decode, sharedForMs = 0, now = Date.now } = options;
  const decoded = new DecodedPools(options.cachedCandidates);
  /** The last pool that was joined from the user's own lists. */
  const joined = new Attached<readonly HeldProposal[], { everybody: readonly HeldProposal[]; pool: Pool }>();

  /** Reads the whole pool only if it has changed since it was decoded here. */
  async function readLists(userId: string): Promise<ListsOfUser> {
    const key = keyOf(userId);
    const known = decoded.get(userId);
    if (known !== undefined) {
      const [stamp, showings = null] = await redis.hmget(key, STATE, SHOWN);
      if (stamp === known.stamp)
        return { proposals: known.proposals, shown: decoded.shownTo(userId, showings) };
    }
    const fields = await redis.hgetallBuffer(key);
    const state = fields[STATE]?.toString();
    const proposals = state === undefined ? NONE : await decodePool(state, fields);
    decoded.put(userId, state, proposals);
    return { proposals, shown: decoded.shownTo(userId, fields[SHOWN]?.toString() ?? null) };
  }

  const shared = new SharedLists(async () => (await readLists(EVERYONE)).proposals, {
    forMs: sharedForMs,
    now,
  });

  async function readFor(userId: string): Promise<PoolOfUser> {
    // Both commands are sent in one turn, so that they share one round trip.
    const [{ proposals: own, shown }, everybody] = await Promise.all([
      userId === EVERYONE ? NOBODY : readLists(userId),
      shared.read(),
    ]);
    const known = joined.get(own);
    if (known?.everybody === everybody) return { pool: known.pool, shown };
    const pool = joinPools(own, everybody);
    joined.set(own, { everybody, pool });
    return { pool, shown };
  }

  /** Notes showings of these users; those whose showings another process has changed meanwhile are tried again. */
  async function noteShown(
    incarnation: string,
    users: ReadonlyMap<string, readonly Showing[]>,
  ): Promise<void> {
    if (users.size === 0) return;
    const userIds = [...users.keys()];
    const held = await Promise.all(userIds.map((userId) => redis.hget(keyOf(userId), SHOWN)));
    const parameters: Array<string | number> = [keepMs];
    for (const [index, userId] of userIds.entries()) {
      const before = held[index] ?? '';
      const next = rememberShowings(parseShowings(before), users.get(userId)!, incarnation);
      parameters.push(before, showingsText(next));
    }
    const written = (await runScript(redis, NOTE_SHOWN, userIds.map(keyOf), parameters)) as number[];
    await noteShown(incarnation, new Map([...users].filter((_, index) => written[index] === 0)));
  }

  async function decodePool(
    state: string,
    fields: Readonly<Record<string, Buffer>>,
  ): Promise<readonly HeldProposal[]> {
    const modelsOf = new Map<string, Set<string>>();
    for (const line of state.split('\n').slice(1)) {
      const [model, offset] = line.split(' ');
      if (offset === undefined) continue;
      modelsOf.set(offset, (modelsOf.get(offset) ?? new Set()).add(model!));
    }
    const proposals: HeldProposal[] = [];
    for (const [offset, models] of modelsOf) {
      const bytes = fields[offset];
      if (bytes === undefined) continue;
      for (const proposal of columnsOf(await decode(bytes)))
        if (models.has(proposal.model)) proposals.push({ offset: Number(offset), proposal });
    }
    return proposals;
  }

  async function putSome(
    partition: number,
    arriving: readonly ArrivingRecord[],
    incarnation = '',
  ): Promise<ReadonlyArray<readonly PutOutcome[]>> {
    const keys = [headKeyOf(partition), ...arriving.map(({ proposal }) => keyOf(proposal.userId))];
    const parameters: Array<string | number | Buffer> = [incarnation, keepMs, MAX_MODELS];
    for (const { offset, proposal, bytes = encode(proposal), models } of arriving) {
      const { version, receivedAt, interestsOffset, interestsAt } = proposal;
      parameters.push(offset, version, receivedAt, interestsOffset, interestsAt, bytes);
      parameters.push(models.length, ...models);
    }
    const outcomes = (await runScript(redis, PUT, keys, parameters)) as string[] | -1;
    if (outcomes === -1) throw new StateReplaced(arriving[0]!.offset - 1);
    return outcomes.map((letters) => Array.from(letters, (letter) => OUTCOMES[letter]!));
  }

  return {
    async put(partition, arriving, { incarnation } = {}) {
      const calls: Array<Promise<ReadonlyArray<readonly PutOutcome[]>>> = [];
      for (let from = 0; from < arriving.length; from += RECORDS_A_CALL)
        calls.push(putSome(partition, arriving.slice(from, from + RECORDS_A_CALL), incarnation));
      return (await Promise.all(calls)).flat();
    },
    readHead: (partition) => readHead(redis, headKeyOf(partition), SOURCE),
    writeHead: (partition, head) => writeHead(redis, headKeyOf(partition), SOURCE, head),
    async advance(partition, offset, { readFrom, incarnation }) {
      const key = headKeyOf(partition);
      const fence = { source: SOURCE, offset };
      if (readFrom === undefined && incarnation === undefined) await writeFenced(redis, key, fence, {});
      else await writeUnderHead(redis, key, fence, { key, offset: (readFrom ?? 0) - 1, incarnation }, {});
    },
    clear: (partition) => deleteHead(redis, headKeyOf(partition)),
    readFor,
    read: async (userId) => (await readFor(userId)).pool,
    async noteShown(incarnation, showings) {
      const users = [...showingsByUser(showings)];
      for (let from = 0; from < users.length; from += RECORDS_A_CALL)
        await noteShown(incarnation, new Map(users.slice(from, from + RECORDS_A_CALL)));
    },
    async erase(userId) {
      if (userId === EVERYONE) shared.forget();
      await redis.del(keyOf(userId));
    },
  };
}
