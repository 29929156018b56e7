package mail

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// foldAt is the line length RFC 5322 section 2.1.1 asks for, without CRLF.
	foldAt = 78
	// maxWord is the length of an encoded word by RFC 2047 section 2.
	maxWord = 75
	// maxHeader bounds a value that comes from outside: far more than a subject
	// needs.
	maxHeader = 998
	// maxHeaderName leaves room for a word behind it on the line.
	maxHeaderName = 40
)

// cleanLine reports whether s is one line of valid text: no CR, LF, NUL or
// other control, no line separator, nothing that reverses the reading
// direction.
func cleanLine(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) ||
			unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
	})
}

// headerWriter builds the header. Values are folded at spaces only, so that
// unfolding gives them back exactly.
type headerWriter struct{ b strings.Builder }

// structured writes a value that this package composed itself and that is
// ASCII, or UTF-8 by RFC 6532.
func (w *headerWriter) structured(name, value string) {
	w.b.WriteString(name)
	w.b.WriteString(":")

	column := len(name) + 1
	for i, word := range strings.Split(value, " ") {
		// Never fold before the first word: a line of white space alone is
		// obsolete syntax. Nor before an empty one, which would put two folds,
		// or trailing white space, in one line.
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

// text writes a value of free text, as encoded words where plain ASCII will not
// do.
func (w *headerWriter) text(name, value string) {
	prefix := len(name) + len(": ")
	if needsEncoding(value, prefix) {
		value = encodeWords(value, prefix)
	}
	w.structured(name, value)
}

// needsEncoding reports whether text must travel as encoded words: outside
// ASCII, looking like an encoded word itself, with white space that folding
// could lose, or with a word too long for a line. The first word shares its
// line with a prefix.
func needsEncoding(s string, prefix int) bool {
	losesSpace := strings.Contains(s, "  ") || strings.TrimSpace(s) != s
	if losesSpace || strings.Contains(s, "=?") {
		return true
	}

	room := foldAt - prefix
	for word := range strings.SplitSeq(s, " ") {
		if len(word) > room {
			return true
		}
		room = maxWord
	}

	return strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' || r > '~'
	})
}

const (
	wordStart = "=?utf-8?q?"
	wordEnd   = "?="
)

// encodeWords turns s into encoded words with the Q encoding, none over 75
// characters, none splitting a character (RFC 2047 sections 4.2 and 5). The
// first word leaves room for a prefix on its line.
func encodeWords(s string, prefix int) string {
	const whole = maxWord - len(wordStart) - len(wordEnd)
	room := whole - max(0, prefix-3)

	var b strings.Builder
	b.WriteString(wordStart)
	for _, r := range s {
		enc := qEncode(r)
		if len(enc) > room {
			b.WriteString(wordEnd + " " + wordStart)
			room = whole
		}
		b.WriteString(enc)
		room -= len(enc)
	}

	b.WriteString(wordEnd)
	return b.String()
}

// qEncode keeps only what is safe in every header position (RFC 2047 section 5,
// rule 3).
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

	escaper := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	quoted := `"` + escaper.Replace(name) + `"`
	if needsEncoding(name, 0) || needsEncoding(quoted, len("Reply-To: ")) {
		quoted = encodeWords(name, len("Reply-To: "))
	}
	return quoted + " <" + addr + ">"
}

// isOwnHeader reports whether Encode writes a header, it belongs to the
// envelope or to a relay, or it would add recipients.
func isOwnHeader(name string) bool {
	lower := strings.ToLower(name)
	return strings.HasPrefix(lower, "content-") ||
		strings.HasPrefix(lower, "resent-") ||
		slices.Contains(ownHeaders, lower)
}

var ownHeaders = []string{
	"from", "sender", "reply-to", "to", "cc", "bcc", "subject", "date",
	"message-id", "mime-version", "auto-submitted", "x-auto-response-suppress",
	"return-path", "received", "dkim-signature", "apparently-to", "errors-to",
	"disposition-notification-to", "return-receipt-to",
}

var errHeader = errors.New("mail: Message.Headers is invalid, want names and" +
	" values of one line that Encode does not write itself")

func validateExtra(name, value string) error {
	if name == "" || len(name) > maxHeaderName || isOwnHeader(name) {
		return errHeader
	}
	for _, r := range name {
		if r <= ' ' || r > '~' || r == ':' {
			return errHeader
		}
	}

	blank := strings.TrimSpace(value) == ""
	if blank || len(value) > maxHeader || !cleanLine(value) {
		return errHeader
	}
	return nil
}
