import type { Redis } from 'ioredis';
import { EVERYONE } from '#contracts/domain/ids.ts';
import type { Proposal } from '#contracts/generated/records.ts';
import { runScript } from '#platform/redis/script.ts';
import { type HeldProposal, joinPools, MAX_MODELS } from './pool.ts';
import type { PoolStore, PutOutcome } from './store.ts';

/**
 * A pool is a hash of the user: `<model>` the proposal, `@<model>` its offset, `#<model>` its version.
 * KEYS[1] the pool. ARGV: model, offset, version, proposal, milliseconds to keep the pool, largest number of models.
 */
const PUT = `
local model = ARGV[1]
local held = redis.call('HMGET', KEYS[1], '@' .. model, '#' .. model)
if held[1] and tonumber(held[1]) >= tonumber(ARGV[2]) then return 'stale' end
if held[2] and tonumber(held[2]) > tonumber(ARGV[3]) then return 'stale' end
if not held[1] and redis.call('HLEN', KEYS[1]) >= 3 * tonumber(ARGV[6]) then return 'full' end
redis.call('HSET', KEYS[1], model, ARGV[4], '@' .. model, ARGV[2], '#' .. model, ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 'held'`;

const OFFSET_MARK = '@';

export function createRedisPoolStore(options: {
  redis: Redis;
  keyOf: (userId: string) => string;
  keepMs: number;
  encode: (proposal: Proposal) => Buffer;
  decode: (bytes: Buffer) => Proposal | Promise<Proposal>;
}): PoolStore {
  const { redis, keyOf, keepMs, encode, decode } = options;

  async function readProposals(userId: string): Promise<HeldProposal[]> {
    // A Map, because a model may have the name of a property that every object has.
    const fields = new Map(Object.entries(await redis.hgetallBuffer(keyOf(userId))));
    const held: HeldProposal[] = [];
    for (const [name, offset] of fields) {
      if (!name.startsWith(OFFSET_MARK)) continue;
      const bytes = fields.get(name.slice(OFFSET_MARK.length));
      if (bytes !== undefined) held.push({ offset: Number(offset), proposal: await decode(bytes) });
    }
    return held;
  }

  return {
    async put({ offset, proposal }) {
      const { userId, model, version } = proposal;
      const parameters = [model, offset, version, encode(proposal), keepMs, MAX_MODELS];
      return (await runScript(redis, PUT, [keyOf(userId)], parameters)) as PutOutcome;
    },
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
