package token

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// ringKey is a secret with a name. A [Signer] derives from it what it signs
// with.
//
// The id is public: it is in each token, as kid, and in logs.
type ringKey struct {
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

// parseKey reads one key of a ring. Its errors show none of the text.
func parseKey(entry string) (ringKey, error) {
	id, text, found := strings.Cut(entry, ":")
	if !found {
		return ringKey{}, errors.New("it has no colon between id and secret")
	}
	if err := validateKeyID(id); err != nil {
		return ringKey{}, fmt.Errorf("the id %w", err)
	}

	// A long text would be decoded only to be refused.
	if len(text) > base64.StdEncoding.EncodedLen(maxSecret) {
		return ringKey{}, fmt.Errorf("the secret has more than %d bytes",
			maxSecret)
	}
	secret, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		// The decoder skips line breaks. Its error is not wrapped, because it
		// may show a byte of the secret.
		return ringKey{}, errors.New(
			"the secret is not standard base64 with padding")
	}

	if err := validateSecret(secret); err != nil {
		return ringKey{}, err
	}
	return ringKey{id: id, secret: Hide(string(secret))}, nil
}

// text returns what parseKey reads.
func (k ringKey) text() string {
	return k.id + ":" + base64.StdEncoding.EncodeToString(k.bytes())
}

func (k ringKey) bytes() []byte { return []byte(k.secret.Reveal()) }

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
