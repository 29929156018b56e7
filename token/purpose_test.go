package token_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

// place is where a token is issued or verified.
type place struct {
	site    string
	secret  byte
	purpose token.Purpose
}

func (p place) signer(t *testing.T) *token.Signer {
	t.Helper()
	return newSignerWith(t, func(cfg *token.Config) {
		cfg.Site = p.site
		cfg.Keys = newRing(t, newKey(t, keyID, secretOf(p.secret)))
		cfg.Purposes = own("email-confirm", "email-change", "email", "email-")
	})
}

func places() []place {
	var all []place
	for _, site := range []string{
		site, staging, "http://app.example", site + "/reset",
	} {
		for _, secret := range []byte{1, 2} {
			for _, purpose := range []token.Purpose{
				token.PurposeReset, token.PurposeInvite, "email-confirm",
				"email-change",
				"email", "email-",
			} {
				all = append(all, place{site, secret, purpose})
			}
		}
	}
	return all
}

// Every pair of purpose, site and secret, also where only one of them differs:
// a token opens where it was made and nowhere else.
//
//lostkey:covers ASVS-9.2.2 ASVS-9.2.3 ASVS-9.2.4 RFC8725-3.8 RFC8725-3.9 RFC8725-3.12
func TestNoPurposeSiteOrEnvironmentTakesAnothersTokens(t *testing.T) {
	t.Parallel()

	signers := map[place]*token.Signer{}
	for _, p := range places() {
		signers[p] = p.signer(t)
	}

	for _, from := range places() {
		raw := issue(t, signers[from], from.purpose, ann(), time.Hour).Reveal()
		for _, to := range places() {
			users := tableOf(ann())
			claims, err := signers[to].Verify(t.Context(), raw, to.purpose,
				users.load)
			if from == to {
				require.NoError(t, err)
				continue
			}
			want := token.ReasonSignature
			if from.purpose != to.purpose {
				want = token.ReasonWrongPurpose
			}
			requireRejected(t, want, claims, err)
			require.Zero(t, users.loads.Load())
		}
	}
}

// The purpose is in the key, not only in the header. With the header of one
// purpose the MAC of another is still wrong. It is in the fingerprint too, so
// that a purpose's fingerprint is of no use under another.
//
//lostkey:covers ASVS-9.2.2 RFC8725-3.11
func TestAPurposeIsMoreThanItsHeader(t *testing.T) {
	t.Parallel()
	s, v := newSigner(t, config(t)), victimOf(t)
	header := headerOf(keyID, token.PurposeInvite)
	inviteKey := macKeyOf(t, v.secret, site, token.PurposeInvite)

	raw := seal(v.key, header, v.claims())
	claims, err := verify(t, s, raw, token.PurposeInvite, v.state)
	requireRejected(t, token.ReasonSignature, claims, err)

	raw = seal(inviteKey, header, v.claims())
	claims, err = verify(t, s, raw, token.PurposeInvite, v.state)
	requireRejected(t, token.ReasonStale, claims, err)
}

// The stamp binds to the new address, and Email to the present one: changing
// the address in between ends the link.
func TestPurposesOfOnesOwn(t *testing.T) {
	t.Parallel()

	const change token.Purpose = "email-change"
	s := newSignerWith(t, func(cfg *token.Config) {
		cfg.Purposes = map[token.Purpose]token.Lifetime{
			change: {Default: 30 * time.Minute, Max: 2 * time.Hour},
		}
	})
	state := annWith(func(s *token.State) {
		s.PasswordHash = token.Hide("") // signs in elsewhere
		s.Stamp = token.Hide("new@example.org")
	})

	issued := issue(t, s, change, state, 0)
	require.Equal(t, issuedAt().Add(30*time.Minute).UTC(), issued.ExpiresAt())
	claims, err := verify(t, s, issued.Reveal(), change, state)
	require.NoError(t, err)
	require.Equal(t, change, claims.Purpose)

	state.Email = token.Hide("mallory@example.org")
	claims, err = verify(t, s, issued.Reveal(), change, state)
	requireRejected(t, token.ReasonStale, claims, err)
}

// An account without a password has nothing to reset, also where a token for
// it was made by other means.
//
//lostkey:covers RFC8725-3.8
func TestVerifyNeverResetsAnAccountWithoutAPassword(t *testing.T) {
	t.Parallel()
	v, s := victimOf(t), newSigner(t, config(t))
	state := annWith(func(s *token.State) { s.PasswordHash = token.Hide("") })
	fp := fingerprintOf(t, v.secret, site, token.PurposeReset, state)
	raw := v.sealed(v.claimsWith(v.exp, v.iat, fp, state.UserID))
	claims, err := verify(t, s, raw, token.PurposeReset, state)
	requireRejected(t, token.ReasonStale, claims, err)
}
