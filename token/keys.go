package token

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// Keys is a key ring: one key that signs, and others that only verify. It has
// at most 16 keys. It prints itself redacted, with the ids. The zero Keys is
// empty, and [New] refuses it. A Keys does not change and may be shared. To
// rotate keys, make a new one, as the package documentation describes.
type Keys struct {
	keys []Key // the first signs
}

// maxKeys is far more than a rotation needs.
const maxKeys = 16

// NewKeys returns a key ring in which signing signs and all keys verify. It
// refuses two keys with the same id, because the id selects the key, and two
// with the same secret, because that is a rotation by mistake.
func NewKeys(signing Key, verifyOnly ...Key) (Keys, error) {
	keys := append([]Key{signing}, verifyOnly...)
	if len(keys) > maxKeys {
		return Keys{}, errTooManyKeys(len(keys))
	}

	for i, key := range keys {
		if key.isZero() {
			return Keys{}, fmt.Errorf(
				"token: key %d of the ring is the zero Key", i+1)
		}

		for _, earlier := range keys[:i] {
			if earlier.id == key.id {
				return Keys{}, fmt.Errorf(
					"token: the ring has two keys with the id %q", key.id)
			}
			if subtle.ConstantTimeCompare(earlier.bytes(), key.bytes()) == 1 {
				return Keys{}, fmt.Errorf(
					"token: the keys %q and %q have the same secret",
					earlier.id, key.id)
			}
		}
	}
	return Keys{keys}, nil
}

// ParseKeys reads a key ring from a line of text, such as the value of an
// environment variable:
//
//	id:base64[,id:base64...]
//
// The first key signs. Base64 is the standard alphabet with padding, which
// `openssl rand -base64 32` prints. White space is an error. The errors say
// which key is wrong and never show any of the text.
func ParseKeys(s string) (Keys, error) {
	if s == "" {
		return Keys{}, errors.New("token: the key ring is empty")
	}
	if n := strings.Count(s, ",") + 1; n > maxKeys {
		return Keys{}, errTooManyKeys(n)
	}

	var keys []Key
	for entry := range strings.SplitSeq(s, ",") {
		key, err := parseKey(entry)
		if err != nil {
			return Keys{}, fmt.Errorf("token: key %d of the ring: %w",
				len(keys)+1, err)
		}
		keys = append(keys, key)
	}

	return NewKeys(keys[0], keys[1:]...)
}

// String returns the ids, the signing key first, and no secret.
func (k Keys) String() string {
	ids := make([]string, len(k.keys))
	for i, key := range k.keys {
		ids[i] = key.id
	}
	return "token.Keys(" + strings.Join(ids, ", ") + "; redacted)"
}

// Format prints the result of String for every verb.
func (k Keys) Format(f fmt.State, _ rune) { printText(f, k.String()) }

// MarshalText returns the result of String.
func (k Keys) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// LogValue returns the result of String.
func (k Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }

func parseKey(entry string) (Key, error) {
	id, text, found := strings.Cut(entry, ":")
	if !found {
		return Key{}, errors.New("it has no colon between id and secret")
	}

	if err := validateKeyID(id); err != nil {
		return Key{}, fmt.Errorf("the id %w", err)
	}

	// A long text would be decoded only to be refused.
	if len(text) > base64.StdEncoding.EncodedLen(maxSecret) {
		return Key{}, fmt.Errorf("the secret has more than %d bytes",
			maxSecret)
	}
	secret, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		// The decoder skips line breaks. Its error is not wrapped, because it
		// may show a byte of the secret.
		return Key{}, errors.New(
			"the secret is not standard base64 with padding")
	}

	if err := validateSecret(secret); err != nil {
		return Key{}, err
	}
	return Key{id: id, secret: Hide(string(secret))}, nil
}

func errTooManyKeys(n int) error {
	return fmt.Errorf("token: the ring has %d keys, want at most %d",
		n, maxKeys)
}
