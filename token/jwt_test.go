package token_test

import (
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

func TestGolangJWTAcceptsOurTokens(t *testing.T) {
	t.Parallel()

	for _, v := range vectors(t) {
		key := unhex(t, v.MACKey)
		parser := jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
			jwt.WithStrictDecoding(),
			jwt.WithExpirationRequired(),
			jwt.WithIssuedAt(),
			jwt.WithSubject(v.UserID),
			jwt.WithTimeFunc(v.now),
		)

		raw := v.issue(t, v.signer(t)).Reveal()
		parsed, err := parser.Parse(raw,
			func(*jwt.Token) (any, error) { return key, nil })
		require.NoError(t, err, v.Name)
		require.Equal(t, map[string]any{
			"alg": "HS256", "kid": v.Kid, "typ": string(v.Purpose) + "+jwt",
		}, parsed.Header)
		require.Equal(t, jwt.MapClaims{
			"exp": float64(v.IssuedAt + v.Lifetime),
			"iat": float64(v.IssuedAt), "sub": v.UserID, "fp": v.Fingerprint,
		}, parsed.Claims)
	}
}

// What golang-jwt signs in our form verifies here.
func TestVerifyTakesWhatGolangJWTSigns(t *testing.T) {
	t.Parallel()
	v, s := victimOf(t), newSigner(t, config(t))
	signing := v.header + "." + v.payload
	sig, err := jwt.SigningMethodHS256.Sign(signing, v.key)
	require.NoError(t, err)
	_, err = verify(t, s, signing+"."+b64(string(sig)), token.PurposeReset,
		v.state)
	require.NoError(t, err)
}

func TestPreKeyedMethodAgreesWithGolangJWT(t *testing.T) {
	t.Parallel()

	for range 200 {
		key := randomBytes(1 + mathrand.IntN(200))
		ours, ourKey := token.PreKeyed(key)
		require.Equal(t, jwt.SigningMethodHS256.Alg(), ours.Alg())
		for range 50 {
			text := string(randomBytes(mathrand.IntN(1500)))
			want, err := jwt.SigningMethodHS256.Sign(text, key)
			require.NoError(t, err)
			got, err := ours.Sign(text, ourKey)
			require.NoError(t, err)
			require.Equal(t, want, got)

			sig := spoilt(want)
			theirs := jwt.SigningMethodHS256.Verify(text, sig, key)
			require.Equal(t, theirs, ours.Verify(text, sig, ourKey))
		}
	}
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// spoilt alters, cuts or lengthens a signature, or leaves it as it is.
func spoilt(sig []byte) []byte {
	sig = slices.Clone(sig)
	switch mathrand.IntN(4) {
	case 0:
		sig[mathrand.IntN(len(sig))] ^= 1 << mathrand.IntN(8)
	case 1:
		sig = sig[:mathrand.IntN(len(sig))]
	case 2:
		sig = append(sig, 0)
	}
	return sig
}

// The example of RFC 7515, appendix A.1, has a good MAC. That is not enough.
func TestTheExampleOfTheRFCHasAGoodMACAndIsNoTokenOfOurs(t *testing.T) {
	t.Parallel()

	const header = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
	const payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6" +
		"Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
	const signature = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	const secret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aK" +
		"tMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"

	method, key := token.PreKeyed([]byte(unb64(t, secret)))
	require.NoError(t, method.Verify(
		header+"."+payload, []byte(unb64(t, signature)), key))

	s := newSignerAt(t, time.Unix(1300819379, 0)) // a second before its exp
	raw := header + "." + payload + "." + signature
	claims, err := verify(t, s, raw, token.PurposeReset, ann())
	requireRejected(t, token.ReasonUnknownKey, claims, err)
}

//lostkey:covers RFC8725-3.1
func TestPreKeyedMethodTakesNoOtherKindOfKey(t *testing.T) {
	t.Parallel()
	method, _ := token.PreKeyed(secretOf(1))
	for _, key := range []any{
		nil, []byte{}, secretOf(1), "secret", jwt.UnsafeAllowNoneSignatureType,
	} {
		_, err := method.Sign("text", key)
		require.ErrorIs(t, err, jwt.ErrInvalidKeyType)
		require.ErrorIs(t, method.Verify("text", nil, key),
			jwt.ErrInvalidKeyType)
	}
}

func BenchmarkSigningMethod(b *testing.B) {
	text := repeat("x", 215)
	preKeyed, key := token.PreKeyed(secretOf(1))
	for _, bb := range []struct {
		method jwt.SigningMethod
		key    any
	}{{jwt.SigningMethodHS256, secretOf(1)}, {preKeyed, key}} {
		b.Run(fmt.Sprintf("%T", bb.method), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := bb.method.Sign(text, bb.key); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
