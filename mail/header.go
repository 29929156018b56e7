package mail

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// foldAt is the line length RFC 5322 section 2.1.1 asks for, without CRLF.
	foldAt = 78
	// maxWord is the length of an encoded word by RFC 2047 section 2.
	maxWord = 75
	// maxHeader bounds a value that comes from outside: far more than a subject needs.
	maxHeader = 998
	// maxHeaderName leaves room for a word behind it on the line.
	maxHeaderName = 40
)

// cleanLine reports whether s is one line of valid text: no CR, LF, NUL or other control, no line
// separator, nothing that reverses the reading direction.
func cleanLine(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return false
		}
	}
	return true
}

// headerWriter builds the header block. Values are folded at spaces only, so that unfolding gives them back exactly.
type headerWriter struct{ b strings.Builder }

// structured writes a value that this package composed itself and that is ASCII, or UTF-8 by RFC 6532.
func (w *headerWriter) structured(name, value string) {
	w.b.WriteString(name)
	w.b.WriteString(":")
	column := len(name) + 1
	for i, word := range strings.Split(value, " ") {
		// Never fold before the first word: a line of white space alone is obsolete syntax. Nor before
		// an empty one, which would put two folds, or trailing white space, in one line.
		if i > 0 && word != "" && column+1+len(word) > foldAt {
			w.b.WriteString("\r\n")
			column = 0
		}
		w.b.WriteString(" ")
		w.b.WriteString(word)
		column += 1 + len(word)
	}
	w.b.WriteString("\r\n")
}

// text writes a value of free text, as encoded words where plain ASCII will not do.
func (w *headerWriter) text(name, value string) {
	prefix := len(name) + len(": ")
	if needsEncoding(value, prefix) {
		value = encodeWords(value, prefix)
	}
	w.structured(name, value)
}

// needsEncoding reports whether text must travel as encoded words: outside ASCII, looking like an
// encoded word itself, with white space that folding could lose, or with a word too long for a line. The first word shares
// its line with a prefix.
func needsEncoding(s string, prefix int) bool {
	if strings.Contains(s, "=?") || strings.Contains(s, "  ") || strings.TrimSpace(s) != s {
		return true
	}
	room := foldAt - prefix
	for word := range strings.SplitSeq(s, " ") {
		if len(word) > room {
			return true
		}
		room = maxWord
	}
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

const (
	wordStart = "=?utf-8?q?"
	wordEnd   = "?="
)

// encodeWords turns s into encoded words with the Q encoding, none over 75 characters, none splitting a
// character (RFC 2047 sections 4.2 and 5). The first word leaves room for a prefix on its line.
func encodeWords(s string, prefix int) string {
	var b strings.Builder
	b.WriteString(wordStart)
	room := maxWord - max(0, prefix-3) - len(wordStart) - len(wordEnd)
	for _, r := range s {
		enc := qEncode(r)
		if len(enc) > room {
			b.WriteString(wordEnd + " " + wordStart)
			room = maxWord - len(wordStart) - len(wordEnd)
		}
		b.WriteString(enc)
		room -= len(enc)
	}
	b.WriteString(wordEnd)
	return b.String()
}

// qEncode keeps only what is safe in every header position (RFC 2047 section 5, rule 3).
func qEncode(r rune) string {
	switch {
	case r == ' ':
		return "_"
	case isAlnum(r):
		return string(r)
	}
	var b strings.Builder
	for _, octet := range []byte(string(r)) {
		fmt.Fprintf(&b, "=%02X", octet)
	}
	return b.String()
}

// formatMailbox writes name and addr as a mailbox of RFC 5322 section 3.4.
func formatMailbox(name, addr string) string {
	if name == "" {
		return addr
	}
	quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	if needsEncoding(name, 0) || needsEncoding(quoted, len("Reply-To: ")) {
		quoted = encodeWords(name, len("Reply-To: "))
	}
	return quoted + " <" + addr + ">"
}

// ownHeaders are written by Encode, belong to the envelope or to a relay, or would add recipients.
var ownHeaders = map[string]bool{
	"from": true, "sender": true, "reply-to": true, "to": true, "cc": true, "bcc": true,
	"subject": true, "date": true, "message-id": true, "mime-version": true,
	"auto-submitted": true, "x-auto-response-suppress": true,
	"return-path": true, "received": true, "dkim-signature": true, "apparently-to": true, "errors-to": true,
	"disposition-notification-to": true, "return-receipt-to": true,
}

var errHeader = errors.New("mail: Message.Headers holds a name or value that cannot be sent")

func checkExtra(h Header) error {
	lower := strings.ToLower(h.Name)
	if h.Name == "" || len(h.Name) > maxHeaderName || ownHeaders[lower] ||
		strings.HasPrefix(lower, "content-") || strings.HasPrefix(lower, "resent-") {
		return errHeader
	}
	for _, r := range h.Name {
		if r <= ' ' || r > '~' || r == ':' {
			return errHeader
		}
	}
	if len(h.Value) > maxHeader || strings.TrimSpace(h.Value) == "" || !cleanLine(h.Value) {
		return errHeader
	}
	return nil
}
