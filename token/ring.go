package token

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// maxKeys is far above what a rotation needs, and bounds what a mistake in a
// setting can make a Signer hold.
const maxKeys = 16

// Keys is a ring: one key that signs and any number that only verify, at most
// 16 in all. It prints itself redacted, with the ids. The zero Keys is empty,
// and [New] refuses it. A ring does not change and may be shared; to rotate,
// make a new one (see the package documentation, Rotation).
type Keys struct {
	keys *[]Key // the first signs
}

// NewKeys makes a ring in which signing signs, and all keys verify. Two keys
// with one id, or with one secret, are refused: the first would be ambiguous,
// the second a rotation that rotates nothing.
func NewKeys(signing Key, verifyOnly ...Key) (Keys, error) {
	keys := append([]Key{signing}, verifyOnly...)
	if len(keys) > maxKeys {
		return Keys{}, fmt.Errorf("token: the ring has %d keys, at most %d are useful", len(keys), maxKeys)
	}
	for i, k := range keys {
		if k.material == nil {
			return Keys{}, fmt.Errorf("token: key %d of the ring is the zero Key", i+1)
		}
		for _, earlier := range keys[:i] {
			if earlier.ID() == k.ID() {
				return Keys{}, fmt.Errorf("token: the ring has two keys with the id %q", k.ID())
			}
			if subtle.ConstantTimeCompare(earlier.material.secret(), k.material.secret()) == 1 {
				return Keys{}, fmt.Errorf("token: the keys %q and %q have the same secret", earlier.ID(), k.ID())
			}
		}
	}
	return Keys{&keys}, nil
}

// ParseKeys reads a ring from one line of text, as an environment variable
// holds it: id:base64[,id:base64...]. The first key signs. Base64 is the
// standard alphabet with padding, as `openssl rand -base64 32` prints it.
// Nothing is trimmed or guessed; white space is an error. The errors say which
// key is wrong and never print its text.
func ParseKeys(s string) (Keys, error) {
	if s == "" {
		return Keys{}, errors.New("token: the key ring is empty")
	}
	if n := strings.Count(s, ",") + 1; n > maxKeys {
		return Keys{}, fmt.Errorf("token: the ring has %d keys, at most %d are useful", n, maxKeys)
	}
	var keys []Key
	for entry := range strings.SplitSeq(s, ",") {
		k, err := parseKey(entry)
		if err != nil {
			return Keys{}, fmt.Errorf("token: key %d of the ring: %w", len(keys)+1, err)
		}
		keys = append(keys, k)
	}
	return NewKeys(keys[0], keys[1:]...)
}

// IDs returns the names of the keys, the signing one first.
func (r Keys) IDs() []string {
	var ids []string
	for _, k := range r.all() {
		ids = append(ids, k.ID())
	}
	return ids
}

// String returns the ids and no secret.
func (r Keys) String() string { return "token.Keys(" + strings.Join(r.IDs(), ", ") + "; redacted)" }

// Format prints what String returns, whatever the verb.
func (r Keys) Format(f fmt.State, _ rune) { printText(f, r.String()) }

// MarshalText returns what String returns, so that JSON holds no secret.
func (r Keys) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// LogValue returns what String returns.
func (r Keys) LogValue() slog.Value { return slog.StringValue(r.String()) }

func (r Keys) all() []Key {
	if r.keys == nil {
		return nil
	}
	return *r.keys
}

func parseKey(entry string) (Key, error) {
	id, text, found := strings.Cut(entry, ":")
	if !found {
		return Key{}, errors.New("it has no colon between id and secret")
	}
	if err := checkKeyID(id); err != nil {
		return Key{}, fmt.Errorf("id: %w", err)
	}
	// Checked before decoding: Go's base64 skips line breaks, and a long text
	// would be decoded only to be refused.
	if len(text) > base64.StdEncoding.EncodedLen(maxSecret) {
		return Key{}, fmt.Errorf("the secret is longer than %d bytes", maxSecret)
	}
	secret, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		// The cause is dropped: it may hold a byte of the secret.
		return Key{}, errors.New("the secret is not standard base64 with padding")
	}
	if err := checkSecret(secret); err != nil {
		return Key{}, err
	}
	return keyOf(id, secret), nil
}
