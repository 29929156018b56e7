package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"mime/quotedprintable"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Encode returns msg as an Internet message (RFC 5322) with CRLF line ends:
// multipart/alternative with the text first, or text/plain alone when HTML is
// empty, in quoted-printable.
//
// The result depends on msg alone, so that a retry sends the same bytes.
// Message-ID is made of ID and the domain of From. Auto-Submitted (RFC 3834,
// section 5) and X-Auto-Response-Suppress keep vacation responders quiet.
//
// Every field is checked first. Addresses outside ASCII are written as UTF-8
// (RFC 6532), which only some servers accept. Errors are [VerdictPermanent],
// name the field and never show its value.
func Encode(msg Message) ([]byte, error) {
	header, err := encodeHeader(msg)
	if err != nil {
		return nil, permanent(err)
	}

	var b bytes.Buffer
	b.Grow(len(header) + len(msg.Text) + len(msg.HTML)*5/4 + 1024)
	b.WriteString(header)
	if msg.HTML == "" {
		writePart(&b, "text/plain", msg.Text)
		return b.Bytes(), nil
	}

	boundary := boundaryOf(msg.ID)
	b.WriteString("Content-Type: multipart/alternative;\r\n")
	fmt.Fprintf(&b, " boundary=\"%s\"\r\n\r\n", boundary)
	fmt.Fprintf(&b, "--%s\r\n", boundary)
	writePart(&b, "text/plain", msg.Text)
	fmt.Fprintf(&b, "\r\n--%s\r\n", boundary)
	writePart(&b, "text/html", msg.HTML)
	fmt.Fprintf(&b, "\r\n--%s--\r\n", boundary)
	return b.Bytes(), nil
}

// encodeHeader checks the whole message and writes its header.
func encodeHeader(msg Message) (string, error) {
	fromName, fromAddr, err := ParseMailbox(msg.From)
	if err != nil {
		return "", invalidField("From", wantMailbox)
	}
	if ValidateAddress(msg.To) != nil {
		return "", invalidField("To", "one plain address")
	}
	if err := msg.validate(); err != nil {
		return "", err
	}

	var w headerWriter
	w.structured("From", formatMailbox(fromName, fromAddr))
	w.structured("To", msg.To)
	if msg.ReplyTo != "" {
		name, addr, err := ParseMailbox(msg.ReplyTo)
		if err != nil {
			return "", invalidField("ReplyTo", wantMailbox)
		}
		w.structured("Reply-To", formatMailbox(name, addr))
	}

	domain := fromAddr[strings.LastIndexByte(fromAddr, '@'):]
	w.text("Subject", msg.Subject)
	w.structured("Date", msg.Date.Format(time.RFC1123Z))
	w.structured("Message-ID", "<"+msg.ID+domain+">")
	w.structured("MIME-Version", "1.0")
	w.structured("Auto-Submitted", "auto-generated")
	w.structured("X-Auto-Response-Suppress", "All")
	if msg.Locale != "" {
		w.structured("Content-Language", msg.Locale)
	}

	for _, name := range slices.Sorted(maps.Keys(msg.Headers)) {
		value := msg.Headers[name]
		if err := validateExtra(name, value); err != nil {
			return "", err
		}
		w.text(name, value)
	}
	return w.b.String(), nil
}

const wantMailbox = "an address, or a name and an address"

func invalidField(name, want string) error {
	return errors.New("mail: Message." + name + " is invalid, want " + want)
}

// validate checks what is neither an address nor an extra header. It never
// shows a value, because the bodies hold live links.
func (m Message) validate() error {
	year := m.Date.Year()
	switch {
	case !plainID(m.ID):
		return invalidField("ID", "1 to 64 letters, digits and any of ._-")
	case m.Locale != "" && !isLanguageTag(m.Locale):
		return invalidField("Locale", "a language tag")
	case m.Subject == "" || len(m.Subject) > maxHeader || !cleanLine(m.Subject):
		return invalidField("Subject", "one line of text")
	case m.Date.IsZero() || year < 1970 || year > 9999:
		return invalidField("Date", "a year from 1970 to 9999")
	case m.Text == "" || !cleanBody(m.Text):
		return invalidField("Text", "text without control characters")
	case !cleanBody(m.HTML):
		return invalidField("HTML", "text without control characters")
	}
	return nil
}

const maxID = 64

func plainID(id string) bool {
	if id == "" || len(id) > maxID {
		return false
	}
	for atom := range strings.SplitSeq(id, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool {
			return !isAlnum(r) && r != '-' && r != '_'
		}) {
			return false
		}
	}
	return true
}

// cleanBody allows tabs and line ends, and no other control character.
func cleanBody(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f
	})
}

// boundaryOf returns a delimiter that no body can contain, because
// quoted-printable never writes "=_".
func boundaryOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return "=_" + hex.EncodeToString(sum[:16])
}

func writePart(b *bytes.Buffer, mediaType, body string) {
	b.WriteString("Content-Type: " + mediaType + "; charset=utf-8\r\n")
	b.WriteString("Content-Transfer-Encoding: quoted-printable\r\n\r\n")

	// Writing to a bytes.Buffer cannot fail.
	w := quotedprintable.NewWriter(b)
	_, _ = w.Write([]byte(body))
	_ = w.Close()
}
