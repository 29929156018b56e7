package token_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

func fingerprintIn(t *testing.T, raw string) string {
	t.Helper()
	_, payload, _ := segments(raw)
	var claims struct{ Fp string }
	require.NoError(t, json.Unmarshal([]byte(unb64(t, payload)), &claims))
	return claims.Fp
}

// Whatever is moved, cut or joined between the fields gives another
// fingerprint: the encoding is injective.
func TestFingerprintsOfDifferentStatesDiffer(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	cfg.Purposes = map[token.Purpose]token.Lifetime{"invite2": {Default: time.Hour}}
	s := newSigner(t, cfg)
	seen := map[string]token.State{}
	parts := []string{"", "1", "12", "123", "\x00", "\x00\x00\x00\x01", "1\x00\x00\x00\x01", "\x00\x00\x00\x011", repeat("1", 507), repeat("1", 508), repeat("1", 512), repeat("1", 513)}
	for _, id := range []string{"1", "12", "123", "1234"} {
		for _, hash := range parts {
			for _, addr := range parts {
				for _, stamp := range parts {
					state := token.State{UserID: id, PasswordHash: token.Hide(hash), Email: token.Hide(addr), Stamp: token.Hide(stamp)}
					for _, purpose := range []token.Purpose{token.Invite, "invite2"} {
						fp := fingerprintIn(t, issue(t, s, purpose, state, time.Hour).Reveal())
						require.Len(t, fp, 22, "128 bits")
						if twin, ok := seen[fp]; ok {
							t.Fatalf("%+q and %+q have one fingerprint", twin.PasswordHash.Reveal()+"|"+twin.Email.Reveal(), hash+"|"+addr)
						}
						seen[fp] = state
					}
				}
			}
		}
	}
	require.Len(t, seen, 4*len(parts)*len(parts)*len(parts)*2)
}

// Without the key the fingerprint says nothing of the hash: whoever knows the
// state still cannot compute it, so that a link is no oracle for guesses.
func TestFingerprintIsKeyed(t *testing.T) {
	t.Parallel()
	state := ann()
	seen := map[string]bool{}
	for seed := range byte(50) {
		cfg := config(t)
		cfg.Keys = newRing(t, newKey(t, keyID, secretOf(seed)))
		seen[fingerprintIn(t, issue(t, newSigner(t, cfg), token.Reset, state, 0).Reveal())] = true
	}
	require.Len(t, seen, 50)
}

// A new hash of the same password has a new salt, so the link dies all the same.
func TestATokenDiesWithThePasswordEvenIfTheNewOneIsTheSame(t *testing.T) {
	t.Parallel()
	s, before := newSigner(t, config(t)), ann()
	raw := issue(t, s, token.Reset, before, 0).Reveal()
	after := before
	after.PasswordHash = token.Hide(strings.Replace(before.PasswordHash.Reveal(), "c29tZXNhbHRzb21lc2FsdA", "YW5vdGhlcnNhbHRhbm90aA", 1))
	require.NotEqual(t, before.PasswordHash.Reveal(), after.PasswordHash.Reveal())
	claims, err := s.Verify(t.Context(), raw, token.Reset, tableOf(after).load)
	requireRejected(t, token.ReasonStale, claims, err)
}

func TestAnIDThatIsGivenToANewUserDoesNotRevive(t *testing.T) {
	t.Parallel()
	s := newSigner(t, config(t))
	first := token.State{UserID: "7", PasswordHash: token.Hide("$2b$10$one"), Email: token.Hide("one@example.org")}
	second := token.State{UserID: "7", PasswordHash: token.Hide("$2b$10$two"), Email: token.Hide("two@example.org")}
	raw := issue(t, s, token.Reset, first, 0).Reveal()
	claims, err := s.Verify(t.Context(), raw, token.Reset, tableOf(second).load)
	requireRejected(t, token.ReasonStale, claims, err)
}

// The limits that the documentation admits, and what the stamp does about them.
func TestSeveralLinksLiveAtOnceUnlessStamped(t *testing.T) {
	t.Parallel()
	now := issuedAt()
	cfg := config(t)
	cfg.Now = func() time.Time { return now }
	s, state := newSigner(t, cfg), ann()
	first := issue(t, s, token.Reset, state, 0)
	require.Equal(t, first.Reveal(), issue(t, s, token.Reset, state, 0).Reveal(), "in one second: the same token")
	now = now.Add(time.Second)
	second := issue(t, s, token.Reset, state, 0)
	require.NotEqual(t, first.ID(), second.ID())
	for _, raw := range []token.Token{first, second} {
		_, err := s.Verify(t.Context(), raw.Reveal(), token.Reset, tableOf(state).load)
		require.NoError(t, err)
	}

	state.Stamp = token.Hide("1")
	first = issue(t, s, token.Reset, state, 0)
	state.Stamp = token.Hide("2") // raised with each request: only the newest link is good
	second = issue(t, s, token.Reset, state, 0)
	claims, err := s.Verify(t.Context(), first.Reveal(), token.Reset, tableOf(state).load)
	requireRejected(t, token.ReasonStale, claims, err)
	_, err = s.Verify(t.Context(), second.Reveal(), token.Reset, tableOf(state).load)
	require.NoError(t, err)
}

func TestARestoredBackupRevivesLinksThatHaveNotExpired(t *testing.T) {
	t.Parallel()
	s, backup := newSigner(t, config(t)), ann()
	raw := issue(t, s, token.Reset, backup, 0).Reveal()
	used := backup
	used.PasswordHash = token.Hide("$argon2id$new")
	claims, err := s.Verify(t.Context(), raw, token.Reset, tableOf(used).load)
	requireRejected(t, token.ReasonStale, claims, err)
	_, err = s.Verify(t.Context(), raw, token.Reset, tableOf(backup).load)
	require.NoError(t, err)
	cfg := config(t)
	cfg.Keys = newRing(t, newKey(t, "2026-12", secretOf(3))) // what the runbook says to do
	claims, err = newSigner(t, cfg).Verify(t.Context(), raw, token.Reset, tableOf(backup).load)
	requireRejected(t, token.ReasonUnknownKey, claims, err)
}
