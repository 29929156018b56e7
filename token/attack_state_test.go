package token_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/token"
)

// contextAttacks are good tokens, of somewhere else.
func contextAttacks(tb testing.TB, v victim) []attack {
	tb.Helper()
	var all []attack
	add := func(want token.Reason, name, raw string) {
		all = append(all, attack{family: "context", name: name, raw: raw, want: want})
	}
	from := func(change func(*token.Config)) *token.Signer {
		cfg := config(tb)
		change(&cfg)
		return newSigner(tb, cfg)
	}
	add(token.ReasonWrongPurpose, "purpose invite", issue(tb, from(func(*token.Config) {}), token.Invite, v.state, time.Hour).Reveal())
	for _, own := range []token.Purpose{"email-change", "email-confirm", "session", "reset2", "rese", "r"} {
		signer := from(func(cfg *token.Config) { cfg.Purposes = map[token.Purpose]token.Lifetime{own: {Default: time.Hour}} })
		add(token.ReasonUnknownKey, "purpose "+string(own)+", not known here", issue(tb, signer, own, v.state, time.Hour).Reveal())
	}
	for _, other := range []string{
		"https://staging.app.example", "https://app.example.org", "https://app.example:8443", "http://app.example", "https://app.example/tenant", "https://app.exampl", "https://www.app.example",
	} {
		signer := from(func(cfg *token.Config) { cfg.Site = other })
		add(token.ReasonSignature, "site "+other, issue(tb, signer, token.Reset, v.state, time.Hour).Reveal())
	}
	for _, other := range []struct {
		name string
		key  token.Key
		want token.Reason
	}{
		{"retired key", newKey(tb, "2025-01", secretOf(9)), token.ReasonUnknownKey},
		{"our secret under another id", newKey(tb, "2025-01", secretOf(1)), token.ReasonUnknownKey},
		{"another secret under our id", newKey(tb, keyID, secretOf(9)), token.ReasonSignature},
		{"id in another case", newKey(tb, "2026-11A", secretOf(1)), token.ReasonUnknownKey},
	} {
		signer := from(func(cfg *token.Config) { cfg.Keys = newRing(tb, other.key) })
		add(other.want, other.name, issue(tb, signer, token.Reset, v.state, time.Hour).Reveal())
	}
	// Pieces of two good tokens for the same user.
	later := issue(tb, from(func(*token.Config) {}), token.Reset, v.state, 2*time.Hour).Reveal()
	h, p, s := segments(later)
	add(token.ReasonSignature, "signature of another good token", v.header+"."+v.payload+"."+s)
	add(token.ReasonSignature, "payload of another good token", v.header+"."+p+"."+v.signature)
	invite := issue(tb, from(func(*token.Config) {}), token.Invite, v.state, time.Hour).Reveal()
	_, p, s = segments(invite)
	add(token.ReasonSignature, "payload and signature of an invitation", h+"."+p+"."+s)
	bob := v.state
	bob.UserID = "b0b00000-0000-4000-8000-000000000000"
	_, p, _ = segments(issue(tb, from(func(*token.Config) {}), token.Reset, bob, time.Hour).Reveal())
	add(token.ReasonSignature, "payload of another user", v.header+"."+p+"."+v.signature)
	return all
}

// stateAttacks are replays of the good token after its user's row has changed,
// and tokens that were well signed over another state.
func stateAttacks(tb testing.TB, v victim) []attack {
	tb.Helper()
	var all []attack
	now := func(name string, want token.Reason, change func(*token.State)) {
		state := v.state
		change(&state)
		all = append(all, attack{family: "state", name: name, raw: v.raw, want: want, now: &state})
	}
	stale := func(name string, change func(*token.State)) { now(name, token.ReasonStale, change) }
	stale("password changed", func(s *token.State) { s.PasswordHash = token.Hide("$argon2id$v=19$m=19456,t=2,p=1$b3RoZXI$b3RoZXI") })
	stale("password hashed again, last character differs", func(s *token.State) {
		s.PasswordHash = token.Hide(s.PasswordHash.Reveal()[:len(s.PasswordHash.Reveal())-1] + "A")
	})
	stale("hash upgraded at sign-in", func(s *token.State) { s.PasswordHash = token.Hide("$argon2id$v=19$m=47104,t=1,p=1$x$y") })
	stale("hash removed", func(s *token.State) { s.PasswordHash = token.Hide("") })
	stale("hash locked with a mark in front", func(s *token.State) { s.PasswordHash = token.Hide("!" + s.PasswordHash.Reveal()) })
	stale("hash made unusable", func(s *token.State) { s.PasswordHash = token.Hide("!") })
	stale("hash with a space behind", func(s *token.State) { s.PasswordHash = token.Hide(s.PasswordHash.Reveal() + " ") })
	stale("hash with NUL behind", func(s *token.State) { s.PasswordHash = token.Hide(s.PasswordHash.Reveal() + "\x00") })
	stale("hash cut by a narrow column", func(s *token.State) { s.PasswordHash = token.Hide(s.PasswordHash.Reveal()[:60]) })
	stale("hash in upper case", func(s *token.State) { s.PasswordHash = token.Hide(strings.ToUpper(s.PasswordHash.Reveal())) })
	stale("hash of 4,097 bytes", func(s *token.State) { s.PasswordHash = token.Hide(repeat("x", 4097)) })
	stale("address changed", func(s *token.State) { s.Email = token.Hide("ann@example.net") })
	stale("address in another case", func(s *token.State) { s.Email = token.Hide("Ann@example.org") })
	stale("address with an accent", func(s *token.State) { s.Email = token.Hide("änn@example.org") })
	stale("address with a space behind", func(s *token.State) { s.Email = token.Hide(s.Email.Reveal() + " ") })
	stale("address removed", func(s *token.State) { s.Email = token.Hide("") })
	stale("stamp set", func(s *token.State) { s.Stamp = token.Hide("1") })
	stale("stamp is a space", func(s *token.State) { s.Stamp = token.Hide(" ") })
	stale("address moved to the stamp", func(s *token.State) { s.Email, s.Stamp = token.Hide(""), s.Email })
	stale("hash and address exchanged", func(s *token.State) { s.PasswordHash, s.Email = s.Email, s.PasswordHash })
	stale("end of the hash moved to the address", func(s *token.State) {
		cut := len(s.PasswordHash.Reveal()) - 4
		s.PasswordHash, s.Email = token.Hide(s.PasswordHash.Reveal()[:cut]), token.Hide(s.PasswordHash.Reveal()[cut:]+s.Email.Reveal())
	})
	stale("end of the address moved to the stamp", func(s *token.State) {
		s.Email, s.Stamp = token.Hide(s.Email.Reveal()[:5]), token.Hide(s.Email.Reveal()[5:])
	})
	unknown := func(name string, change func(*token.State)) { now(name, token.ReasonUnknownUser, change) }
	unknown("user deleted", func(s *token.State) { *s = token.State{} })
	unknown("another user's row", func(s *token.State) { s.UserID = "b0b00000-0000-4000-8000-000000000000" })
	unknown("id in upper case", func(s *token.State) { s.UserID = strings.ToUpper(s.UserID) })
	unknown("id with a space behind", func(s *token.State) { s.UserID += " " })
	unknown("id without its last character", func(s *token.State) { s.UserID = s.UserID[:len(s.UserID)-1] })
	for _, fp := range []struct{ name, text string }{
		{"fingerprint of zeros", repeat("A", 22)},
		{"fingerprint of ones", repeat("_", 21) + "w"},
		{"fingerprint in another case", strings.ToLower(v.fingerprint[:21]) + v.fingerprint[21:]},
		{"fingerprint of another purpose", fingerprintOf(tb, v.secret, site, token.Invite, v.state)},
		{"fingerprint of another site", fingerprintOf(tb, v.secret, "https://staging.app.example", token.Reset, v.state)},
		{"fingerprint with another key", fingerprintOf(tb, secretOf(9), site, token.Reset, v.state)},
	} {
		all = append(all, attack{family: "state", name: fp.name, raw: v.sealed(v.claimsWith(v.exp, v.iat, fp.text, v.state.UserID)), want: token.ReasonStale})
	}
	other := v.claimsWith(v.exp, v.iat, v.fingerprint, "nobody")
	return append(all, attack{family: "state", name: "our fingerprint, another user", raw: v.sealed(other), want: token.ReasonUnknownUser})
}
