import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { EVERYONE } from '#contracts/domain/ids.ts';
import type { Proposal } from '#contracts/generated/records.ts';
import { writeFenced, writeUnderHead } from '#platform/redis/fenced.ts';
import { deleteHead, readHead, writeHead } from '#platform/redis/heads.ts';
import { runScript } from '#platform/redis/script.ts';
import { DecodedPools } from './decoded-pools.ts';
import { type HeldProposal, joinPools, MAX_MODELS } from './pool.ts';
import type { PoolStore, PutOutcome } from './store.ts';

/**
 * A pool is a hash of the user: `<model>` the proposal, `@<model>` its offset, `#<model>` its version, `^<model>` the
 * time when its newest action was received, `~` the id of the topic of the offsets, and `!` the stamp of the last change, which
 * no other change of any pool has.
 * KEYS: the pool, the head of the partition. ARGV: model, offset, version, proposal, milliseconds to keep the pool, largest
 * number of models, time, stamp.
 */
const PUT = `
local model = ARGV[1]
local held = redis.call('HMGET', KEYS[1], '@' .. model, '#' .. model, '^' .. model, '~')
local topic = redis.call('HGET', KEYS[2], 'topic:proposals')
if topic and held[4] and held[4] ~= topic then
  redis.call('DEL', KEYS[1])
  held = { false, false, false, false }
end
if held[1] and tonumber(held[1]) >= tonumber(ARGV[2]) then return 'stale' end
if held[2] and tonumber(held[2]) > tonumber(ARGV[3]) and (not held[3] or tonumber(held[3]) >= tonumber(ARGV[7])) then
  return 'stale'
end
if not held[1] then
  local models = 0
  for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
    if string.sub(name, 1, 1) == '@' then models = models + 1 end
  end
  if models >= tonumber(ARGV[6]) then return 'full' end
end
redis.call('HSET', KEYS[1], model, ARGV[4], '@' .. model, ARGV[2], '#' .. model, ARGV[3], '^' .. model, ARGV[7], '!', ARGV[8])
if topic then redis.call('HSET', KEYS[1], '~', topic) end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 'held'`;

const SOURCE = 'proposals';

const OFFSET_MARK = '@';
const STAMP = '!';

export function createRedisPoolStore(options: {
  redis: Redis;
  keyOf: (userId: string) => string;
  headKeyOf: (partition: number) => string;
  keepMs: number;
  /** Candidates of pools that stay decoded in memory, together. */
  cachedCandidates: number;
  encode: (proposal: Proposal) => Buffer;
  decode: (bytes: Buffer) => Proposal | Promise<Proposal>;
}): PoolStore {
  const { redis, keyOf, headKeyOf, keepMs, encode, decode } = options;

  const decoded = new DecodedPools(options.cachedCandidates);
  const process = randomUUID();
  let puts = 0;

  /** Reads the whole pool only if it has changed since it was decoded here. */
  async function readProposals(userId: string): Promise<readonly HeldProposal[]> {
    const known = decoded.get(userId);
    if (known !== undefined && (await redis.hget(keyOf(userId), STAMP)) === known.stamp)
      return known.proposals;
    // A Map, because a model may have the name of a property that every object has.
    const fields = new Map(Object.entries(await redis.hgetallBuffer(keyOf(userId))));
    const proposals: HeldProposal[] = [];
    for (const [name, offset] of fields) {
      if (!name.startsWith(OFFSET_MARK)) continue;
      const bytes = fields.get(name.slice(OFFSET_MARK.length));
      if (bytes !== undefined) proposals.push({ offset: Number(offset), proposal: await decode(bytes) });
    }
    decoded.put(userId, fields.get(STAMP)?.toString(), proposals);
    return proposals;
  }

  return {
    async put(partition, { offset, proposal }) {
      const { userId, model, version, receivedAt } = proposal;
      const stamp = `${process}/${puts++}`;
      const rest = [keepMs, MAX_MODELS, receivedAt, stamp];
      const parameters = [model, offset, version, encode(proposal), ...rest];
      const keys = [keyOf(userId), headKeyOf(partition)];
      return (await runScript(redis, PUT, keys, parameters)) as PutOutcome;
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
    async read(userId) {
      // Both commands are sent in one turn, so that they share one round trip.
      const [own, everybody] = await Promise.all([
        userId === EVERYONE ? [] : readProposals(userId),
        readProposals(EVERYONE),
      ]);
      return joinPools(own, everybody);
    },
    async erase(userId) {
      await redis.del(keyOf(userId));
    },
  };
}
