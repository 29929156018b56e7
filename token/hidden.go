package token

import (
	"fmt"
	"log/slog"
)

// Hidden is a text that nothing prints: it is kept in a function, which fmt,
// encoding/json and log/slog cannot look into, wherever the Hidden sits. Make
// one with [Hide]; the zero Hidden is the empty text. Two of them cannot be
// compared; compare what Reveal returns.
type Hidden struct{ text func() string }

// Hide makes a Hidden of text, at the cost of one small allocation.
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

// String does not return the text.
func (h Hidden) String() string { return "token.Hidden(redacted)" }

// Format prints what String returns, whatever the verb.
func (h Hidden) Format(f fmt.State, _ rune) { printText(f, h.String()) }

// MarshalText returns what String returns.
func (h Hidden) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// LogValue returns what String returns.
func (h Hidden) LogValue() slog.Value { return slog.StringValue(h.String()) }
