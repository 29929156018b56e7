package token_test

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

// What follows makes tokens from the description in the package documentation
// and from nothing of the package, the way a forger who has read it would.

func field(s string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(s)))) + s
}

func derive(tb testing.TB, secret []byte, info string) []byte {
	tb.Helper()
	key, err := hkdf.Key(sha256.New, secret, nil, info, 32)
	require.NoError(tb, err)
	return key
}

func macKeyOf(tb testing.TB, secret []byte, site string, purpose token.Purpose) []byte {
	tb.Helper()
	return derive(tb, secret, "lostkey token v1 mac"+field(site)+field(string(purpose)))
}

func fingerprintOf(tb testing.TB, secret []byte, site string, purpose token.Purpose, state token.State) string {
	tb.Helper()
	key := derive(tb, secret, "lostkey token v1 fingerprint"+field(site))
	text := field(string(purpose)) + field(state.UserID) + field(state.PasswordHash.Reveal()) + field(state.Email.Reveal()) + field(state.Stamp.Reveal())
	return base64.RawURLEncoding.EncodeToString(hs256(key, text)[:16])
}

func hs256(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// seal MACs header and payload, which are JSON or what a forger takes for it.
func seal(key []byte, header, payload string) string {
	return sealRaw(key, b64(header), b64(payload))
}

// sealRaw is seal for segments that are encoded already.
func sealRaw(key []byte, header, payload string) string {
	signing := header + "." + payload
	return signing + "." + base64.RawURLEncoding.EncodeToString(hs256(key, signing))
}

func headerOf(id string, purpose token.Purpose) string {
	return fmt.Sprintf(`{"alg":"HS256","kid":"%s","typ":"%s+jwt"}`, id, purpose)
}

// victim is a token, and all that the one who made it knows.
type victim struct {
	raw                        string
	header, payload, signature string // the segments
	key                        []byte // that MACs it
	secret                     []byte
	exp, iat                   int64
	fingerprint                string
	state                      token.State
}

// victimOf issues a token for ann, for an hour.
func victimOf(tb testing.TB) victim {
	tb.Helper()
	v := victim{
		secret: secretOf(1),
		iat:    issuedAt().Unix(),
		exp:    issuedAt().Add(time.Hour).Unix(),
		state:  ann(),
	}
	v.key = macKeyOf(tb, v.secret, site, token.Reset)
	v.fingerprint = fingerprintOf(tb, v.secret, site, token.Reset, v.state)
	v.raw = issue(tb, newSigner(tb, config(tb)), token.Reset, v.state, time.Hour).Reveal()
	require.Equal(tb, v.raw, seal(v.key, headerOf(keyID, token.Reset), v.claims()), "the documented derivation does not give our token")
	v.header, v.payload, v.signature = segments(v.raw)
	return v
}

func (v victim) claims() string { return v.claimsWith(v.exp, v.iat, v.fingerprint, v.state.UserID) }

func (v victim) claimsWith(exp, iat any, fingerprint, sub string) string {
	return fmt.Sprintf(`{"exp":%v,"fp":"%s","iat":%v,"sub":"%s"}`, exp, fingerprint, iat, sub)
}

// sealed is a token with other claims and a good MAC.
func (v victim) sealed(payload string) string {
	return seal(v.key, headerOf(keyID, token.Reset), payload)
}

func segments(raw string) (header, payload, signature string) {
	first, last := -1, -1
	for i := range len(raw) {
		if raw[i] == '.' && first < 0 {
			first = i
		}
		if raw[i] == '.' {
			last = i
		}
	}
	return raw[:first], raw[first+1 : last], raw[last+1:]
}
