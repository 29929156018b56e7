package token_test

import (
	"encoding/base64"
	"regexp"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

func TestTokensAreShort(t *testing.T) {
	t.Parallel()
	alphabet := regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
	cfg := config(t) // the key id has 7 characters
	cfg.Purposes = map[token.Purpose]token.Lifetime{token.Purpose(repeat("p", 32)): {Default: time.Hour}}
	s := newSigner(t, cfg)
	lengthOf := func(s *token.Signer, purpose token.Purpose, id string) int {
		state := ann()
		state.UserID = id
		raw := issue(t, s, purpose, state, 0).Reveal()
		require.Regexp(t, alphabet, raw)
		_, err := s.Verify(t.Context(), raw, purpose, tableOf(state).load)
		require.NoError(t, err)
		return len(raw)
	}
	require.LessOrEqual(t, lengthOf(s, token.Reset, ann().UserID), 260)
	require.LessOrEqual(t, lengthOf(s, token.Invite, ann().UserID), 260)
	require.LessOrEqual(t, lengthOf(s, token.Reset, "123456"), 220)
	require.LessOrEqual(t, lengthOf(s, token.Invite, "123456"), 220)
	require.Less(t, lengthOf(s, token.Invite, repeat("a", 200)), 512)
	// The most that Issue makes must pass the cap of Verify.
	cfg.Keys = newRing(t, newKey(t, repeat("k", 32), secretOf(1)))
	s = newSigner(t, cfg)
	longest := token.Purpose(repeat("p", 32))
	require.Less(t, lengthOf(s, longest, repeat(`"`, 255)), 1000)
	require.Less(t, lengthOf(s, longest, repeat("\u2028", 85)), 1000)
}

// The states with keys in them belong to the Signer: with it they go.
func TestNoKeyedStateOutlivesItsSigner(t *testing.T) {
	collected := make(chan struct{})
	func() {
		s := newSigner(t, config(t))
		raw := issue(t, s, token.Reset, ann(), 0).Reveal()
		_, err := s.Verify(t.Context(), raw, token.Reset, tableOf(ann()).load)
		require.NoError(t, err)
		s.AddKeyCleanup(token.Reset, func() { close(collected) })
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
	for _, hash := range []string{state.PasswordHash.Reveal(), repeat("h", 400), repeat("h", 1000), repeat("h", 4096)} {
		state.PasswordHash = token.Hide(hash)
		raw := issue(t, s, token.Reset, state, 0).Reveal()
		_, err := s.Verify(t.Context(), raw, token.Reset, tableOf(state).load)
		require.NoError(t, err)
		left := s.Pooled(token.Reset)
		require.Equal(t, make([]byte, len(left)), left)
	}
}

func TestTokenIDSaysNothingOfTheText(t *testing.T) {
	t.Parallel()
	issued := issue(t, newSigner(t, config(t)), token.Reset, ann(), 0)
	require.Len(t, issued.ID(), 12)
	require.NotContains(t, issued.Reveal(), issued.ID())
	id, err := base64.RawURLEncoding.DecodeString(issued.ID())
	require.NoError(t, err)
	_, _, signature := segments(issued.Reveal())
	require.NotContains(t, unb64(t, signature), string(id[:3]))
}
