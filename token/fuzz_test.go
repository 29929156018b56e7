package token_test

import (
	"bytes"
	"context"
	"encoding/json"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

// Whatever Verify accepts was issued by us and is what Issue makes again, byte
// for byte; whatever it rejects comes with nothing; and no input makes it take
// more memory than a token does.
func FuzzVerify(f *testing.F) {
	v := victimOf(f)
	f.Add(v.raw)
	for _, a := range attacks(f) {
		if len(a.raw) < 4096 {
			f.Add(a.raw)
		}
	}
	s := newSigner(f, config(f))
	f.Fuzz(func(t *testing.T, raw string) {
		users := tableOf(v.state)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		claims, err := s.Verify(t.Context(), raw, token.Reset, users.load)
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<10))
		if err != nil {
			require.ErrorIs(t, err, token.ErrRejected)
			require.Zero(t, claims)
			return
		}
		again, err := newSignerAt(t, claims.IssuedAt).Issue(token.Reset, v.state, claims.ExpiresAt.Sub(claims.IssuedAt))
		require.NoError(t, err)
		require.Equal(t, raw, again.Reveal())
		require.EqualValues(t, 1, users.loads.Load())
	})
}

// The same behind a good MAC, where a fuzzer of whole tokens never gets: the
// input is the claims.
func FuzzVerifySealedClaims(f *testing.F) {
	v := victimOf(f)
	f.Add(v.claims())
	for _, payload := range payloads(v) {
		f.Add(payload)
	}
	s := newSigner(f, config(f))
	f.Fuzz(func(t *testing.T, payload string) {
		claims, err := s.Verify(t.Context(), v.sealed(payload), token.Reset, func(_ context.Context, id string) (token.State, error) {
			state := v.state
			state.UserID = id
			return state, nil
		})
		if err != nil {
			require.ErrorIs(t, err, token.ErrRejected)
			require.Zero(t, claims)
			return
		}
		state := v.state
		state.UserID = claims.UserID
		again, err := newSignerAt(t, claims.IssuedAt).Issue(token.Reset, state, claims.ExpiresAt.Sub(claims.IssuedAt))
		require.NoError(t, err)
		require.Equal(t, v.sealed(payload), again.Reveal())
	})
}

// Whatever ParseKeys accepts it prints again, byte for byte, and signs with; it
// takes memory by the input's length at most.
func FuzzParseKeys(f *testing.F) {
	a, b := newKey(f, "2026-11", secretOf(1)), newKey(f, "b", append(secretOf(2), secretOf(9)...))
	for _, seed := range []string{
		a.Reveal(), a.Reveal() + "," + b.Reveal(), "", ":", ",", "a:", a.Reveal() + ",", a.Reveal() + "\n", a.Reveal() + "," + a.Reveal(),
		"a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "a:b:c", strings.Repeat("a:AAAA,", 40), "\xff:AAAA", "a b:" + a.Reveal(),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		ring, err := token.ParseKeys(text)
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<16+2*len(text)))
		if err != nil {
			require.Zero(t, ring)
			require.True(t, strings.HasPrefix(err.Error(), "token: "))
			require.True(t, utf8.ValidString(err.Error()))
			return
		}
		require.Equal(t, text, strings.Join(ring.Reveal(), ","))
		issue(t, newSigner(t, token.Config{Site: site, Keys: ring, Now: issuedAt}), token.Reset, ann(), 0)
	})
}

// Ids are encoded as encoding/json does without HTML escaping, and come back.
func FuzzIDsAreEncodedAsByEncodingJSON(f *testing.F) {
	for _, id := range []string{"1", `a"b`, `a\b`, "<&>'/", "é", "\u2028\u2029", "\u202a", "\ufffd", "\U0001f511", "a\x00", "\x7f", "\u0080", "\xff", "\xe2\x80", `\u2028`, `\\"`} {
		f.Add(id, int64(1795233600), int64(1795230000))
	}
	f.Fuzz(func(t *testing.T, id string, exp, iat int64) {
		if token.CheckUserID(id) != nil || exp < 0 || iat < 0 || exp > 999999999999 || iat > 999999999999 {
			return
		}
		got := token.EncodeClaims(exp, iat, id)
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		require.NoError(t, enc.Encode(struct {
			Exp int64  `json:"exp"`
			Fp  string `json:"fp"`
			Iat int64  `json:"iat"`
			Sub string `json:"sub"`
		}{exp, strings.Repeat("A", 22), iat, id}))
		require.Equal(t, strings.TrimSuffix(want.String(), "\n"), got)
		claims, again, ok := token.DecodeClaims(got)
		require.True(t, ok)
		require.Equal(t, got, again)
		sub, err := claims.GetSubject()
		require.NoError(t, err)
		require.Equal(t, id, sub)
	})
}

// The reader of claims takes the one form and nothing that JSON means the same.
func FuzzClaimsAreReadInOneForm(f *testing.F) {
	v := victimOf(f)
	f.Add(v.claims())
	for _, payload := range payloads(v) {
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, text string) {
		claims, again, ok := token.DecodeClaims(text)
		if !ok {
			return
		}
		require.Equal(t, text, again)
		var parsed struct{ Sub string }
		require.NoError(t, json.Unmarshal([]byte(text), &parsed))
		sub, err := claims.GetSubject()
		require.NoError(t, err)
		require.Equal(t, parsed.Sub, sub)
		require.NoError(t, token.CheckUserID(sub))
	})
}

// A site in its form stays in its form, and derives.
func FuzzSite(f *testing.F) {
	for _, s := range []string{"https://app.example", "HTTP://LOCALHOST:80/", "https://[::1]:443/a/", "https://a@b", "https://a?b", "//a", "https://a/%2e%2e/", "HTTP://0//"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		canonical, err := token.CanonicalSite(text)
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "token: Config.Site "))
			return
		}
		again, err := token.CanonicalSite(canonical)
		require.NoError(t, err)
		require.Equal(t, canonical, again)
	})
}

func newSignerAt(t *testing.T, now time.Time) *token.Signer {
	t.Helper()
	cfg := config(t)
	cfg.Now = func() time.Time { return now }
	return newSigner(t, cfg)
}
