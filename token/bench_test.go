package token_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/token"
)

// The floor is what no signed text of this size can do without: base64url of 88
// and of 32 bytes, and HMAC-SHA256 over 120 bytes with a key that has been taken
// in already. No clock, no user state, no allocation.

func BenchmarkFloorIssue(b *testing.B) {
	mac := hmac.New(sha256.New, secretOf(1))
	payload := make([]byte, 120)
	out := make([]byte, 256)
	var sum [sha256.Size]byte
	b.ReportAllocs()
	for b.Loop() {
		mac.Reset()
		mac.Write(payload)
		mac.Sum(sum[:0])
		base64.RawURLEncoding.Encode(out, payload[:88])
		base64.RawURLEncoding.Encode(out[128:], sum[:])
	}
}

func BenchmarkFloorVerify(b *testing.B) {
	mac := hmac.New(sha256.New, secretOf(1))
	payload := make([]byte, 120)
	mac.Write(payload)
	want := base64.RawURLEncoding.AppendEncode(nil, mac.Sum(nil))
	text := base64.RawURLEncoding.AppendEncode(nil, payload[:88])
	var sum, sig [sha256.Size]byte
	decoded := make([]byte, 88)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := base64.RawURLEncoding.Decode(decoded, text); err != nil {
			b.Fatal(err)
		}
		if _, err := base64.RawURLEncoding.Decode(sig[:], want); err != nil {
			b.Fatal(err)
		}
		mac.Reset()
		mac.Write(payload)
		if !hmac.Equal(mac.Sum(sum[:0]), sig[:]) {
			b.Fatal("the floor does not verify")
		}
	}
}

// Complete: clock, fingerprint over the user's state, claims, MAC, text.
func BenchmarkIssue(b *testing.B) {
	cfg := config(b)
	cfg.Now = nil
	s, state := newSigner(b, cfg), ann()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Issue(token.Reset, state, 0); err != nil {
			b.Fatal(err)
		}
	}
}

// Complete: all checks, the clock, and the fingerprint over the loaded state.
func BenchmarkVerify(b *testing.B) {
	cfg := config(b)
	cfg.Now = nil
	s, state, ctx := newSigner(b, cfg), ann(), b.Context()
	raw := issue(b, s, token.Reset, state, 0).Reveal()
	load := func(context.Context, string) (token.State, error) { return state, nil }
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Verify(ctx, raw, token.Reset, load); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyParallel(b *testing.B) {
	cfg := config(b)
	cfg.Now = nil
	s, state, ctx := newSigner(b, cfg), ann(), b.Context()
	raw := issue(b, s, token.Reset, state, 0).Reveal()
	load := func(context.Context, string) (token.State, error) { return state, nil }
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Verify(ctx, raw, token.Reset, load); err != nil {
				b.Error(err)
			}
		}
	})
}

// rejects lists one input of each kind, with the state that its user has now.
func rejects(tb testing.TB, s *token.Signer) []rejectCase {
	tb.Helper()
	now := ann()
	changed := now
	changed.PasswordHash = token.Hide(changed.PasswordHash.Reveal() + "x")
	good := issue(tb, s, token.Reset, now, 0).Reveal()
	other := config(tb)
	other.Now = nil
	other.Keys = newRing(tb, newKey(tb, "2025-01", secretOf(9)))
	late := config(tb)
	late.Now = func() time.Time { return issuedAt().AddDate(-1, 0, 0) }
	flipped := []byte(good)
	flipped[len(flipped)-20] = 'A' + (flipped[len(flipped)-20]-'A'+1)%26
	return []rejectCase{
		{"over-long/2KB", repeat("a", 2<<10), now, token.ReasonMalformed},
		{"over-long/1MB", repeat("a", 1<<20), now, token.ReasonMalformed},
		{"over-long/1MB-of-dots", repeat(".", 1<<20), now, token.ReasonMalformed},
		{"wrong-key-id", issue(tb, newSigner(tb, other), token.Reset, now, 0).Reveal(), now, token.ReasonUnknownKey},
		{"bad-signature", string(flipped), now, token.ReasonSignature},
		{"expired", issue(tb, newSigner(tb, late), token.Reset, now, 0).Reveal(), now, token.ReasonExpired},
		{"stale", good, changed, token.ReasonStale},
	}
}

type rejectCase struct {
	name  string
	raw   string
	state token.State
	want  token.Reason
}

func BenchmarkReject(b *testing.B) {
	cfg := config(b)
	cfg.Now = nil
	s := newSigner(b, cfg)
	for _, tt := range rejects(b, s) {
		b.Run(tt.name, func(b *testing.B) {
			ctx := b.Context()
			load := func(context.Context, string) (token.State, error) { return tt.state, nil }
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Verify(ctx, tt.raw, token.Reset, load); !errors.Is(err, token.ErrRejected) {
					b.Fatal(err)
				}
			}
		})
	}
}
