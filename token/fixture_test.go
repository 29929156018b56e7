package token_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

// The fixture is one site with one key, a clock that stands still, and one
// user, Ann. Tests change the part that they are about.

const (
	site  = "https://app.example"
	keyID = "2026-11"
)

// secretOf returns a fixed secret. Its bytes are counted up by a step that
// depends on the position, because ParseKeys refuses simpler patterns.
func secretOf(seed byte) []byte {
	secret := make([]byte, 32)
	for i := range secret {
		secret[i] = seed + byte(i*i*7+i*13)
	}
	return secret
}

// issuedAt is 2026-11-21T03:00:00Z.
func issuedAt() time.Time { return time.Unix(1795230000, 0) }

// config returns the usual configuration.
func config(tb testing.TB) token.Config {
	tb.Helper()
	return token.Config{
		Site: site,
		Keys: newRing(tb, newKey(tb, keyID, secretOf(1))),
		Now:  issuedAt,
	}
}

// own returns purposes of the host's, all with a lifetime of an hour.
func own(purposes ...token.Purpose) map[token.Purpose]token.Lifetime {
	all := map[token.Purpose]token.Lifetime{}
	for _, purpose := range purposes {
		all[purpose] = token.Lifetime{Default: time.Hour}
	}
	return all
}

// keyText returns a key as it stands in the text of a ring.
func keyText(id string, secret []byte) string {
	return id + ":" + base64.StdEncoding.EncodeToString(secret)
}

// newKey returns a ring of one key.
func newKey(tb testing.TB, id string, secret []byte) token.Keys {
	tb.Helper()
	ring, err := token.ParseKeys(keyText(id, secret))
	require.NoError(tb, err)
	return ring
}

// newRing returns the keys of several rings in one. The first signs.
func newRing(tb testing.TB, rings ...token.Keys) token.Keys {
	tb.Helper()
	texts := make([]string, len(rings))
	for i, ring := range rings {
		texts[i] = ring.Reveal()
	}

	ring, err := token.ParseKeys(strings.Join(texts, ","))
	require.NoError(tb, err)
	return ring
}

func newSigner(tb testing.TB, cfg token.Config) *token.Signer {
	tb.Helper()
	s, err := token.New(cfg)
	require.NoError(tb, err)
	return s
}

// newSignerWith returns a Signer with the usual configuration, changed.
func newSignerWith(
	tb testing.TB, change func(*token.Config),
) *token.Signer {
	tb.Helper()
	cfg := config(tb)
	change(&cfg)
	return newSigner(tb, cfg)
}

// newSignerAt returns a Signer whose clock shows now.
func newSignerAt(tb testing.TB, now time.Time) *token.Signer {
	tb.Helper()
	return newSignerWith(tb, func(cfg *token.Config) {
		cfg.Now = func() time.Time { return now }
	})
}

func ann() token.State {
	return token.State{
		UserID: "5f0c9a3e-94c7-4c3a-8f0e-0a54d2b6b3a1",
		PasswordHash: token.Hide("$argon2id$v=19$m=19456,t=2,p=1" +
			"$c29tZXNhbHRzb21lc2FsdA" +
			"$QmFzZTY0T2ZUaGVUYWdPZjMyQnl0ZXNGb3JBbGxPZlVz"),
		Email: token.Hide("ann@example.org"),
	}
}

// annWith returns Ann's state, changed.
func annWith(change func(*token.State)) token.State {
	state := ann()
	change(&state)
	return state
}

func issue(
	tb testing.TB, s *token.Signer, purpose token.Purpose, state token.State,
	lifetime time.Duration,
) token.Token {
	tb.Helper()
	issued, err := s.Issue(purpose, state, lifetime)
	require.NoError(tb, err)
	return issued
}

// verify verifies raw while state is the only row of the users table.
func verify(
	tb testing.TB, s *token.Signer, raw string, purpose token.Purpose,
	state token.State,
) (token.Claims, error) {
	tb.Helper()
	return s.Verify(tb.Context(), raw, purpose, tableOf(state).load)
}

// table is a users table that counts how often it is asked.
type table struct {
	rows  map[string]token.State
	loads atomic.Int64
}

func tableOf(states ...token.State) *table {
	users := &table{rows: map[string]token.State{}}
	for _, state := range states {
		users.rows[state.UserID] = state
	}
	return users
}

func (u *table) load(_ context.Context, id string) (token.State, error) {
	u.loads.Add(1)
	state, ok := u.rows[id]
	if !ok {
		return token.State{}, token.ErrUnknownUser
	}
	return state, nil
}

// requireRejected asserts all that a rejection promises.
func requireRejected(
	tb testing.TB, want token.Reason, claims token.Claims, err error,
) {
	tb.Helper()
	require.ErrorIs(tb, err, token.ErrRejected)
	require.EqualError(tb, err, token.ErrRejected.Error())
	require.Zero(tb, claims)

	var rejected *token.RejectedError
	require.ErrorAs(tb, err, &rejected)
	require.Equal(tb, want, rejected.Reason)

	switch want {
	case token.ReasonMalformed, token.ReasonUnknownKey,
		token.ReasonWrongPurpose, token.ReasonSignature:
		require.Empty(tb, rejected.UserID, "used before the MAC was good")
		require.Empty(tb, rejected.TokenID)
	}
}

func b64(s string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(s))
}

func unb64(tb testing.TB, s string) string {
	tb.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(s)
	require.NoError(tb, err)
	return string(raw)
}

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	raw, err := hex.DecodeString(s)
	require.NoError(tb, err)
	return raw
}

func repeat(s string, n int) string { return strings.Repeat(s, n) }
