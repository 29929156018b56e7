package token_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

// fingerprintIn returns the fingerprint that a token carries.
func fingerprintIn(t *testing.T, raw token.Token) string {
	t.Helper()
	_, payload, _ := segments(raw.Reveal())
	var claims struct{ Fp string }
	require.NoError(t, json.Unmarshal([]byte(unb64(t, payload)), &claims))
	return claims.Fp
}

// Whatever is moved, cut or joined between the fields gives another
// fingerprint: the encoding is injective.
//
//lostkey:covers ASVS-6.6.2 FP-CS-5
func TestFingerprintsOfDifferentStatesDiffer(t *testing.T) {
	t.Parallel()

	s := newSignerWith(t, func(cfg *token.Config) {
		cfg.Purposes = own("invite2")
	})
	parts := []string{
		"", "1", "12", "123", "\x00", "\x00\x00\x00\x01", "1\x00\x00\x00\x01",
		"\x00\x00\x00\x011", repeat("1", 507), repeat("1", 508),
		repeat("1", 512), repeat("1", 513),
	}
	seen := map[string]bool{}
	collect := func(state token.State) {
		for _, purpose := range []token.Purpose{token.PurposeInvite, "invite2"} {
			fp := fingerprintIn(t, issue(t, s, purpose, state, time.Hour))
			require.Len(t, fp, 22, "128 bits")
			require.False(t, seen[fp], "%q", stateText(purpose, state))
			seen[fp] = true
		}
	}

	for _, id := range []string{"1", "12", "123", "1234"} {
		for _, hash := range parts {
			for _, addr := range parts {
				for _, stamp := range parts {
					collect(token.State{
						UserID:       id,
						PasswordHash: token.Hide(hash),
						Email:        token.Hide(addr),
						Stamp:        token.Hide(stamp),
					})
				}
			}
		}
	}
	require.Len(t, seen, 4*len(parts)*len(parts)*len(parts)*2)
}

// Without the key the fingerprint says nothing of the hash: whoever knows the
// state still cannot compute it, so that a link is no oracle for guesses.
//
//lostkey:covers FP-CS-5 FP-CS-7
func TestFingerprintIsKeyed(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for seed := range byte(50) {
		s := newSignerWith(t, func(cfg *token.Config) {
			cfg.Keys = newRing(t, newKey(t, keyID, secretOf(seed)))
		})
		seen[fingerprintIn(t, issue(t, s, token.PurposeReset, ann(), 0))] = true
	}
	require.Len(t, seen, 50)
}

// A new hash of the same password has a new salt, so the link dies with it.
//
//lostkey:covers ASVS-6.5.1 CWE-294
func TestATokenDiesWithThePasswordEvenIfTheNewOneIsTheSame(t *testing.T) {
	t.Parallel()
	s, before := newSigner(t, config(t)), ann()
	raw := issue(t, s, token.PurposeReset, before, 0).Reveal()
	salted := strings.Replace(before.PasswordHash.Reveal(),
		"c29tZXNhbHRzb21lc2FsdA", "YW5vdGhlcnNhbHRhbm90aA", 1)
	require.NotEqual(t, before.PasswordHash.Reveal(), salted)

	after := annWith(func(s *token.State) {
		s.PasswordHash = token.Hide(salted)
	})
	claims, err := verify(t, s, raw, token.PurposeReset, after)
	requireRejected(t, token.ReasonStale, claims, err)
}

func TestAnIDThatIsGivenToANewUserDoesNotRevive(t *testing.T) {
	t.Parallel()
	s := newSigner(t, config(t))
	userSeven := func(name string) token.State {
		return token.State{
			UserID:       "7",
			PasswordHash: token.Hide("$2b$10$" + name),
			Email:        token.Hide(name + "@example.org"),
		}
	}
	raw := issue(t, s, token.PurposeReset, userSeven("one"), 0).Reveal()
	claims, err := verify(t, s, raw, token.PurposeReset, userSeven("two"))
	requireRejected(t, token.ReasonStale, claims, err)
}

// The limits that the documentation admits, and what the stamp does about them.
func TestSeveralLinksLiveAtOnceUnlessStamped(t *testing.T) {
	t.Parallel()

	now := issuedAt()
	s := newSignerWith(t, func(cfg *token.Config) {
		cfg.Now = func() time.Time { return now }
	})
	state := ann()
	first := issue(t, s, token.PurposeReset, state, 0)
	require.Equal(t, first.Reveal(),
		issue(t, s, token.PurposeReset, state, 0).Reveal(),
		"in one second: the same token")

	now = now.Add(time.Second)
	second := issue(t, s, token.PurposeReset, state, 0)
	require.NotEqual(t, first.ID(), second.ID())
	for _, raw := range []token.Token{first, second} {
		_, err := verify(t, s, raw.Reveal(), token.PurposeReset, state)
		require.NoError(t, err)
	}

	// Raised with each request: only the newest link is good.
	state.Stamp = token.Hide("1")
	first = issue(t, s, token.PurposeReset, state, 0)
	state.Stamp = token.Hide("2")
	second = issue(t, s, token.PurposeReset, state, 0)
	claims, err := verify(t, s, first.Reveal(), token.PurposeReset, state)
	requireRejected(t, token.ReasonStale, claims, err)
	_, err = verify(t, s, second.Reveal(), token.PurposeReset, state)
	require.NoError(t, err)
}

func TestARestoredBackupRevivesLinksThatHaveNotExpired(t *testing.T) {
	t.Parallel()

	s, backup := newSigner(t, config(t)), ann()
	raw := issue(t, s, token.PurposeReset, backup, 0).Reveal()
	used := annWith(func(s *token.State) { s.PasswordHash = token.Hide("new") })

	claims, err := verify(t, s, raw, token.PurposeReset, used)
	requireRejected(t, token.ReasonStale, claims, err)
	_, err = verify(t, s, raw, token.PurposeReset, backup)
	require.NoError(t, err)

	// What the documentation says to do.
	s = newSignerWith(t, func(cfg *token.Config) {
		cfg.Keys = newRing(t, newKey(t, "2026-12", secretOf(3)))
	})
	claims, err = verify(t, s, raw, token.PurposeReset, backup)
	requireRejected(t, token.ReasonUnknownKey, claims, err)
}
