package token

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
)

// Key is a secret with a name. A [Signer] derives from it what it signs with.
// It prints itself redacted, and [Key.Reveal] returns the secret. The zero Key
// is no key, and [NewKeys] refuses it. A Key does not change and may be shared.
type Key struct {
	id     string
	secret Hidden
}

// RFC 7518, section 3.2, asks for a secret of at least the size of the hash
// output. More bytes than the block size of the hash add nothing.
const (
	minSecret = 32
	maxSecret = 64
	maxKeyID  = 32
)

// NewKey returns a key with the given secret, which it copies.
//
// The id is public: it is in each token, as kid, and in logs. It has 1 to 32
// letters, digits, '.', '_' and '-'. The month in which the key was made is a
// good id, such as "2026-11".
//
// The secret has 32 to 64 random bytes. NewKey refuses patterns and text that
// looks like a placeholder, but cannot tell whether bytes are random. Its
// errors do not show the secret.
func NewKey(id string, secret []byte) (Key, error) {
	if err := validateKeyID(id); err != nil {
		return Key{}, fmt.Errorf("token: key id %w", err)
	}
	if err := validateSecret(secret); err != nil {
		return Key{}, fmt.Errorf("token: key %q: %w", id, err)
	}
	return Key{id: id, secret: Hide(string(secret))}, nil
}

// GenerateKey returns a key with 32 bytes from crypto/rand. Store what
// [Key.Reveal] returns: when a key is lost, all links that it signed are lost.
func GenerateKey(id string) (Key, error) {
	secret := make([]byte, minSecret)
	rand.Read(secret) // never fails: it ends the process instead
	return NewKey(id, secret)
}

// ID returns the name of the key. It is empty for the zero Key.
func (k Key) ID() string { return k.id }

// Reveal returns the key as "id:base64", the text that [ParseKeys] reads. This
// is the secret itself. Whoever has it, and can read the users table, can make
// links for every user. It is empty for the zero Key.
func (k Key) Reveal() string {
	if k.isZero() {
		return ""
	}
	return k.id + ":" + base64.StdEncoding.EncodeToString(k.bytes())
}

// String returns the id and not the secret.
func (k Key) String() string { return "token.Key(" + k.id + ", redacted)" }

// Format prints the result of String for every verb.
func (k Key) Format(f fmt.State, _ rune) { printText(f, k.String()) }

// MarshalText returns the result of String.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// LogValue returns the result of String.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

func (k Key) isZero() bool { return k.id == "" }

func (k Key) bytes() []byte { return []byte(k.secret.Reveal()) }

// validateKeyID refuses all characters that JSON, a path or a shell would
// escape. The alphabet is that of base64url, and the dot.
func validateKeyID(id string) error {
	if id == "" || len(id) > maxKeyID {
		return fmt.Errorf("has %d characters, want 1 to %d", len(id), maxKeyID)
	}

	for i := range len(id) {
		if c := id[i]; c != '.' && !isBase64URLChar(c) {
			return errors.New(
				"has characters other than letters, digits, '.', '_' and '-'")
		}
	}
	return nil
}

// minDistinct is how many different bytes a secret must have. 32 random bytes
// have about 30. 32 random hexadecimal digits, the poorest text in use, have
// fewer than 8 once in 25 million.
const minDistinct = 8

// validateSecret refuses secrets that are too short for HMAC-SHA256 and those
// that are plainly not random. It catches mistakes and measures no entropy.
func validateSecret(secret []byte) error {
	if len(secret) < minSecret || len(secret) > maxSecret {
		return fmt.Errorf("the secret has %d bytes, want %d to %d",
			len(secret), minSecret, maxSecret)
	}

	if countDistinct(secret) < minDistinct || isSteady(secret) ||
		isPeriodic(secret) {
		return errors.New("the secret is a pattern, not random data")
	}
	if isPrintableASCII(string(secret)) && hasPlaceholder(secret) {
		return errors.New(
			"the secret holds a word of placeholders, it is not random data")
	}
	return nil
}

func countDistinct(secret []byte) int {
	var seen [256]bool
	n := 0
	for _, b := range secret {
		if !seen[b] {
			seen[b] = true
			n++
		}
	}
	return n
}

// isSteady reports whether the bytes count up or down by one step.
func isSteady(secret []byte) bool {
	for i := 2; i < len(secret); i++ {
		if secret[i]-secret[i-1] != secret[1]-secret[0] {
			return false
		}
	}
	return true
}

// isPeriodic reports whether a block of at most half the length repeats.
func isPeriodic(secret []byte) bool {
	for period := 1; period <= len(secret)/2; period++ {
		if bytes.Equal(secret[period:], secret[:len(secret)-period]) {
			return true
		}
	}
	return false
}

// hasPlaceholder reports whether the text has a word of secrets that are copied
// from documentation. Shorter words would turn up in random text.
func hasPlaceholder(text []byte) bool {
	text = bytes.ToLower(text)
	for _, word := range []string{
		"secret", "password", "passw0rd", "changeme", "change-me", "change_me",
		"change me", "changethis", "example", "default", "replace", "your-",
		"your_", "insecure", "qwerty", "letmein", "admin", "testtest",
		"0123456789", "123456789", "abcdefgh", "lostkey", "placeholder",
		"do-not-use", "donotuse",
	} {
		if bytes.Contains(text, []byte(word)) {
			return true
		}
	}
	return false
}
