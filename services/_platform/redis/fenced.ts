import type { Redis } from 'ioredis';
import { type KnownHead, StateReplaced } from '../kafka/held-state.ts';
import { runScript } from './script.ts';

/**
 * A record is a Redis hash whose field `@<source>` holds the offset of the last message of that source that it
 * includes. One Lua step compares and writes, so that a duplicate or stale write does nothing, from any process.
 *
 * KEYS[1] the record. ARGV: source field, offset, then pairs of field and value.
 * Returns 1 if written, 0 if the record already includes that offset.
 */
const WRITE = `
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held and tonumber(held) >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV))
return 1`;

/**
 * Writes fields only while the record is still at the given offset: for work that derives the fields again from the
 * same input, such as clustering in another generation. ARGV as above.
 */
const REPLACE = `
local held = redis.call('HGET', KEYS[1], ARGV[1])
if not held or tonumber(held) ~= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV))
return 1`;

/**
 * Like WRITE, but only while the head is of the incarnation that this process knows, and includes at least the offset that it
 * knows. Otherwise Redis was emptied or restored from an older copy, and a record that is read from it may lack messages.
 * KEYS[2] the head, which may be the record itself. ARGV: source field, offset, offset of the head, incarnation or an empty
 * text for any, then pairs of field and value. Returns −1 if the head is another one or behind.
 */
const WRITE_UNDER_HEAD = `
local head = redis.call('HMGET', KEYS[2], ARGV[1], 'incarnation')
if not head[1] or tonumber(head[1]) < tonumber(ARGV[3]) then return -1 end
if ARGV[4] ~= '' and head[2] ~= ARGV[4] then return -1 end
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held and tonumber(held) >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2], unpack(ARGV, 5))
return 1`;

/** Position of a write in the log. The partition is implied: a record belongs to one partition for ever. */
export interface Fence {
  readonly source: string;
  readonly offset: number;
}

export type Fields = Readonly<Record<string, string | Buffer>>;

/** Writes the fields unless the record already includes the fence's offset. @returns whether it was written */
export async function writeFenced(redis: Redis, key: string, fence: Fence, fields: Fields): Promise<boolean> {
  return (await evaluate(redis, WRITE, key, fence, fields)) === 1;
}

/**
 * Writes the fields unless the record already includes the fence's offset.
 * @param head key of the partition's head, the offset that it must include, and the incarnation that it must have, any if
 *   undefined
 * @returns whether it was written
 * @throws StateLost if the head includes less or is of another incarnation
 */
export async function writeUnderHead(
  redis: Redis,
  key: string,
  fence: Fence,
  head: KnownHead & { readonly key: string },
  fields: Fields,
): Promise<boolean> {
  const { incarnation = '' } = head;
  const parameters = [fenceField(fence.source), String(fence.offset), String(head.offset), incarnation];
  const pairs = Object.entries(fields).flat();
  const written = await runScript(redis, WRITE_UNDER_HEAD, [key, head.key], [...parameters, ...pairs]);
  if (written === -1) throw new StateReplaced(head.offset);
  return written === 1;
}

/** Replaces fields if the record is exactly at the fence's offset. @returns whether it was written */
export async function replaceFenced(
  redis: Redis,
  key: string,
  fence: Fence,
  fields: Fields,
): Promise<boolean> {
  return (await evaluate(redis, REPLACE, key, fence, fields)) === 1;
}

/** Name of the hash field with the offset of a source. */
export function fenceField(source: string): string {
  return `@${source}`;
}

function evaluate(redis: Redis, script: string, key: string, fence: Fence, fields: Fields): Promise<unknown> {
  const pairs = Object.entries(fields).flat();
  return runScript(redis, script, [key], [fenceField(fence.source), String(fence.offset), ...pairs]);
}
