package token_test

import (
	"encoding/base64"
	"regexp"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

func TestTokensAreShort(t *testing.T) {
	t.Parallel()

	longest := token.Purpose(repeat("p", 32))
	cfg := config(t) // the key id has 7 characters
	cfg.Purposes = own(longest)
	s := newSigner(t, cfg)
	uuid := ann().UserID
	require.LessOrEqual(t, lengthOf(t, s, token.PurposeReset, uuid), 260)
	require.LessOrEqual(t, lengthOf(t, s, token.PurposeInvite, uuid), 260)
	require.LessOrEqual(t, lengthOf(t, s, token.PurposeReset, "123456"), 220)
	require.LessOrEqual(t, lengthOf(t, s, token.PurposeInvite, "123456"), 220)
	require.Less(t, lengthOf(t, s, token.PurposeInvite, repeat("a", 200)), 512)

	// The longest that Issue makes must pass the cap of Verify.
	cfg.Keys = newRing(t, newKey(t, repeat("k", 32), secretOf(1)))
	s = newSigner(t, cfg)
	require.Less(t, lengthOf(t, s, longest, repeat(`"`, 255)), 1000)
	require.Less(t, lengthOf(t, s, longest, repeat("\u2028", 85)), 1000)
}

func lengthOf(
	t *testing.T, s *token.Signer, purpose token.Purpose, id string,
) int {
	t.Helper()
	state := annWith(func(s *token.State) { s.UserID = id })
	raw := issue(t, s, purpose, state, 0).Reveal()
	require.Regexp(t, regexp.MustCompile(`^[A-Za-z0-9_.-]+$`), raw)
	_, err := verify(t, s, raw, purpose, state)
	require.NoError(t, err)
	return len(raw)
}

// The states with keys in them belong to the Signer. They go with it.
func TestNoKeyedStateOutlivesItsSigner(t *testing.T) {
	collected := make(chan struct{})
	func() {
		s := newSigner(t, config(t))
		raw := issue(t, s, token.PurposeReset, ann(), 0).Reveal()
		_, err := verify(t, s, raw, token.PurposeReset, ann())
		require.NoError(t, err)
		s.AddKeyCleanup(token.PurposeReset, func() { close(collected) })
	}()

	for {
		runtime.GC()
		select {
		case <-collected:
			return
		case <-t.Context().Done():
			t.Fatal("a keyed state is still referenced")
		default:
		}
	}
}

// A state that waits for the next token holds nothing of the last one.
func TestPooledStatesAreWiped(t *testing.T) {
	s, state := newSigner(t, config(t)), ann()
	for _, hash := range []string{
		state.PasswordHash.Reveal(),
		repeat("h", 400), repeat("h", 1000), repeat("h", 4096),
	} {
		state.PasswordHash = token.Hide(hash)
		raw := issue(t, s, token.PurposeReset, state, 0).Reveal()
		_, err := verify(t, s, raw, token.PurposeReset, state)
		require.NoError(t, err)
		rest := s.Pooled(token.PurposeReset)
		require.Equal(t, make([]byte, len(rest)), rest)
	}
}

//lostkey:covers FP-CS-7
func TestTokenIDSaysNothingOfTheText(t *testing.T) {
	t.Parallel()
	issued := issue(t, newSigner(t, config(t)), token.PurposeReset, ann(), 0)
	require.Len(t, issued.ID(), 12)
	require.NotContains(t, issued.Reveal(), issued.ID())

	id, err := base64.RawURLEncoding.DecodeString(issued.ID())
	require.NoError(t, err)
	_, _, signature := segments(issued.Reveal())
	require.NotContains(t, unb64(t, signature), string(id[:3]))
}
