package token_test

import (
	"crypto/rand"
	"math"
	mathrand "math/rand/v2"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

func TestGolangJWTAcceptsOurTokens(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		key := macKeyOf(t, mustHex(t, v.Secret), mustSite(t, v.Site), v.Purpose)
		parser := jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithStrictDecoding(), jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
			jwt.WithSubject(v.UserID), jwt.WithTimeFunc(func() time.Time { return time.Unix(v.IssuedAt, 0) }),
		)
		raw := issue(t, v.signer(t), v.Purpose, v.state(), time.Duration(v.Lifetime)*time.Second).Reveal()
		parsed, err := parser.Parse(raw, func(*jwt.Token) (any, error) { return key, nil })
		require.NoError(t, err, v.Name)
		require.Equal(t, map[string]any{"alg": "HS256", "kid": v.Kid, "typ": string(v.Purpose) + "+jwt"}, parsed.Header)
		require.Equal(t, jwt.MapClaims{
			"exp": float64(v.IssuedAt + v.Lifetime), "iat": float64(v.IssuedAt), "sub": v.UserID, "fp": v.Fingerprint,
		}, parsed.Claims)
	}
}

// What golang-jwt signs in our form verifies here.
func TestVerifyTakesWhatGolangJWTSigns(t *testing.T) {
	t.Parallel()
	v := victimOf(t)
	signing := v.header + "." + v.payload
	sig, err := jwt.SigningMethodHS256.Sign(signing, v.key)
	require.NoError(t, err)
	_, err = newSigner(t, config(t)).Verify(t.Context(), signing+"."+b64(string(sig)), token.Reset, tableOf(v.state).load)
	require.NoError(t, err)
}

func TestPreKeyedMethodAgreesWithGolangJWT(t *testing.T) {
	t.Parallel()
	for range 200 {
		key := make([]byte, 1+mathrand.IntN(200))
		rand.Read(key)
		ours, ourKey := token.PreKeyed(key)
		require.Equal(t, jwt.SigningMethodHS256.Alg(), ours.Alg())
		for range 50 {
			text := make([]byte, mathrand.IntN(1500))
			rand.Read(text)
			want, err := jwt.SigningMethodHS256.Sign(string(text), key)
			require.NoError(t, err)
			got, err := ours.Sign(string(text), ourKey)
			require.NoError(t, err)
			require.Equal(t, want, got)

			candidate := want
			switch mathrand.IntN(4) {
			case 0:
				candidate = append([]byte(nil), want...)
				candidate[mathrand.IntN(len(candidate))] ^= 1 << mathrand.IntN(8)
			case 1:
				candidate = want[:mathrand.IntN(len(want))]
			case 2:
				candidate = append(append([]byte(nil), want...), 0)
			}
			theirs := jwt.SigningMethodHS256.Verify(string(text), candidate, key)
			require.Equal(t, theirs, ours.Verify(string(text), candidate, ourKey))
		}
	}
}

// The example of RFC 7515, appendix A.1: its MAC is good, and that is not enough.
func TestTheExampleOfTheRFCHasAGoodMACAndIsNoTokenOfOurs(t *testing.T) {
	t.Parallel()
	const raw = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	h, p, signature := segments(raw)
	method, key := token.PreKeyed([]byte(unb64(t, "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")))
	require.NoError(t, method.Verify(h+"."+p, []byte(unb64(t, signature)), key))
	cfg := config(t)
	cfg.Now = func() time.Time { return time.Unix(1300819379, 0) } // a second before its exp
	claims, err := newSigner(t, cfg).Verify(t.Context(), raw, token.Reset, tableOf(ann()).load)
	requireRejected(t, token.ReasonUnknownKey, claims, err)
}

func TestPreKeyedMethodTakesNoOtherKindOfKey(t *testing.T) {
	t.Parallel()
	method, _ := token.PreKeyed(secretOf(1))
	for _, key := range []any{nil, []byte{}, secretOf(1), "secret", jwt.UnsafeAllowNoneSignatureType} {
		_, err := method.Sign("text", key)
		require.ErrorIs(t, err, jwt.ErrInvalidKeyType)
		require.ErrorIs(t, method.Verify("text", nil, key), jwt.ErrInvalidKeyType)
	}
}

// The two comparisons of times are golang-jwt's: exp by its Validator without a
// leeway, since ours never lets a token live longer, and iat by its Validator
// with it.
func TestTimesAgreeWithGolangJWTsValidator(t *testing.T) {
	t.Parallel()
	base := issuedAt().Unix()
	for _, leeway := range []time.Duration{0, time.Nanosecond, 999 * time.Millisecond, time.Second, 1500 * time.Millisecond, time.Minute} {
		for _, fraction := range []time.Duration{0, 1, time.Second / 2, time.Second - 1} {
			now := time.Unix(base, 0).Add(fraction)
			cfg := config(t)
			cfg.Leeway, cfg.Now = leeway, func() time.Time { return now }
			s := newSigner(t, cfg)
			clock := jwt.WithTimeFunc(func() time.Time { return now })
			expOnly := jwt.NewValidator(clock, jwt.WithExpirationRequired())
			iatToo := jwt.NewValidator(clock, jwt.WithIssuedAt(), jwt.WithLeeway(leeway))
			for _, exp := range []int64{base - 3600, base - 60, base - 2, base - 1, base, base + 1, base + 2, base + 59, base + 60, base + 61, base + 3600} {
				for _, iat := range []int64{base - 3600, base - 1, base, base + 1, base + 2, base + 3, base + 59, base + 60, base + 61, base + 3600} {
					reason, claims := s.CheckTimes(exp, iat, token.Reset)
					require.False(t, reason == "" && exp <= iat, "a token that never lived: exp %d, iat %d", exp, iat)
					require.Equal(t, expOnly.Validate(claims) != nil, reason == token.ReasonExpired, "exp %d, now %v", exp, now)
					if reason != token.ReasonExpired {
						// exp is in the future by now, so that only iat can fail.
						require.Equal(t, iatToo.Validate(claims) != nil, reason == token.ReasonNotYetValid, "iat %d, now %v, leeway %v", iat, now, leeway)
					}
				}
			}
		}
	}
}

func TestTimesNeverOverflow(t *testing.T) {
	t.Parallel()
	s := newSigner(t, config(t))
	for _, exp := range []int64{0, 1, 999999999999, math.MaxInt32, math.MaxUint32} {
		for _, iat := range []int64{0, 1, 999999999999, math.MaxInt32, math.MaxUint32} {
			reason, _ := s.CheckTimes(exp, iat, token.Reset)
			require.NotEmpty(t, reason)
		}
	}
}

func BenchmarkSigningMethod(b *testing.B) {
	text := repeat("x", 215)
	prekeyed, key := token.PreKeyed(secretOf(1))
	for _, bb := range []struct {
		name   string
		method jwt.SigningMethod
		key    any
	}{{"golang-jwt", jwt.SigningMethodHS256, secretOf(1)}, {"pre-keyed", prekeyed, key}} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := bb.method.Sign(text, bb.key); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
