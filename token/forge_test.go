package token_test

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

// What follows makes tokens from the package documentation and from nothing of
// the package, the way a forger who has read it would.

func field(s string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(s)))) + s
}

func derive(tb testing.TB, secret []byte, info string) []byte {
	tb.Helper()
	key, err := hkdf.Key(sha256.New, secret, nil, info, 32)
	require.NoError(tb, err)
	return key
}

func macKeyOf(
	tb testing.TB, secret []byte, site string, purpose token.Purpose,
) []byte {
	tb.Helper()
	return derive(tb, secret,
		"lostkey token v1 mac"+field(site)+field(string(purpose)))
}

func fingerprintKeyOf(tb testing.TB, secret []byte, site string) []byte {
	tb.Helper()
	return derive(tb, secret, "lostkey token v1 fingerprint"+field(site))
}

func fingerprintOf(
	tb testing.TB, secret []byte, site string, purpose token.Purpose,
	state token.State,
) string {
	tb.Helper()
	sum := hs256(fingerprintKeyOf(tb, secret, site), stateText(purpose, state))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// stateText is what the fingerprint is the MAC of.
func stateText(purpose token.Purpose, state token.State) string {
	return field(string(purpose)) + field(state.UserID) +
		field(state.PasswordHash.Reveal()) + field(state.Email.Reveal()) +
		field(state.Stamp.Reveal())
}

func hs256(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// seal signs a header and a payload, which need not be JSON.
func seal(key []byte, header, payload string) string {
	return sealRaw(key, b64(header), b64(payload))
}

// sealRaw is seal for segments that are encoded already.
func sealRaw(key []byte, header, payload string) string {
	signing := header + "." + payload
	return signing + "." + b64(string(hs256(key, signing)))
}

func headerOf(id string, purpose token.Purpose) string {
	return fmt.Sprintf(
		`{"alg":"HS256","kid":"%s","typ":"%s+jwt"}`, id, purpose)
}

// victim is a token of Ann's, with all that whoever made it knows.
type victim struct {
	raw                        string
	header, payload, signature string // the segments
	key                        []byte // that signs it
	secret                     []byte
	exp, iat                   int64
	fingerprint                string
	state                      token.State
}

// victimOf issues a token for an hour.
func victimOf(tb testing.TB) victim {
	tb.Helper()
	v := victim{
		secret: secretOf(1),
		iat:    issuedAt().Unix(),
		exp:    issuedAt().Add(time.Hour).Unix(),
		state:  ann(),
	}
	v.key = macKeyOf(tb, v.secret, site, token.PurposeReset)
	v.fingerprint = fingerprintOf(tb, v.secret, site, token.PurposeReset,
		v.state)

	s := newSigner(tb, config(tb))
	v.raw = issue(tb, s, token.PurposeReset, v.state, time.Hour).Reveal()
	v.header, v.payload, v.signature = segments(v.raw)
	require.Equal(tb, v.raw, v.sealed(v.claims()),
		"the documented derivation does not give our token")
	return v
}

func (v victim) claims() string {
	return v.claimsWith(v.exp, v.iat, v.fingerprint, v.state.UserID)
}

func (v victim) claimsWith(exp, iat int64, fingerprint, sub string) string {
	return fmt.Sprintf(`{"exp":%v,"fp":"%s","iat":%v,"sub":"%s"}`,
		exp, fingerprint, iat, sub)
}

// sealed returns a token with another payload and a good MAC.
func (v victim) sealed(payload string) string {
	return seal(v.key, headerOf(keyID, token.PurposeReset), payload)
}

func segments(raw string) (header, payload, signature string) {
	first, last := strings.IndexByte(raw, '.'), strings.LastIndexByte(raw, '.')
	return raw[:first], raw[first+1 : last], raw[last+1:]
}
