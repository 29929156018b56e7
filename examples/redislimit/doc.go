// Package redislimit is a rate limiter for lostkey that several processes share
// through Redis. Import it, or copy its four files.
//
// The options of the client need ContextTimeoutEnabled. Without it go-redis
// ignores deadlines, and New refuses the client.
//
// One Lua script reads Redis's own clock, decides under every rate and charges
// all of them or none, in one round trip and as one step: the clocks of the
// processes do not matter, and concurrent callers never get more than the rates
// allow.
//
// [Limiter.Refund] takes a charge back in the same way, so that a request that
// lostkey refused or could not pass on costs the visitor nothing.
//
// # When Redis fails
//
// A limiter that stops the application when Redis does is worse than none, and
// so is one that opens the door. Whatever goes wrong (refused, hung, slow,
// wrong type under the key), [Limiter.Allow] answers within Config.Timeout from
// an in-process limiter with the same rates. That one has been charged with
// everything this process let through while Redis was well, so that nobody
// starts afresh when it fails. For Config.Pause after a failure Redis is left
// alone; then one call asks it again while the others go on without it.
// Config.OnError hears of each failure.
//
// During an outage n processes admit up to n times the rates, and Redis learns
// nothing of what was admitted meanwhile.
//
// # Security
//
// A caller that hangs up does not get round the shared limit: cancellation of
// the context is ignored for the bounded time of the round trip, its deadline
// is not.
//
// Redis sees the keys that it is given. lostkey gives client and network
// prefixes in clear and accounts as keyed digests. Evicting keys forgets
// limits: use a Redis with maxmemory-policy noeviction, or a volatile policy
// and enough memory. A key lives until it has earned everything back and then
// expires by itself. There is no cap on their number but Redis's memory; put
// the limits per client, per network and for the whole site in front, as
// lostkey does.
//
// Needs Redis 5 or later, whose scripts may read the clock and then write. Run
// against Redis 7.0; Valkey and Redis Cluster were not tried. The script
// touches a single key, which is what a cluster asks of it.
package redislimit
