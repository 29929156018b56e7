package mail

import (
	"fmt"
	"io"
	"log/slog"
)

// String shows Kind and Locale.
func (d Data) String() string {
	return fmt.Sprintf("mail.Data{Kind: %s, Locale: %s}", d.Kind, d.Locale)
}

// Format prints what String returns, whatever the verb.
func (d Data) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, d.String()) }

// LogValue returns what String returns.
func (d Data) LogValue() slog.Value { return slog.StringValue(d.String()) }

// MarshalText returns what String returns, so that JSON holds no link. A
// [Renderer] that passes a Data on copies the fields it needs.
func (d Data) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String shows Locale.
func (c Content) String() string { return "mail.Content{Locale: " + c.Locale + "}" }

// Format prints what String returns, whatever the verb.
func (c Content) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, c.String()) }

// LogValue returns what String returns.
func (c Content) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalText returns what String returns, so that JSON holds no link.
func (c Content) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
