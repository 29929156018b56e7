// Package ratelimit is an in-process rate limiter for keys that strangers
// choose, such as client addresses, mail addresses and user ids.
//
// [New] makes a [Limiter], and [Limiter.Allow] charges one event to one key.
// The algorithm is GCRA. Concurrent calls never admit more than the rates
// allow. Nothing is shared between processes or kept over a restart, so n
// processes admit n times as much.
//
// # Security
//
// Memory is fixed when the limiter is made. The default of 16 MiB holds
// 1,000,000 keys at once under one rate.
//
// A charged key is never forgotten to make room for another, so a flood of
// invented keys cannot free a throttled one. When the table is full, new keys
// are refused until an old one has earned everything back. Put a limit with few
// keys (all events, client networks) in front of one whose keys cost nothing to
// invent (mail addresses).
//
// Keys are kept as hashes under a random seed, never as text. Two keys that
// collide share one allowance, so too much may be refused and never admitted.
// With 1,000,000 keys that happens to a new one about once in 200 million.
package ratelimit
