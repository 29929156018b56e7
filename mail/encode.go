package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"mime/quotedprintable"
	"strings"
	"time"
	"unicode/utf8"
)

// Encode returns msg as an Internet message (RFC 5322) with CRLF line ends: multipart/alternative with the text
// first, or text/plain alone when HTML is empty, in quoted-printable with lines of at most 76 characters.
//
// The result depends on msg alone, so that a retry sends the same bytes. Message-ID is made of ID and the domain
// of From. Auto-Submitted (RFC 3834 section 5) and X-Auto-Response-Suppress keep vacation responders
// quiet. There is no User-Agent, Precedence or List-Unsubscribe.
//
// Every field is checked before anything is written: addresses by [CheckAddress], headers for controls, bodies for valid
// text. Addresses outside ASCII are written as UTF-8 (RFC 6532), which only some servers accept. Errors
// are [Permanent], name the field and never show its value.
func Encode(msg Message) ([]byte, error) {
	block, err := encodeHeader(msg)
	if err != nil {
		return nil, permanent(err)
	}
	var b bytes.Buffer
	b.Grow(len(block) + len(msg.Text) + len(msg.HTML)*5/4 + 1024)
	b.WriteString(block)
	if msg.HTML == "" {
		writePart(&b, "text/plain", msg.Text)
		return b.Bytes(), nil
	}
	boundary := boundaryOf(msg.ID)
	fmt.Fprintf(&b, "Content-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n\r\n", boundary)
	fmt.Fprintf(&b, "--%s\r\n", boundary)
	writePart(&b, "text/plain", msg.Text)
	fmt.Fprintf(&b, "\r\n--%s\r\n", boundary)
	writePart(&b, "text/html", msg.HTML)
	fmt.Fprintf(&b, "\r\n--%s--\r\n", boundary)
	return b.Bytes(), nil
}

func encodeHeader(msg Message) (string, error) {
	fromName, fromAddr, err := ParseMailbox(msg.From)
	if err != nil {
		return "", errors.New("mail: Message.From is not an address that can be used")
	}
	if CheckAddress(msg.To) != nil {
		return "", errors.New("mail: Message.To is not one plain address")
	}
	if err := checkBody(msg); err != nil {
		return "", err
	}
	var w headerWriter
	w.structured("From", formatMailbox(fromName, fromAddr))
	w.structured("To", msg.To)
	if msg.ReplyTo != "" {
		name, addr, err := ParseMailbox(msg.ReplyTo)
		if err != nil {
			return "", errors.New("mail: Message.ReplyTo is not an address that can be used")
		}
		w.structured("Reply-To", formatMailbox(name, addr))
	}
	w.text("Subject", msg.Subject)
	w.structured("Date", msg.Date.Format(time.RFC1123Z))
	w.structured("Message-ID", "<"+msg.ID+fromAddr[strings.LastIndexByte(fromAddr, '@'):]+">")
	w.structured("MIME-Version", "1.0")
	w.structured("Auto-Submitted", "auto-generated")
	w.structured("X-Auto-Response-Suppress", "All")
	if msg.Locale != "" {
		w.structured("Content-Language", msg.Locale)
	}
	for _, h := range msg.Headers {
		if err := checkExtra(h); err != nil {
			return "", err
		}
		w.text(h.Name, h.Value)
	}
	return w.b.String(), nil
}

func checkBody(msg Message) error {
	switch {
	case !plainID(msg.ID):
		return errors.New("mail: Message.ID is empty or holds characters that a Message-ID cannot")
	case msg.Locale != "" && !plainLocale(msg.Locale):
		return errors.New("mail: Message.Locale is not a language tag")
	case msg.Subject == "" || len(msg.Subject) > maxHeader || !cleanLine(msg.Subject):
		return errors.New("mail: Message.Subject is empty, too long, or more than one line of text")
	case msg.Date.IsZero() || msg.Date.Year() < 1970 || msg.Date.Year() > 9999:
		return errors.New("mail: Message.Date is not set")
	case msg.Text == "" || !cleanBody(msg.Text):
		return errors.New("mail: Message.Text is empty or holds control characters")
	case !cleanBody(msg.HTML):
		return errors.New("mail: Message.HTML holds control characters")
	}
	return nil
}

const maxID = 64

func plainID(id string) bool {
	if id == "" || len(id) > maxID {
		return false
	}
	for atom := range strings.SplitSeq(id, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool { return !isAlnum(r) && r != '-' && r != '_' }) {
			return false
		}
	}
	return true
}

// plainLocale checks the shape of a BCP 47 tag; 35 characters hold every registered one (RFC 5646 section 4.4.1).
func plainLocale(tag string) bool {
	return len(tag) <= 35 && tag[0] != '-' && tag[len(tag)-1] != '-' &&
		!strings.ContainsFunc(tag, func(r rune) bool { return !isAlnum(r) && r != '-' })
}

// cleanBody allows tabs and line ends, and no other control character.
func cleanBody(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f
	})
}

// boundaryOf returns a delimiter that no body can contain: quoted-printable never writes "=_".
func boundaryOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return "=_" + hex.EncodeToString(sum[:16])
}

func writePart(b *bytes.Buffer, mediaType, body string) {
	b.WriteString("Content-Type: " + mediaType + "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	// Writing to a bytes.Buffer cannot fail.
	w := quotedprintable.NewWriter(b)
	_, _ = w.Write([]byte(body))
	_ = w.Close()
}
