package token

import (
	"fmt"
	"io"
	"log/slog"
)

// Hidden is a secret text that fmt, encoding/json and log/slog cannot see,
// wherever it sits. Make one with [Hide]. The zero Hidden is the empty text. To
// compare two, compare what Reveal returns.
type Hidden struct {
	// A function, because no printer can look into one. fmt calls no methods
	// on a value in an unexported field; it would print a string.
	text func() string
}

// Hide returns text as a Hidden.
func Hide(text string) Hidden {
	if text == "" {
		return Hidden{}
	}
	return Hidden{func() string { return text }}
}

// Reveal returns the text.
func (h Hidden) Reveal() string {
	if h.text == nil {
		return ""
	}
	return h.text()
}

// String returns a constant and not the text.
func (h Hidden) String() string { return "token.Hidden(redacted)" }

// Format is String for every verb.
func (h Hidden) Format(f fmt.State, _ rune) { printText(f, h.String()) }

// MarshalText is String for encoders.
func (h Hidden) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// LogValue is String for log/slog.
func (h Hidden) LogValue() slog.Value { return slog.StringValue(h.String()) }

// printText is what the Format methods of this package call. A fmt.State never
// fails to write.
func printText(f fmt.State, text string) { _, _ = io.WriteString(f, text) }
