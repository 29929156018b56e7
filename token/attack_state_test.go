package token_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/token"
)

const (
	staging = "https://staging.app.example"
	bobID   = "b0b00000-0000-4000-8000-000000000000"
)

// contextAttacks are good tokens, of somewhere else.
func contextAttacks(tb testing.TB, v victim) []attack {
	tb.Helper()
	f := family{name: "context"}
	f.add(token.ReasonWrongPurpose, "purpose invite",
		issue(tb, newSigner(tb, config(tb)), token.PurposeInvite, v.state,
			time.Hour).Reveal())
	for _, purpose := range []token.Purpose{
		"email-change", "email-confirm", "session", "reset2", "rese", "r",
	} {
		s := newSignerWith(tb, func(cfg *token.Config) {
			cfg.Purposes = own(purpose)
		})
		f.add(token.ReasonUnknownKey,
			"purpose "+string(purpose)+", not known here",
			issue(tb, s, purpose, v.state, time.Hour).Reveal())
	}

	for _, other := range []string{
		staging, "https://app.example.org", "https://app.example:8443",
		"http://app.example", "https://app.example/tenant",
		"https://app.exampl", "https://www.app.example",
	} {
		s := newSignerWith(tb, func(cfg *token.Config) { cfg.Site = other })
		f.add(token.ReasonSignature, "site "+other,
			issue(tb, s, token.PurposeReset, v.state, time.Hour).Reveal())
	}
	for _, other := range []struct {
		name string
		key  token.Keys
		want token.Reason
	}{
		{
			"retired key",
			newKey(tb, "2025-01", secretOf(9)), token.ReasonUnknownKey,
		},
		{
			"our secret under another id",
			newKey(tb, "2025-01", secretOf(1)), token.ReasonUnknownKey,
		},
		{
			"another secret under our id",
			newKey(tb, keyID, secretOf(9)), token.ReasonSignature,
		},
		{
			"id in another case",
			newKey(tb, "2026-11A", secretOf(1)), token.ReasonUnknownKey,
		},
	} {
		s := newSignerWith(tb, func(cfg *token.Config) {
			cfg.Keys = newRing(tb, other.key)
		})
		f.add(other.want, other.name,
			issue(tb, s, token.PurposeReset, v.state, time.Hour).Reveal())
	}
	mixedTokens(tb, &f, v)
	return f.attacks
}

// mixedTokens are made of pieces of two good tokens.
func mixedTokens(tb testing.TB, f *family, v victim) {
	tb.Helper()
	s := newSigner(tb, config(tb))
	bob := v.state
	bob.UserID = bobID

	later := issue(tb, s, token.PurposeReset, v.state, 2*time.Hour).Reveal()
	_, payload, signature := segments(later)
	f.add(token.ReasonSignature, "signature of another good token",
		v.header+"."+v.payload+"."+signature)
	f.add(token.ReasonSignature, "payload of another good token",
		v.header+"."+payload+"."+v.signature)

	invite := issue(tb, s, token.PurposeInvite, v.state, time.Hour).Reveal()
	_, payload, signature = segments(invite)
	f.add(token.ReasonSignature, "payload and signature of an invitation",
		v.header+"."+payload+"."+signature)

	bobs := issue(tb, s, token.PurposeReset, bob, time.Hour).Reveal()
	_, payload, _ = segments(bobs)
	f.add(token.ReasonSignature, "payload of another user",
		v.header+"."+payload+"."+v.signature)
}

// stateAttacks are replays of the good token after its user's row has changed,
// and tokens that were well signed over another state.
func stateAttacks(tb testing.TB, v victim) []attack {
	tb.Helper()
	f := family{name: "state"}
	replay := func(change rowChange, want token.Reason) {
		state := v.state
		change.apply(&state)
		f.add(want, change.name, v.raw)
		f.attacks[len(f.attacks)-1].now = &state
	}

	for _, change := range hashChanges() {
		replay(change, token.ReasonStale)
	}

	for _, change := range addressChanges() {
		replay(change, token.ReasonStale)
	}

	for _, change := range userChanges() {
		replay(change, token.ReasonUnknownUser)
	}

	fp, id := v.fingerprint, v.state.UserID
	for _, other := range []struct{ name, text string }{
		{"fingerprint of zeros", repeat("A", 22)},
		{"fingerprint of ones", repeat("_", 21) + "w"},
		{"fingerprint in another case", strings.ToLower(fp[:21]) + fp[21:]},
		{
			"fingerprint of another purpose",
			fingerprintOf(tb, v.secret, site, token.PurposeInvite, v.state),
		},
		{
			"fingerprint of another site",
			fingerprintOf(tb, v.secret, staging, token.PurposeReset, v.state),
		},
		{
			"fingerprint with another key",
			fingerprintOf(tb, secretOf(9), site, token.PurposeReset, v.state),
		},
	} {
		f.add(token.ReasonStale, other.name,
			v.sealed(v.claimsWith(v.exp, v.iat, other.text, id)))
	}
	f.add(token.ReasonUnknownUser, "our fingerprint, another user",
		v.sealed(v.claimsWith(v.exp, v.iat, fp, "nobody")))
	return f.attacks
}

// rowChange is what happens to a row of the users table.
type rowChange struct {
	name  string
	apply func(*token.State)
}

func hashChanges() []rowChange {
	to := func(name string, change func(string) string) rowChange {
		return rowChange{name, func(s *token.State) {
			s.PasswordHash = token.Hide(change(s.PasswordHash.Reveal()))
		}}
	}

	return []rowChange{
		to("password changed", func(string) string {
			return "$argon2id$v=19$m=19456,t=2,p=1$b3RoZXI$b3RoZXI"
		}),
		to("password hashed again, last character differs",
			func(h string) string { return h[:len(h)-1] + "A" }),
		to("hash upgraded at sign-in", func(string) string {
			return "$argon2id$v=19$m=47104,t=1,p=1$x$y"
		}),
		to("hash removed", func(string) string { return "" }),
		to("hash locked with a mark in front",
			func(h string) string { return "!" + h }),
		to("hash made unusable", func(string) string { return "!" }),
		to("hash with a space behind",
			func(h string) string { return h + " " }),
		to("hash with NUL behind", func(h string) string { return h + "\x00" }),
		to("hash cut by a narrow column",
			func(h string) string { return h[:60] }),
		to("hash in upper case", strings.ToUpper),
		to("hash of 4,097 bytes", func(string) string {
			return repeat("x", 4097)
		}),
	}
}

func addressChanges() []rowChange {
	to := func(name, address string) rowChange {
		return rowChange{name, func(s *token.State) {
			s.Email = token.Hide(address)
		}}
	}

	return []rowChange{
		to("address changed", "ann@example.net"),
		to("address in another case", "Ann@example.org"),
		to("address with an accent", "änn@example.org"),
		to("address with a space behind", "ann@example.org "),
		to("address removed", ""),
		{"stamp set", func(s *token.State) { s.Stamp = token.Hide("1") }},
		{"stamp is a space", func(s *token.State) {
			s.Stamp = token.Hide(" ")
		}},
		{"address moved to the stamp", func(s *token.State) {
			s.Email, s.Stamp = token.Hide(""), s.Email
		}},
		{"hash and address exchanged", func(s *token.State) {
			s.PasswordHash, s.Email = s.Email, s.PasswordHash
		}},
		{"end of the hash moved to the address", func(s *token.State) {
			hash := s.PasswordHash.Reveal()
			cut := len(hash) - 4
			s.PasswordHash = token.Hide(hash[:cut])
			s.Email = token.Hide(hash[cut:] + s.Email.Reveal())
		}},
		{"end of the address moved to the stamp", func(s *token.State) {
			address := s.Email.Reveal()
			s.Email = token.Hide(address[:5])
			s.Stamp = token.Hide(address[5:])
		}},
	}
}

func userChanges() []rowChange {
	to := func(name string, change func(id string) string) rowChange {
		return rowChange{name, func(s *token.State) {
			s.UserID = change(s.UserID)
		}}
	}
	return []rowChange{
		{"user deleted", func(s *token.State) { *s = token.State{} }},
		to("another user's row", func(string) string { return bobID }),
		to("id in upper case", strings.ToUpper),
		to("id with a space behind",
			func(id string) string { return id + " " }),
		to("id without its last character",
			func(id string) string { return id[:len(id)-1] }),
	}
}
