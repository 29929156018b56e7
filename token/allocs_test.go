//go:build !race

// With the race detector sync.Pool drops states at random, so that counts of
// allocations say nothing.

package token_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

func TestAllocationsAreFew(t *testing.T) {
	s, state, ctx := newSigner(t, config(t)), ann(), t.Context()
	raw := issue(t, s, token.PurposeReset, state, 0).Reveal()
	load := tableOf(state).load

	require.LessOrEqual(t, testing.AllocsPerRun(500, func() {
		_, _ = s.Issue(token.PurposeReset, state, 0)
	}), 3.0)
	require.LessOrEqual(t, testing.AllocsPerRun(500, func() {
		_, _ = s.Verify(ctx, raw, token.PurposeReset, load)
	}), 4.0)
}

// What nobody with a key has made costs no garbage, at any size.
func TestJunkAllocatesNothing(t *testing.T) {
	v, s, ctx := victimOf(t), newSigner(t, config(t)), t.Context()
	load := tableOf(v.state).load
	for name, raw := range map[string]string{
		"empty":          "",
		"1 KB":           repeat("A", 1024),
		"1 KB of dots":   repeat(".", 1024),
		"2 KB":           repeat("A", 2048),
		"1 MB":           repeat("A", 1<<20),
		"1 MB of dots":   repeat(".", 1<<20),
		"1 MB behind":    v.raw + repeat("A", 1<<20),
		"unknown header": b64(`{"alg":"none"}`) + v.raw[len(v.header):],
		"bad MAC":        withSegment(v, 2, repeat("A", 43)),
		"bad base64":     withSegment(v, 2, repeat("*", 43)),
	} {
		require.Zero(t, testing.AllocsPerRun(200, func() {
			_, _ = s.Verify(ctx, raw, token.PurposeReset, load)
		}), name)
	}

	// The largest payload that fits under the cap, with a header of ours.
	filling := repeat("A", 1024-len(v.header)-45)
	big := v.header + "." + filling + "." + repeat("A", 43)
	require.Len(t, big, 1024)
	require.LessOrEqual(t, testing.AllocsPerRun(200, func() {
		_, _ = s.Verify(ctx, big, token.PurposeReset, load)
	}), 2.0)
}
