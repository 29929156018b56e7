-- Takes one event back that gcra.lua has charged, under every rate.
-- KEYS and ARGV are those of gcra.lua. A rate that has earned everything back
-- has nothing to give back and is left alone.

local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

local last = 0
for n = 1, #ARGV / 2 do
  local every, window = tonumber(ARGV[2 * n - 1]), tonumber(ARGV[2 * n])
  local full = tonumber(redis.call('HGET', KEYS[1], n) or 0)
  if full > now then
    full = math.min(full, now + window) - every
    redis.call('HSET', KEYS[1], n, string.format('%.0f', full))
  end
  last = math.max(last, full)
end

if last > now then
  redis.call('PEXPIRE', KEYS[1], math.ceil((last - now) / 1000))
else
  redis.call('DEL', KEYS[1])
end
return 0
