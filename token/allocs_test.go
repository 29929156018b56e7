//go:build !race

// With the race detector sync.Pool drops states at random, so that counts of
// allocations say nothing.

package token_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

func TestAllocationsAreFew(t *testing.T) {
	s, state, ctx := newSigner(t, config(t)), ann(), t.Context()
	raw := issue(t, s, token.Reset, state, 0).Reveal()
	load := func(context.Context, string) (token.State, error) { return state, nil }
	require.LessOrEqual(t, testing.AllocsPerRun(500, func() { _, _ = s.Issue(token.Reset, state, 0) }), 6.0)
	require.LessOrEqual(t, testing.AllocsPerRun(500, func() { _, _ = s.Verify(ctx, raw, token.Reset, load) }), 6.0)
}

// Whatever nobody with a key has made costs no garbage, at any size.
func TestJunkAllocatesNothing(t *testing.T) {
	v, s, ctx := victimOf(t), newSigner(t, config(t)), t.Context()
	load := tableOf(v.state).load
	for name, raw := range map[string]string{
		"empty": "", "1 KB": repeat("A", 1024), "1 KB of dots": repeat(".", 1024), "2 KB": repeat("A", 2048), "1 MB": repeat("A", 1<<20), "1 MB of dots": repeat(".", 1<<20),
		"1 MB behind a good token": v.raw + repeat("A", 1<<20), "unknown header": b64(`{"alg":"none"}`) + "." + v.payload + "." + v.signature,
		"bad MAC": v.header + "." + v.payload + "." + repeat("A", 43), "bad base64": v.header + "." + v.payload + "." + repeat("*", 43),
	} {
		require.Zero(t, testing.AllocsPerRun(200, func() { _, _ = s.Verify(ctx, raw, token.Reset, load) }), name)
	}
	// The largest payload that fits under the cap, with a header of ours.
	big := v.header + "." + repeat("A", 1024-len(v.header)-45) + "." + repeat("A", 43)
	require.LessOrEqual(t, testing.AllocsPerRun(200, func() { _, _ = s.Verify(ctx, big, token.Reset, load) }), 2.0)
}
