package token_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

// Every pair of purpose, site and secret, also where only one of them differs:
// a token opens where it was made and nowhere else.
func TestNoPurposeSiteOrEnvironmentTakesAnothersTokens(t *testing.T) {
	t.Parallel()
	type place struct {
		site    string
		secret  byte
		purpose token.Purpose
	}
	var places []place
	own := []token.Purpose{token.Reset, token.Invite, "email-confirm", "email-change", "email", "email-"}
	for _, site := range []string{"https://app.example", "https://staging.app.example", "http://app.example", "https://app.example/reset"} {
		for _, secret := range []byte{1, 2} {
			for _, purpose := range own {
				places = append(places, place{site, secret, purpose})
			}
		}
	}
	signers := map[string]*token.Signer{}
	signerOf := func(p place) *token.Signer {
		name := fmt.Sprint(p.site, p.secret)
		if signers[name] == nil {
			cfg := config(t)
			cfg.Site, cfg.Keys, cfg.Purposes = p.site, newRing(t, newKey(t, keyID, secretOf(p.secret))), map[token.Purpose]token.Lifetime{}
			for _, purpose := range own[2:] {
				cfg.Purposes[purpose] = token.Lifetime{Default: time.Hour}
			}
			signers[name] = newSigner(t, cfg)
		}
		return signers[name]
	}
	for _, from := range places {
		raw := issue(t, signerOf(from), from.purpose, ann(), time.Hour).Reveal()
		for _, to := range places {
			users := tableOf(ann())
			claims, err := signerOf(to).Verify(t.Context(), raw, to.purpose, users.load)
			switch {
			case from == to:
				require.NoError(t, err)
			case from.purpose != to.purpose:
				requireRejected(t, token.ReasonWrongPurpose, claims, err)
				require.Zero(t, users.loads.Load())
			default:
				requireRejected(t, token.ReasonSignature, claims, err)
				require.Zero(t, users.loads.Load())
			}
		}
	}
}

// The purpose is in the key, not only in the header: with the header of one
// purpose the MAC of another is still wrong. And it is in the fingerprint, so
// that a purpose's fingerprint is of no use under another.
func TestAPurposeIsMoreThanItsHeader(t *testing.T) {
	t.Parallel()
	s, v := newSigner(t, config(t)), victimOf(t)
	inviteKey := macKeyOf(t, v.secret, site, token.Invite)
	claims, err := s.Verify(t.Context(), seal(v.key, headerOf(keyID, token.Invite), v.claims()), token.Invite, tableOf(v.state).load)
	requireRejected(t, token.ReasonSignature, claims, err)
	claims, err = s.Verify(t.Context(), seal(inviteKey, headerOf(keyID, token.Invite), v.claims()), token.Invite, tableOf(v.state).load)
	requireRejected(t, token.ReasonStale, claims, err)
}

func TestPurposesOfOnesOwn(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	cfg.Purposes = map[token.Purpose]token.Lifetime{"email-change": {Default: 30 * time.Minute, Max: 2 * time.Hour}}
	s := newSigner(t, cfg)
	// Bound to the new address by the stamp, and to the present one: changing
	// the address in between kills the link.
	state := ann()
	state.PasswordHash = token.Hide("") // signs in elsewhere
	state.Stamp = token.Hide("new@example.org")
	issued := issue(t, s, "email-change", state, 0)
	require.Equal(t, issuedAt().Add(30*time.Minute).UTC(), issued.ExpiresAt())
	claims, err := s.Verify(t.Context(), issued.Reveal(), "email-change", tableOf(state).load)
	require.NoError(t, err)
	require.Equal(t, token.Purpose("email-change"), claims.Purpose)
	state.Email = token.Hide("mallory@example.org")
	claims, err = s.Verify(t.Context(), issued.Reveal(), "email-change", tableOf(state).load)
	requireRejected(t, token.ReasonStale, claims, err)
}

// An account without a password has nothing to reset, also where a token for
// it was made by other means.
func TestVerifyNeverResetsAnAccountWithoutAPassword(t *testing.T) {
	t.Parallel()
	v := victimOf(t)
	state := v.state
	state.PasswordHash = token.Hide("")
	raw := v.sealed(v.claimsWith(v.exp, v.iat, fingerprintOf(t, v.secret, site, token.Reset, state), state.UserID))
	claims, err := newSigner(t, config(t)).Verify(t.Context(), raw, token.Reset, tableOf(state).load)
	requireRejected(t, token.ReasonStale, claims, err)
}
