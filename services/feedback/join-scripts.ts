import { LIST_LIMITS } from '#contracts/domain/number-bounds.ts';

/**
 * The keys of a partition, which share a hash tag and so a node. A slate is named by its offset in the log.
 * - `position` hash: version, offsets, sequence, times, incarnation, and the sizes of the other keys
 * - `slates` hash: offset → what the slate showed (`shownBytes`)
 * - `ends` sorted set: offset by the time when the slate closes
 * - `open` sorted set: entries of unsettled slots by user and item (`openEntry`)
 * - `earned` hash: `<offset>:<slot>` → what the slot has earned so far (`earnedText`), or `-` once it is settled
 * - `acted` sorted set: entries of remembered actions by user and item (`actionEntry`)
 * - `forget` sorted set: the same entries by the time of serving until which they may count
 * - `ids` sorted set: ids of joined slates by the time of serving until which they are remembered
 * - `rewards` sorted set: rewards that the log has not acknowledged, by sequence
 * All but the slots' records are written once and deleted, never changed, so that the cost does not grow with what else waits.
 */
export const PARTS = [
  'position',
  'slates',
  'ends',
  'open',
  'earned',
  'acted',
  'forget',
  'ids',
  'rewards',
] as const;
export type Part = (typeof PARTS)[number];

/** The parts of earlier versions, which held all slates of a user in one value. */
export const FORMER_PARTS = ['head', 'users', 'shown', 'closes', 'remembered', 'outbox', 'joined'] as const;

/** Fields of the position without which the state counts as missing. */
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
 * KEYS: PARTS. ARGV: expected version, expected incarnation or an empty text for any, `slatesUntil`, `newestServedAt`, number of
 * erased users, their prefixes, then commands, each as index of the key, name, number of arguments, arguments.
 */
export const COMMIT = `${SIZES}
local head = redis.call('HMGET', KEYS[1], 'version', 'incarnation')
if (head[1] or '0') ~= ARGV[1] then return 0 end
if ARGV[2] ~= '' and head[2] ~= ARGV[2] then return 0 end
local at = 6 + tonumber(ARGV[5])
for i = 6, at - 1 do
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
local forgotten = redis.call('ZRANGEBYSCORE', KEYS[7], '-inf', ARGV[3], 'LIMIT', 0, 5000)
removeAll('ZREM', KEYS[6], forgotten)
removeAll('ZREM', KEYS[7], forgotten)
redis.call('ZREMRANGEBYSCORE', KEYS[8], '-inf', '(' .. ARGV[4])
redis.call('HSET', KEYS[1], 'sizes', sizes(), 'rewards', redis.call('ZCARD', KEYS[9]))
return 1`;

/**
 * KEYS: PARTS. ARGV: closes before, limit, then four lists, each after its length: slate ids, prefixes of user and item, prefixes
 * of user and item each followed by a reward, offsets. Returns the index of the lost part or 0, then
 * - whether each of the slate ids is remembered
 * - entries of actions under the first prefixes
 * - entries of slots under the second prefixes that have earned less than the reward, each followed by what they earned
 * - offset, bytes and what each slot has earned, of the slates at the offsets and of those that are due
 * - the number of due ones
 */
export const READ = `${SIZES}
local held = redis.call('HMGET', KEYS[1], 'sizes', 'rewards')
if held[1] and held[1] ~= sizes() then return { 1 } end
if held[2] and tonumber(held[2]) ~= redis.call('ZCARD', KEYS[9]) then return { 2 } end
local at = 3
local function list(each)
  local last = at + tonumber(ARGV[at])
  for i = at + 1, last do each(ARGV[i], i) end
  at = last + 1
end
-- Nothing is an empty text, and an empty text, which nobody has written, is unreadable.
local function textOf(earned)
  if earned == '' then return '?' end
  return earned or ''
end
local joined, acted, open, whole = {}, {}, {}, {}
list(function(id) joined[#joined + 1] = redis.call('ZSCORE', KEYS[8], id) and 1 or 0 end)
list(function(prefix)
  for _, entry in ipairs(under(KEYS[6], prefix)) do acted[#acted + 1] = entry end
end)
local prefix
list(function(text)
  if not prefix then prefix = text; return end
  for _, entry in ipairs(under(KEYS[4], prefix)) do
    local earned = redis.call('HGET', KEYS[5], offsetOf(entry) .. ':' .. slotOf(entry))
    local reward = earned and tonumber(string.match(earned, '^%S+') or '')
    if not reward or reward < tonumber(text) then
      open[#open + 1] = entry
      open[#open + 1] = textOf(earned)
    end
  end
  prefix = nil
end)
local isLost = false
local seen = {}
local function add(offset, isDue)
  if seen[offset] then return end
  seen[offset] = true
  local bytes = redis.call('HGET', KEYS[2], offset)
  if not bytes then
    isLost = isLost or isDue
    return
  end
  local high, low = string.byte(bytes, 1, 2)
  local slots = (high or 0) * 256 + (low or 0)
  if slots > ${LIST_LIMITS.slots} then
    isLost = true
    return
  end
  local fields = {}
  for slot = 0, slots - 1 do fields[#fields + 1] = offset .. ':' .. slot end
  whole[#whole + 1] = offset
  whole[#whole + 1] = bytes
  local earned = {}
  if #fields > 0 then earned = redis.call('HMGET', KEYS[5], unpack(fields)) end
  for i, text in ipairs(earned) do earned[i] = textOf(text) end
  whole[#whole + 1] = earned
end
list(function(offset) add(offset, false) end)
local due = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])
for _, offset in ipairs(due) do add(offset, true) end
if isLost then return { 1 } end
return { 0, joined, acted, open, whole, #due }`;

/** KEYS: position, slates. ARGV: offsets. Returns the version and the bytes of the slates. */
export const READ_SHOWN = `
return { redis.call('HGET', KEYS[1], 'version') or '0', redis.call('HMGET', KEYS[2], unpack(ARGV)) }`;

/** KEYS: position, rewards. ARGV: sequence. */
export const TRIM = `
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[1])
if redis.call('HEXISTS', KEYS[1], 'rewards') == 1 then
  redis.call('HSET', KEYS[1], 'rewards', redis.call('ZCARD', KEYS[2]))
end
return 1`;
