import type { Redis } from 'ioredis';
import { type Head, type HeadChange, StateReplaced } from '../kafka/held-state.ts';
import { fenceField } from './fenced.ts';
import { runScript } from './script.ts';

/** Field of the incarnation in the Redis hash of a head. All sources of the hash share it. */
export const INCARNATION = 'incarnation';

/** The other fields of a head: `@<source>` the offset, which fences its writes, and `topic:<source>` the id. */
function topicField(source: string): string {
  return `topic:${source}`;
}

/** @returns undefined if the hash has no offset of the source */
export async function readHead(redis: Redis, key: string, source: string): Promise<Head | undefined> {
  const fields = [fenceField(source), topicField(source), INCARNATION];
  const [offset, topicId, incarnation] = await redis.hmget(key, ...fields);
  if (offset === null || offset === undefined) return undefined;
  return { offset: Number(offset), topicId: topicId ?? undefined, incarnation: incarnation ?? undefined };
}

/**
 * KEYS[1] the head. ARGV: 'any' or 'only', the incarnation that the head must have then, or an empty text for none; the new
 * incarnation, then pairs of field and value. Returns 0 if the head has another incarnation.
 */
const CHANGE = `
local held = redis.call('HGET', KEYS[1], 'incarnation') or ''
if ARGV[1] == 'only' and held ~= ARGV[2] and held ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
return 1`;

/** Writes the head whatever its offset was. @throws StateLost if the change replaces another state */
export function writeHead(redis: Redis, key: string, source: string, head: HeadChange): Promise<void> {
  const { offset, topicId } = head;
  return changeHead(redis, key, head, { [fenceField(source)]: offset, [topicField(source)]: topicId });
}

/**
 * Writes fields of a head, and its incarnation; those that are undefined stay.
 * @throws StateLost if the change replaces another state
 */
export async function changeHead(
  redis: Redis,
  key: string,
  { incarnation, replaces }: Pick<HeadChange, 'incarnation' | 'replaces'>,
  fields: Readonly<Record<string, string | number | undefined>>,
): Promise<void> {
  const pairs = Object.entries({ ...fields, [INCARNATION]: incarnation }).flatMap(([name, value]) =>
    value === undefined ? [] : [name, String(value)],
  );
  if (pairs.length === 0) return;
  const condition = [replaces === undefined ? 'any' : 'only', replaces ?? '', incarnation ?? ''];
  const written = await runScript(redis, CHANGE, [key], [...condition, ...pairs]);
  if (written === 0) throw new StateReplaced(-1);
}

export async function deleteHead(redis: Redis, key: string): Promise<void> {
  await redis.del(key);
}
