import { LIST_LIMITS } from '#contracts/domain/number-bounds.ts';

/**
 * The keys of a partition, which share a hash tag and so a node. A slate is named by its offset in the log.
 * - `join` hash: version, offsets, sequence, times, incarnation, and the sizes of the other keys
 * - `slates` hash: offset → what the slate showed (`shownBytes`)
 * - `ends` sorted set: offset by the time when the slate closes
 * - `open` sorted set: entries of waiting slots by user and item (`openEntry`)
 * - `acts` hash: `<offset>:<slot>` → the actions that have paid the slot so far (`actsText`)
 * - `acted` sorted set: entries of actions that have not paid yet, by user and item (`actionEntry`)
 * - `due` sorted set: the same entries by the time of serving until which they may count: they pay when it is reached
 * - `ids` sorted set: ids of joined slates by the time of serving until which they are remembered
 * - `rewards` sorted set: rewards that the log has not acknowledged, by sequence
 * All but the slots' records are written once and deleted, never changed, so that the cost does not grow with what else waits.
 */
export const PARTS = ['join', 'slates', 'ends', 'open', 'acts', 'acted', 'due', 'ids', 'rewards'] as const;
export type Part = (typeof PARTS)[number];

/** The parts of earlier versions: of one with all slates of a user in one value, and of one in which actions paid at once. */
export const FORMER_PARTS = [
  ...['head', 'users', 'shown', 'closes', 'remembered', 'outbox', 'joined'],
  ...['position', 'earned', 'forget'],
] as const;

/** Fields of the hash `join` without which the state counts as missing. */
export const STATE_FIELDS = ['version', 'slatesOffset', 'actionsOffset', 'sizes'] as const;

/** The sizes tell whether a key is gone. That of `rewards` is apart, because rewards are trimmed between commits. */
const SIZES = `
local function sizes()
  return table.concat({
    redis.call('HLEN', KEYS[2]), redis.call('ZCARD', KEYS[3]), redis.call('ZCARD', KEYS[4]), redis.call('HLEN', KEYS[5]),
    redis.call('ZCARD', KEYS[6]), redis.call('ZCARD', KEYS[7]), redis.call('ZCARD', KEYS[8])
  }, ' ')
end
local function under(key, prefix)
  return redis.call('ZRANGEBYLEX', key, '[' .. prefix, '(' .. prefix .. string.char(255))
end
local function offsetOf(entry)
  local offset = 0
  for _, byte in ipairs({ string.byte(entry, -8, -3) }) do offset = offset * 256 + byte end
  return string.format('%.0f', offset)
end
local function slotOf(entry)
  local high, low = string.byte(entry, -2, -1)
  return string.format('%.0f', high * 256 + low)
end
local function removeAll(command, key, members)
  for at = 1, #members, 1000 do
    redis.call(command, key, unpack(members, at, math.min(at + 999, #members)))
  end
end
`;

/**
 * KEYS: PARTS. ARGV: expected version, expected incarnation or an empty text for any, `newestServedAt`, number of erased users,
 * their prefixes, then commands, each as index of the key, name, number of arguments, arguments.
 */
export const COMMIT = `${SIZES}
local head = redis.call('HMGET', KEYS[1], 'version', 'incarnation')
if (head[1] or '0') ~= ARGV[1] then return 0 end
if ARGV[2] ~= '' and head[2] ~= ARGV[2] then return 0 end
local at = 5 + tonumber(ARGV[4])
for i = 5, at - 1 do
  local open = under(KEYS[4], ARGV[i])
  local seen, offsets, slots = {}, {}, {}
  for _, entry in ipairs(open) do
    local offset = offsetOf(entry)
    if not seen[offset] then
      seen[offset] = true
      offsets[#offsets + 1] = offset
      local high, low = string.byte(redis.call('HGET', KEYS[2], offset) or '', 1, 2)
      for slot = 0, (high or 0) * 256 + (low or 0) - 1 do slots[#slots + 1] = offset .. ':' .. slot end
    end
  end
  removeAll('ZREM', KEYS[4], open)
  removeAll('HDEL', KEYS[2], offsets)
  removeAll('ZREM', KEYS[3], offsets)
  removeAll('HDEL', KEYS[5], slots)
  local acted = under(KEYS[6], ARGV[i])
  removeAll('ZREM', KEYS[6], acted)
  removeAll('ZREM', KEYS[7], acted)
end
while at <= #ARGV do
  local count = tonumber(ARGV[at + 2])
  redis.call(ARGV[at + 1], KEYS[tonumber(ARGV[at])], unpack(ARGV, at + 3, at + 2 + count))
  at = at + 3 + count
end
redis.call('ZREMRANGEBYSCORE', KEYS[8], '-inf', '(' .. ARGV[3])
redis.call('HSET', KEYS[1], 'sizes', sizes(), 'rewards', redis.call('ZCARD', KEYS[9]))
return 1`;

/**
 * KEYS: PARTS. ARGV: closes before, limit of slates, pay until, limit of actions, then two lists, each after its length: slate
 * ids, prefixes of user and item. Returns the index of the lost part or 0, then
 * - whether each of the slate ids is remembered
 * - the entries of the actions that are due to pay, by their time
 * - entries of slots under the prefixes and under those of the actions, each followed by the actions that have paid it
 * - offset, bytes and what has paid each slot, of the slates that are due
 * - the number of these slates
 */
export const READ = `${SIZES}
local held = redis.call('HMGET', KEYS[1], 'sizes', 'rewards')
if held[1] and held[1] ~= sizes() then return { 1 } end
if held[2] and tonumber(held[2]) ~= redis.call('ZCARD', KEYS[9]) then return { 2 } end
local at = 5
local function list(each)
  local last = at + tonumber(ARGV[at])
  for i = at + 1, last do each(ARGV[i], i) end
  at = last + 1
end
-- Nothing is an empty text, and an empty text, which nobody has written, is unreadable.
local function textOf(acts)
  if acts == '' then return '?' end
  return acts or ''
end
local joined, open, whole, asked = {}, {}, {}, {}
local function slots(prefix)
  if asked[prefix] then return end
  asked[prefix] = true
  for _, entry in ipairs(under(KEYS[4], prefix)) do
    open[#open + 1] = entry
    open[#open + 1] = textOf(redis.call('HGET', KEYS[5], offsetOf(entry) .. ':' .. slotOf(entry)))
  end
end
list(function(id) joined[#joined + 1] = redis.call('ZSCORE', KEYS[8], id) and 1 or 0 end)
list(slots)
local acted = redis.call('ZRANGEBYSCORE', KEYS[7], '-inf', ARGV[3], 'LIMIT', 0, ARGV[4])
for _, entry in ipairs(acted) do
  local high, low = string.byte(entry, 1, 2)
  local middle = 2 + high * 256 + low
  local more, less = string.byte(entry, middle + 1, middle + 2)
  if not less then return { 1 } end
  slots(string.sub(entry, 1, middle + 2 + more * 256 + less))
end
local due = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])
for _, offset in ipairs(due) do
  local bytes = redis.call('HGET', KEYS[2], offset)
  if not bytes then return { 1 } end
  local high, low = string.byte(bytes, 1, 2)
  local count = (high or 0) * 256 + (low or 0)
  if count > ${LIST_LIMITS.slots} then return { 1 } end
  local fields = {}
  for slot = 0, count - 1 do fields[#fields + 1] = offset .. ':' .. slot end
  local acts = {}
  if count > 0 then acts = redis.call('HMGET', KEYS[5], unpack(fields)) end
  for i, text in ipairs(acts) do acts[i] = textOf(text) end
  whole[#whole + 1] = offset
  whole[#whole + 1] = bytes
  whole[#whole + 1] = acts
end
return { 0, joined, acted, open, whole, #due }`;

/** KEYS: join, rewards. ARGV: sequence. */
export const TRIM = `
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[1])
if redis.call('HEXISTS', KEYS[1], 'rewards') == 1 then
  redis.call('HSET', KEYS[1], 'rewards', redis.call('ZCARD', KEYS[2]))
end
return 1`;
