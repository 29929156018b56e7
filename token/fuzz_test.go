package token_test

import (
	"bytes"
	"context"
	"encoding/json"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// requireReissued asserts that Issue makes raw, byte for byte, out of what
// Verify has said about it.
func requireReissued(
	t *testing.T, raw string, claims token.Claims, state token.State,
) {
	t.Helper()
	reissued, err := newSignerAt(t, claims.IssuedAt).Issue(token.PurposeReset,
		state,
		claims.ExpiresAt.Sub(claims.IssuedAt))
	require.NoError(t, err)
	require.Equal(t, raw, reissued.Reveal())
}

// Whatever Verify accepts is what Issue makes. Whatever it rejects comes with
// nothing. No input makes it take more memory than a token does.
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
		var claims token.Claims
		var err error
		require.Less(t, allocated(func() {
			claims, err = s.Verify(t.Context(), raw, token.PurposeReset,
				users.load)
		}), uint64(16<<10))

		if err != nil {
			require.ErrorIs(t, err, token.ErrRejected)
			require.Zero(t, claims)
			return
		}
		requireReissued(t, raw, claims, v.state)
		require.EqualValues(t, 1, users.loads.Load())
	})
}

// The same behind a good MAC, where a fuzzer of whole tokens never gets. The
// input is the payload.
func FuzzSealedClaims(f *testing.F) {
	v := victimOf(f)
	f.Add(v.claims())
	for _, payload := range payloads(v) {
		f.Add(payload)
	}

	s := newSigner(f, config(f))

	f.Fuzz(func(t *testing.T, payload string) {
		state := v.state
		claims, err := s.Verify(t.Context(), v.sealed(payload),
			token.PurposeReset,
			func(_ context.Context, id string) (token.State, error) {
				state.UserID = id
				return state, nil
			})
		if err != nil {
			require.ErrorIs(t, err, token.ErrRejected)
			require.Zero(t, claims)
			return
		}

		requireReissued(t, v.sealed(payload), claims, state)
	})
}

// Whatever ParseKeys accepts it writes again, byte for byte, and it signs. It
// takes memory by the length of the input at most.
func FuzzParseKeys(f *testing.F) {
	a := newKey(f, "2026-11", secretOf(1)).Reveal()
	b := newKey(f, "b", append(secretOf(2), secretOf(9)...)).Reveal()
	for _, seed := range []string{
		a, a + "," + b, "", ":", ",", "a:", a + ",", a + "\n", a + "," + a,
		"a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "a:b:c",
		strings.Repeat("a:AAAA,", 40), "\xff:AAAA", "a b:" + a,
	} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, text string) {
		var ring token.Keys
		var err error
		require.Less(t, allocated(func() {
			ring, err = token.ParseKeys(text)
		}), uint64(1<<16+2*len(text)))

		if err != nil {
			require.Zero(t, ring)
			require.True(t, strings.HasPrefix(err.Error(), "token: "))
			require.True(t, utf8.ValidString(err.Error()))
			return
		}
		require.Equal(t, text, ring.Reveal())
		s := newSignerWith(t, func(cfg *token.Config) { cfg.Keys = ring })
		issue(t, s, token.PurposeReset, ann(), 0)
	})
}

// Ids are encoded as encoding/json does without HTML escaping, and come back.
func FuzzIDsAreEncodedAsByEncodingJSON(f *testing.F) {
	for _, id := range []string{
		"1", `a"b`, `a\b`, "<&>'/", "é", "\u2028\u2029", "\u202a", "\ufffd",
		"\U0001f511", "a\x00", "\x7f", "\u0080", "\xff", "\xe2\x80", `\u2028`,
		`\\"`,
	} {
		f.Add(id, int64(1795233600), int64(1795230000))
	}
	type claims struct {
		Exp int64  `json:"exp"`
		Fp  string `json:"fp"`
		Iat int64  `json:"iat"`
		Sub string `json:"sub"`
	}

	f.Fuzz(func(t *testing.T, id string, exp, iat int64) {
		const maxTime = 999999999999
		if token.ValidateUserID(id) != nil || exp < 0 || iat < 0 ||
			exp > maxTime || iat > maxTime {
			return
		}
		got := token.EncodeClaims(exp, iat, id)

		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		fp := strings.Repeat("A", 22)
		require.NoError(t, enc.Encode(claims{exp, fp, iat, id}))
		require.Equal(t, strings.TrimSuffix(want.String(), "\n"), got)

		parsed, encoded, ok := token.DecodeClaims(got)
		require.True(t, ok)
		require.Equal(t, got, encoded)
		sub, err := parsed.GetSubject()
		require.NoError(t, err)
		require.Equal(t, id, sub)
	})
}

// The reader of claims takes the one form and nothing that JSON means the same.
//
//lostkey:covers ASVS-1.5.3 RFC8725-3.7
func FuzzClaimsAreReadInOneForm(f *testing.F) {
	v := victimOf(f)
	f.Add(v.claims())
	for _, payload := range payloads(v) {
		f.Add(payload)
	}

	f.Fuzz(func(t *testing.T, text string) {
		claims, encoded, ok := token.DecodeClaims(text)
		if !ok {
			return
		}
		require.Equal(t, text, encoded)

		var parsed struct{ Sub string }
		require.NoError(t, json.Unmarshal([]byte(text), &parsed))
		sub, err := claims.GetSubject()
		require.NoError(t, err)
		require.Equal(t, parsed.Sub, sub)
		require.NoError(t, token.ValidateUserID(sub))
	})
}

// A site in its form stays in its form.
func FuzzSite(f *testing.F) {
	for _, s := range []string{
		"https://app.example", "HTTP://LOCALHOST:80/", "https://[::1]:443/a/",
		"https://a@b", "https://a?b", "//a", "https://a/%2e%2e/", "HTTP://0//",
		"https://a/b%2F", "https://a/%7C|",
	} {
		f.Add(s)
	}

	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := token.ParseSite(text)
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "token: site "))
			return
		}

		reparsed, err := token.ParseSite(parsed.String())
		require.NoError(t, err)
		require.Equal(t, parsed, reparsed)
		require.Equal(t, parsed.String(), parsed.Scheme+"://"+parsed.Host+
			parsed.EscapedPath())
	})
}

// A sum is good for its message and no other, and no sum is good but that one.
func FuzzMAC(f *testing.F) {
	mac, err := config(f).Keys.Derive(site, "jobs")
	require.NoError(f, err)
	key := derivedKeyOf(f, secretOf(1), site, "jobs")
	f.Add([]byte("message"), mac.Sum([]byte("message")))
	f.Add([]byte(nil), []byte(nil))
	f.Add(bytes.Repeat([]byte("x"), 1000), bytes.Repeat([]byte{0}, 32))

	f.Fuzz(func(t *testing.T, msg, sum []byte) {
		want := hs256(key, string(msg))
		require.Equal(t, want, mac.Sum(msg))
		require.True(t, mac.Verify(msg, want))
		require.Equal(t, bytes.Equal(want, sum), mac.Verify(msg, sum))
	})
}
