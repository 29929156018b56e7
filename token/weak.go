package token

import (
	"bytes"
	"errors"
	"fmt"
)

// minDistinct is how many different byte values a secret must have. 32 random
// bytes have about 30; 32 random hexadecimal digits, the poorest text that
// people use, have fewer than 8 once in 25 million.
const minDistinct = 8

// placeholders are the words of secrets copied from documentation, in lower
// case. They are looked for in secrets that are text; shorter words would turn
// up in random text.
func placeholders() []string {
	return []string{
		"secret", "password", "passw0rd", "changeme", "change-me", "change_me", "change me", "changethis",
		"example", "default", "replace", "your-", "your_", "insecure", "qwerty", "letmein", "admin", "testtest",
		"0123456789", "123456789", "abcdefgh", "lostkey", "placeholder", "do-not-use", "donotuse",
	}
}

// checkSecret refuses secrets that are too short for HMAC-SHA256 and those
// that are plainly not random. It is a net for mistakes, no test of entropy.
func checkSecret(secret []byte) error {
	if len(secret) < minSecret || len(secret) > maxSecret {
		return fmt.Errorf("the secret has %d bytes, want %d to %d", len(secret), minSecret, maxSecret)
	}
	var seen [256]bool
	distinct, printable, steady := 0, true, true
	for i, b := range secret {
		if !seen[b] {
			seen[b] = true
			distinct++
		}
		printable = printable && b >= ' ' && b <= '~'
		steady = steady && (i < 2 || b-secret[i-1] == secret[1]-secret[0])
	}
	if distinct < minDistinct || steady || periodic(secret) {
		return errors.New("the secret is a pattern, not random data")
	}
	if printable {
		text := bytes.ToLower(secret)
		for _, word := range placeholders() {
			if bytes.Contains(text, []byte(word)) {
				return errors.New("the secret holds a word of placeholders, it is not random data")
			}
		}
	}
	return nil
}

// periodic reports whether secret repeats a block that is at most half as long.
func periodic(secret []byte) bool {
	for period := 1; period <= len(secret)/2; period++ {
		if bytes.Equal(secret[period:], secret[:len(secret)-period]) {
			return true
		}
	}
	return false
}
