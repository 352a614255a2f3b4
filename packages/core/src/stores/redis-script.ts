/**
 * Adds to a counter, atomically and by the caller's clock. KEYS[1]: the counter. ARGV: how much, now, when a new counter ends (empty: make none),
 * and after how many milliseconds the server may forget a new one. Answers what it stored, `<count> <end>`, or nothing as an empty text.
 *
 * Numbers are doubles in Lua as in JavaScript; 17 digits carry one over exactly.
 */
export const INCREMENT_SCRIPT = `local stored = redis.call('GET', KEYS[1])
if stored then
  local count, ending = string.match(stored, '^(%S+) (%S+)$')
  count, ending = tonumber(count), tonumber(ending)
  if not (count and ending) then return redis.error_reply('AIWAF the key holds something else than a counter') end
  if ending > tonumber(ARGV[2]) then
    local answer = string.format('%.17g %.17g', math.min(count + tonumber(ARGV[1]), 9007199254740991), ending)
    redis.call('SET', KEYS[1], answer, 'KEEPTTL')
    return answer
  end
end
if ARGV[3] == '' then return '' end
local answer = string.format('%.17g %.17g', tonumber(ARGV[1]), tonumber(ARGV[3]))
redis.call('SET', KEYS[1], answer, 'PX', ARGV[4])
return answer
`;

/** SHA-1 of the script, the name under which a server keeps it. Written down, because edge runtimes only hash asynchronously; a test compares. */
export const INCREMENT_SHA = "c5cd6a3c8b7c928cd76cc5cb18d9182adcbc1da1";
