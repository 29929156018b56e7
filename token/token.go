package token

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"time"
)

// Token is a token that [Signer.Issue] has made. It prints its ID alone. A
// Token does not change and may be shared.
type Token struct {
	text    Hidden
	expires time.Time
}

// Reveal returns the text of the token: at most 1,024 characters of
// [A-Za-z0-9_.-]. Whoever has it can use it, so it belongs in a mail to the
// stored address and nowhere else. The zero Token has no text.
func (t Token) Reveal() string { return t.text.Reveal() }

// ID returns a short name of the token for logs, as in [Claims].TokenID. Its 12
// characters say nothing about the text. The format has no random part: two
// tokens issued in the same second with the same state, purpose and lifetime
// are the same token and have the same ID. The zero Token has none.
func (t Token) ID() string {
	text := t.text.Reveal()
	if text == "" {
		return ""
	}

	var sig [sha256.Size]byte
	encoded := []byte(text[len(text)-signatureChars:])
	_, _ = base64url.Decode(sig[:], encoded) // Issue has encoded it
	return publicID(sig[:])
}

// ExpiresAt returns the first second in which the token is rejected, in UTC. It
// is zero for the zero Token.
func (t Token) ExpiresAt() time.Time { return t.expires }

// String returns the ID.
func (t Token) String() string {
	return "token.Token(" + t.ID() + ", redacted)"
}

// Format is String for every verb.
func (t Token) Format(f fmt.State, _ rune) { printText(f, t.String()) }

// MarshalText is String for encoders.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// LogValue is String for log/slog.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// publicID returns the first nine bytes of SHA-256 of the MAC, in base64url. No
// part of the MAC itself is used, because a log should hold no piece of a token
// that is still good.
func publicID(sig []byte) string {
	sum := sha256.Sum256(sig)
	return base64url.EncodeToString(sum[:9])
}
