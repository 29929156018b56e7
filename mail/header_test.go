package mail_test

import (
	"bytes"
	"errors"
	"mime"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/stretchr/testify/require"
)

var encodedWord = regexp.MustCompile(`=\?[^ ]+\?=`)

func TestHeaderTextOfAnyScriptFoldsAndComesBack(t *testing.T) {
	t.Parallel()
	decoder := new(mime.WordDecoder)
	for _, subject := range []string{
		"plain", "Restablece tu contraseña",
		strings.Repeat("パスワードの再設定 ", 12) + "終",
		"O'Brien & Co <x>", "=?utf-8?q?already=20encoded?=",
		"two  spaces", "trailing ", " leading", strings.Repeat("x", 200),
		strings.Repeat("word ", 60) + "end", "emoji 😀 and e\u0301",
		"a\u00a0no-break space", `quotes " and \ slashes`,
		"(parentheses), commas; colons: @",
	} {
		encoded, err := mail.Encode(plainMessage(func(m *mail.Message) {
			m.Subject = subject
			m.Headers = map[string]string{"X-Note": subject}
		}))
		require.NoError(t, err, "%q", subject)
		wellFormed(t, encoded)

		header := reparse(t, encoded).Header
		for _, name := range []string{"Subject", "X-Note"} {
			got, err := decoder.DecodeHeader(header.Get(name))
			require.NoError(t, err)
			require.Equal(t, subject, got)
		}

		for _, word := range encodedWord.FindAllString(string(encoded), -1) {
			require.LessOrEqual(t, len(word), 75)
		}
	}
}

func mailbox(name string) string {
	addr := netmail.Address{Name: name, Address: "no-reply@app.example"}
	return addr.String()
}

func TestDisplayNamesComeBack(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"App", `Café, "R" Ltda`, "O'Brien & Co", "Bücher (GmbH)", `back\slash`,
		strings.Repeat("Ünïcödé ", 20) + "x", "a@b", "=",
	} {
		from := mailbox(name)
		encoded, err := mail.Encode(plainMessage(func(m *mail.Message) {
			m.From = from
		}))
		require.NoError(t, err, name)
		wellFormed(t, encoded)

		got, err := netmail.ParseAddress(reparse(t, encoded).Header.Get("From"))
		require.NoError(t, err, "%q", reparse(t, encoded).Header.Get("From"))
		require.Equal(t, name, got.Name)
		require.Equal(t, "no-reply@app.example", got.Address)
	}
}

//lostkey:covers ASVS-1.3.11 CWE-93
func TestExtraHeadersCannotReplaceOurOwnNorAddRecipients(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"From", "to", "CC", "Bcc", "Sender", "Reply-To", "Subject", "Date",
		"Message-ID", "MIME-Version", "Content-Type",
		"Content-Transfer-Encoding",
		"Content-Anything", "Auto-Submitted", "X-Auto-Response-Suppress",
		"Return-Path", "Received", "Resent-To", "DKIM-Signature",
		"Disposition-Notification-To", "Return-Receipt-To", "Errors-To",
		"Apparently-To",
		"", "X A", "X:A", "X\tA", "X-Ä", strings.Repeat("X", 41),
	} {
		_, err := mail.Encode(plainMessage(func(m *mail.Message) {
			m.Headers = map[string]string{name: "v"}
		}))
		require.ErrorContains(t, err, "Message.Headers", "%q", name)
	}

	for _, value := range []string{"", "   ", strings.Repeat("v", 999)} {
		_, err := mail.Encode(plainMessage(func(m *mail.Message) {
			m.Headers = map[string]string{"X-A": value}
		}))
		require.ErrorContains(t, err, "Message.Headers")
	}
}

func FuzzEncodeHeaders(f *testing.F) {
	f.Add("Reset your password", "App", "value", "id")
	f.Add("Restablece tu contraseña ahora mismo, por favor, antes de que"+
		" caduque el enlace", "Café, \"R\"", "=?utf-8?q?x?=", "a.b")
	f.Add("a\r\nBcc: x@y.example", "a\r\nb", "v\n", "id\r\n")
	decoder := new(mime.WordDecoder)

	f.Fuzz(func(t *testing.T, subject, name, value, id string) {
		msg := plainMessage(func(m *mail.Message) {
			m.Subject, m.ID = subject, id
			m.From = mailbox(name)
			m.Headers = map[string]string{"X-Note": value}
		})

		encoded, err := mail.Encode(msg)
		if err != nil {
			_, ok := errors.AsType[*mail.SendError](err)
			require.True(t, ok)
			return
		}

		block, _, _ := bytes.Cut(encoded, []byte("\r\n\r\n"))
		wellFormed(t, block)

		header := reparse(t, encoded).Header
		require.Len(t, header, 11)
		for _, values := range header {
			require.Len(t, values, 1)
		}

		got, err := decoder.DecodeHeader(header.Get("Subject"))
		require.NoError(t, err)
		require.Equal(t, subject, got)

		got, err = decoder.DecodeHeader(header.Get("X-Note"))
		require.NoError(t, err)
		require.Equal(t, value, got)

		from, err := netmail.ParseAddress(header.Get("From"))
		require.NoError(t, err)
		require.Equal(t, "no-reply@app.example", from.Address)

		_, fromName, err2 := mail.ParseMailbox(msg.From)
		require.NoError(t, err2)
		require.Equal(t, "no-reply@app.example", fromName)
		require.Equal(t, "<"+id+"@app.example>", header.Get("Message-ID"))
		lines := strings.Split(string(block), "\r\n")
		require.False(t, slices.Contains(lines, ""))
	})
}
