import { fenceField } from '#platform/redis/fenced.ts';
import { INCARNATION } from '#platform/redis/heads.ts';
import type { HeadStep, RecordWrite } from './store.ts';

/** KEYS the records; ARGV the field of the offset. Returns offset, base, deltas and derived of each; nil for what is not there. */
export const READ_RECORDS = `
local records = {}
for i, key in ipairs(KEYS) do
  records[i] = redis.call('HMGET', key, ARGV[1], 'window', 'deltas', 'derived')
end
return records`;

/** KEYS the records. Returns the first bytes of derived of each; false for what is not there. */
export const PEEK_RECORDS = `
local starts = {}
for i, key in ipairs(KEYS) do
  local derived = redis.call('HGET', key, 'derived')
  starts[i] = derived and string.sub(derived, 1, 128)
end
return starts`;

/**
 * Writes the records of a partition in one step, and then its head.
 *
 * KEYS[1] the head, KEYS[2] the set of users, then the records. ARGV: the field of the offset; the offset that the head must
 * include, or nothing; the incarnation that it must have, or nothing; offset and stream time of the head afterwards, or
 * nothing; then for each record its user, offset, the offset after which its window changed, or nothing, the bytes of the
 * change or of the window, derived, interests.
 *
 * Returns −1 if the head includes less or is of another incarnation; else a number for each record: 0 it includes that offset already, 1 it was
 * written, 2 it is not at the offset after which its window changed. In the last case the head stays.
 */
export const WRITE_RECORDS = `
local fence = ARGV[1]
local head = redis.call('HGET', KEYS[1], fence)
if ARGV[2] ~= '' and (not head or tonumber(head) < tonumber(ARGV[2])) then return -1 end
if ARGV[3] ~= '' and redis.call('HGET', KEYS[1], '${INCARNATION}') ~= ARGV[3] then return -1 end
local outcomes = {}
local isWhole = true
for i = 3, #KEYS do
  local key = KEYS[i]
  local at = 6 + 6 * (i - 3)
  local offset, after, window = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local held = redis.call('HGET', key, fence)
  local outcome = 1
  if held and tonumber(held) >= tonumber(offset) then
    outcome = 0
  elseif after == '' then
    if not held then redis.call('SADD', KEYS[2], ARGV[at]) end
    redis.call('HSET', key, fence, offset, 'window', window, 'deltas', '',
      'derived', ARGV[at + 4], 'interests', ARGV[at + 5])
  elseif held == after then
    window = (redis.call('HGET', key, 'deltas') or '') .. window
    redis.call('HSET', key, fence, offset, 'deltas', window, 'derived', ARGV[at + 4], 'interests', ARGV[at + 5])
  else
    outcome = 2
    isWhole = false
  end
  outcomes[i - 2] = outcome
end
if isWhole and ARGV[4] ~= '' and (not head or tonumber(head) < tonumber(ARGV[4])) then
  redis.call('HSET', KEYS[1], fence, ARGV[4], 'time', ARGV[5])
end
return outcomes`;

/** The arguments of `WRITE_RECORDS`. */
export function writeArguments(
  source: string,
  writes: readonly RecordWrite[],
  { held, to }: HeadStep,
): (string | Buffer)[] {
  const head = [held?.offset, held?.incarnation, to?.offset, to?.streamTime].map((part) =>
    String(part ?? ''),
  );
  const parameters: (string | Buffer)[] = [fenceField(source), ...head];
  for (const { userId, offset, window, derived, interests } of writes) {
    const isWhole = 'base' in window;
    const bytes = isWhole ? window.base : window.delta;
    parameters.push(userId, String(offset), isWhole ? '' : String(window.after));
    parameters.push(asBuffer(bytes), asBuffer(derived), interests);
  }
  return parameters;
}

/** A script blocks Redis for as long as it runs, and its arguments are in memory at once. */
const MAX_RECORDS = 500;
const MAX_BYTES = 4 * 2 ** 20;

/** Divides writes into those of one script each; the last may have none. */
export function chunksOf(writes: readonly RecordWrite[]): RecordWrite[][] {
  const chunks: RecordWrite[][] = [[]];
  let bytes = 0;
  for (const write of writes) {
    const { window, derived, interests } = write;
    const size = ('base' in window ? window.base : window.delta).length + derived.length + interests.length;
    const chunk = chunks.at(-1)!;
    bytes += size;
    if (chunk.length > 0 && (chunk.length >= MAX_RECORDS || bytes > MAX_BYTES)) {
      chunks.push([write]);
      bytes = size;
    } else {
      chunk.push(write);
    }
  }
  return chunks;
}

/** The same bytes; a few are copied, because those of a short array are in the heap, where no view can refer to them. */
export function asBuffer(bytes: Uint8Array): Buffer {
  if (bytes.length < COPIED_BYTES) return Buffer.from(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const COPIED_BYTES = 2_048;
