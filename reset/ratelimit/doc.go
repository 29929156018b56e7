// Package ratelimit is an in-process rate limiter for keys that strangers
// choose, such as client addresses, mail addresses and user ids.
//
// [New] makes a [Limiter], and [Limiter.Allow] charges one event to one key.
// The algorithm is GCRA: a key may do Burst events at once and earns one back
// every Every. [Limiter.Refund] takes back the charge of an event that did not
// happen.
//
// The limiter shares nothing between processes, so n processes admit n times as
// much, and it keeps nothing over a restart.
//
// # Security
//
// Memory is fixed when the limiter is made, whatever keys arrive: 16 MiB unless
// configured, which holds 1,000,000 keys at once under one rate.
//
// A key under a limit is never forgotten to make room for another. A flood of
// invented keys therefore cannot free a throttled one, as it can wherever the
// least recently used key is evicted. When the table is full of live keys,
// newcomers are refused until a key has expired. A key is live from its first
// charge until it has earned everything back, which after a single event takes
// the longest Every. Put a limit with few keys (all events, client networks) in
// front of one whose keys cost nothing to invent (mail addresses).
//
// Keys are kept as a 32-bit fingerprint and a position under a hash seeded at
// random in each Limiter, never as text. A stranger cannot work out keys that
// collide, and a heap dump shows no address. Two keys that do collide share one
// allowance, so too much may be refused and never admitted. With 1,000,000 live
// keys that happens to a new key about once in 200 million.
//
// Concurrent calls never admit more than the rates allow.
package ratelimit
