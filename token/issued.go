package token

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"time"
)

// Token is an issued token. It prints itself redacted, with its public id, in
// every way fmt, encoding/json and log/slog have; [Token.Reveal] gives the text
// for the link. A Token does not change and may be shared.
type Token struct {
	issued *issued
}

type issued struct {
	text func() string // a function, for the reason given at Key's material
	exp  int64
}

// Reveal returns the text: characters of [A-Za-z0-9_.-] only, at most 1,024.
// Whoever has it can use it, so it belongs in the mail and nowhere else. "" for
// the zero Token.
func (t Token) Reveal() string {
	if t.issued == nil {
		return ""
	}
	return t.issued.text()
}

// ID returns a short digest of the token for logs and audit, the same as
// [Claims.TokenID]: 12 characters that say nothing of the text. Two tokens that
// were issued in the same second for the same state, purpose and lifetime are
// the same token, with the same ID. "" for the zero Token.
func (t Token) ID() string {
	if t.issued == nil {
		return ""
	}
	var sig [sha256.Size]byte
	text := t.issued.text()
	_, _ = base64url.Decode(sig[:], []byte(text[len(text)-signatureChars:])) // Issue wrote it
	return publicID(sig[:])
}

// ExpiresAt returns the second from which on the token is rejected, in UTC; the
// zero time for the zero Token.
func (t Token) ExpiresAt() time.Time {
	if t.issued == nil {
		return time.Time{}
	}
	return time.Unix(t.issued.exp, 0).UTC()
}

// IsZero reports whether t is the zero Token, which no Issue has made.
func (t Token) IsZero() bool { return t.issued == nil }

// String returns the id and not the text.
func (t Token) String() string { return "token.Token(" + t.ID() + ", redacted)" }

// Format prints what String returns, whatever the verb.
func (t Token) Format(f fmt.State, _ rune) { printText(f, t.String()) }

// MarshalText returns what String returns, so that JSON does not hold the text.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// LogValue returns what String returns.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// publicID is the first nine bytes of SHA-256 over the MAC, in base64url. Not a
// part of the MAC itself: a log should hold no piece of a live token.
func publicID(sig []byte) string {
	sum := sha256.Sum256(sig)
	return base64url.EncodeToString(sum[:9])
}
