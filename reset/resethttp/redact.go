package resethttp

import (
	"fmt"
	"io"
	"log/slog"
)

// String names the page.
func (p Page) String() string { return "resethttp.Page{" + p.Name + "}" }

// Format prints what String returns, whatever the verb.
func (p Page) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, p.String())
}

// LogValue returns what String returns.
func (p Page) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalText returns what String returns, so that JSON holds neither address
// nor token.
func (p Page) MarshalText() ([]byte, error) { return []byte(p.String()), nil }
