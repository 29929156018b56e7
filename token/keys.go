package token

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// Keys is a key ring: one key that signs, and others that only verify. Make one
// with [ParseKeys] or [GenerateKeys]; [New] refuses the zero Keys. It prints
// without the secrets, does not change and may be shared.
type Keys struct {
	keys []ringKey // the first signs
}

// maxKeys is far more than a rotation needs.
const maxKeys = 16

// ParseKeys reads a key ring of at most 16 keys from a line of text, such as
// the value of an environment variable:
//
//	id:base64[,id:base64...]
//
// The first key signs, and all verify. White space and repeated ids or secrets
// are errors. Errors say which key is wrong and never show any of the text.
//
// An id has 1 to 32 letters, digits, '.', '_' and '-'. It is public: it is in
// each token, as kid, and in logs. The month in which the key was made is a
// good one, such as "2026-11".
//
// A secret has 32 to 64 random bytes in base64, in the standard alphabet with
// padding, which `openssl rand -base64 32` prints. Patterns and placeholders
// are refused, but whether bytes are random cannot be told.
func ParseKeys(s string) (Keys, error) {
	if s == "" {
		return Keys{}, errors.New(
			"token: the key ring is empty, want id:base64[,id:base64...]",
		)
	}
	if n := strings.Count(s, ",") + 1; n > maxKeys {
		return Keys{}, fmt.Errorf(
			"token: the ring has %d keys, want at most %d", n, maxKeys)
	}

	var ring Keys
	for entry := range strings.SplitSeq(s, ",") {
		k, err := parseKey(entry)
		if err != nil {
			return Keys{}, fmt.Errorf("token: key %d of the ring: %w",
				len(ring.keys)+1, err)
		}
		if err := ring.validateNew(k); err != nil {
			return Keys{}, err
		}
		ring.keys = append(ring.keys, k)
	}
	return ring, nil
}

// GenerateKeys returns a key ring with one new key, of 32 bytes from
// crypto/rand. Store what [Keys.Reveal] returns: when a key is lost, all links
// that it signed are lost. The id is as in [ParseKeys].
func GenerateKeys(id string) (Keys, error) {
	if err := validateKeyID(id); err != nil {
		return Keys{}, fmt.Errorf("token: the id %w", err)
	}

	secret := make([]byte, minSecret)
	rand.Read(secret) // never fails: it ends the process instead
	return Keys{[]ringKey{{id: id, secret: Hide(string(secret))}}}, nil
}

// validateNew refuses a key whose id or secret the ring already has.
func (k Keys) validateNew(added ringKey) error {
	for _, earlier := range k.keys {
		if earlier.id == added.id {
			return fmt.Errorf("token: the ring has two keys with the id %q",
				added.id)
		}
		if subtle.ConstantTimeCompare(earlier.bytes(), added.bytes()) == 1 {
			return fmt.Errorf("token: the keys %q and %q have the same secret",
				earlier.id, added.id)
		}
	}
	return nil
}

// Reveal returns the secrets, as [ParseKeys] reads them. It is empty for the
// zero Keys.
func (k Keys) Reveal() string {
	texts := make([]string, len(k.keys))
	for i, key := range k.keys {
		texts[i] = key.text()
	}
	return strings.Join(texts, ",")
}

// String returns the ids, the signing key first.
func (k Keys) String() string {
	ids := make([]string, len(k.keys))
	for i, key := range k.keys {
		ids[i] = key.id
	}
	return "token.Keys(" + strings.Join(ids, ", ") + "; redacted)"
}

// Format is String for every verb.
func (k Keys) Format(f fmt.State, _ rune) { printText(f, k.String()) }

// MarshalText is String for encoders.
func (k Keys) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// LogValue is String for log/slog.
func (k Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }
