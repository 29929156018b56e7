package token_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"testing"

	"github.com/lostkey-go/lostkey/token"
)

// The floor is what no signed text of this size can do without: base64url of 88
// and of 32 bytes, and HMAC-SHA256 over 120 bytes with a key that has been
// taken in already. It has no clock, no user state and no allocation.

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

// ticking returns a Signer with a real clock.
func ticking(b *testing.B) *token.Signer {
	b.Helper()
	return newSignerWith(b, func(cfg *token.Config) { cfg.Now = nil })
}

// loading returns a load function that costs nothing.
func loading(
	state token.State,
) func(context.Context, string) (token.State, error) {
	return func(context.Context, string) (token.State, error) {
		return state, nil
	}
}

// All of it: clock, fingerprint of the user's state, claims, MAC, text.
func BenchmarkIssue(b *testing.B) {
	s, state := ticking(b), ann()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Issue(token.PurposeReset, state, 0); err != nil {
			b.Fatal(err)
		}
	}
}

// All checks, the clock, and the fingerprint of the loaded state.
func BenchmarkVerify(b *testing.B) {
	s, load, ctx := ticking(b), loading(ann()), b.Context()
	raw := issue(b, s, token.PurposeReset, ann(), 0).Reveal()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Verify(ctx, raw, token.PurposeReset, load); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyParallel(b *testing.B) {
	s, load, ctx := ticking(b), loading(ann()), b.Context()
	raw := issue(b, s, token.PurposeReset, ann(), 0).Reveal()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Verify(ctx, raw, token.PurposeReset, load); err != nil {
				b.Error(err)
			}
		}
	})
}

type rejectCase struct {
	name  string
	raw   string
	state token.State // of the user now
}

// rejects returns one input of each kind.
func rejects(b *testing.B, s *token.Signer) []rejectCase {
	b.Helper()
	now := ann()
	changed := annWith(func(s *token.State) {
		s.PasswordHash = token.Hide("x")
	})
	good := issue(b, s, token.PurposeReset, now, 0).Reveal()
	flipped := []byte(good)
	flipped[len(flipped)-20] = 'A' + (flipped[len(flipped)-20]-'A'+1)%26

	other := newSignerWith(b, func(cfg *token.Config) {
		cfg.Keys = newRing(b, newKey(b, "2025-01", secretOf(9)))
		cfg.Now = nil
	})
	foreign := issue(b, other, token.PurposeReset, now, 0).Reveal()
	late := newSignerAt(b, issuedAt().AddDate(-1, 0, 0))
	expired := issue(b, late, token.PurposeReset, now, 0).Reveal()

	return []rejectCase{
		{"over-long/2KB", repeat("a", 2<<10), now},
		{"over-long/1MB", repeat("a", 1<<20), now},
		{"over-long/1MB-of-dots", repeat(".", 1<<20), now},
		{"wrong-key-id", foreign, now},
		{"bad-signature", string(flipped), now},
		{"expired", expired, now},
		{"stale", good, changed},
	}
}

func BenchmarkReject(b *testing.B) {
	s := ticking(b)
	for _, tt := range rejects(b, s) {
		b.Run(tt.name, func(b *testing.B) {
			ctx, load := b.Context(), loading(tt.state)
			b.ReportAllocs()
			for b.Loop() {
				_, err := s.Verify(ctx, tt.raw, token.PurposeReset, load)
				if !errors.Is(err, token.ErrRejected) {
					b.Fatal(err)
				}
			}
		})
	}
}
