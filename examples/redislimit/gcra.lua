-- GCRA for one key under several rates: all of them are charged, or none.
-- KEYS[1]  a hash; field n holds the time (us) at which rate n is full again
-- ARGV     for each rate: interval and window (burst * interval), both in us
-- Returns 0 when admitted, else the time to wait in us.

local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

local wait, last, charged = 0, 0, {}
for n = 1, #ARGV / 2 do
  local every, window = tonumber(ARGV[2 * n - 1]), tonumber(ARGV[2 * n])
  local full = tonumber(redis.call('HGET', KEYS[1], n) or now)
  -- A full time beyond the window comes from a clock that was ahead (a
  -- failover): wait for one window, not for the length of the step.
  full = math.max(now, math.min(full, now + window)) + every
  wait = math.max(wait, full - window - now)
  last = math.max(last, full)
  charged[#charged + 1] = n
  -- tostring would keep 14 digits of the 16.
  charged[#charged + 1] = string.format('%.0f', full)
end

if wait > 0 then
  return wait
end
redis.call('HSET', KEYS[1], unpack(charged))
redis.call('PEXPIRE', KEYS[1], math.ceil((last - now) / 1000))
return 0
