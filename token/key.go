package token

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
)

// Key is a named secret: the root from which a [Signer] derives what it signs
// with. It prints itself redacted, with its id, in every way fmt, encoding/json
// and log/slog have; only [Key.Reveal] shows the secret. The zero Key is no
// key, and [NewKeys] refuses it. A Key does not change and may be shared.
type Key struct {
	material *material
}

// material keeps the secret in a function, because no printer can look into
// one. fmt calls no methods on what sits in an unexported field of somebody's
// struct; of a pointer it then prints the address, but with a verb it does not
// know, what the pointer points to.
type material struct {
	id     string
	secret func() []byte
}

// The sizes of a secret in bytes. RFC 7518, section 3.2, asks for at least the
// size of the hash output; beyond its block size more bytes add nothing.
const (
	minSecret = 32
	maxSecret = 64
	maxKeyID  = 32
)

// NewKey makes a key of secret, which it copies. The id appears in clear in
// each token (as kid) and in logs: 1 to 32 letters, digits, '.', '_' and '-',
// by custom the month of creation, such as "2026-11". The secret must have 32
// to 64 bytes of random data; text that looks like a placeholder and patterns
// are refused, though no check can tell that data is random. The errors do not
// print the secret.
func NewKey(id string, secret []byte) (Key, error) {
	if err := checkKeyID(id); err != nil {
		return Key{}, fmt.Errorf("token: key id: %w", err)
	}
	if err := checkSecret(secret); err != nil {
		return Key{}, fmt.Errorf("token: key %q: %w", id, err)
	}
	return keyOf(id, bytes.Clone(secret)), nil
}

// keyOf makes a key of checked parts. It keeps secret.
func keyOf(id string, secret []byte) Key {
	return Key{&material{id: id, secret: func() []byte { return secret }}}
}

// GenerateKey makes a key with 32 random bytes from crypto/rand. Print what
// [Key.Reveal] returns once, into the secret store; a key that lives only in
// the process takes every outstanding link with it when the process ends.
func GenerateKey(id string) (Key, error) {
	secret := make([]byte, minSecret)
	rand.Read(secret) // never fails: the runtime ends the process instead
	return NewKey(id, secret)
}

// ID returns the public name of the key; "" for the zero Key.
func (k Key) ID() string {
	if k.material == nil {
		return ""
	}
	return k.material.id
}

// Reveal returns the key as "id:base64", the text that [ParseKeys] reads. It
// is the secret itself: whoever has it, and can read the users table, can make
// links for any user.
func (k Key) Reveal() string {
	if k.material == nil {
		return ""
	}
	return k.material.id + ":" + base64.StdEncoding.EncodeToString(k.material.secret())
}

// String returns the id and no secret.
func (k Key) String() string { return "token.Key(" + k.ID() + ", redacted)" }

// Format prints what String returns, whatever the verb.
func (k Key) Format(f fmt.State, _ rune) { printText(f, k.String()) }

// MarshalText returns what String returns, so that JSON holds no secret.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// LogValue returns what String returns.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

func checkKeyID(id string) error {
	if id == "" || len(id) > maxKeyID {
		return fmt.Errorf("it has %d characters, want 1 to %d", len(id), maxKeyID)
	}
	for i := range len(id) {
		// The same alphabet as base64url plus the dot: no character of it
		// needs an escape in JSON, in a path or in a shell.
		if c := id[i]; c != '.' && !isBase64URL(c) {
			return errors.New("it has characters other than letters, digits, '.', '_' and '-'")
		}
	}
	return nil
}
