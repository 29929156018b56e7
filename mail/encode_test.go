package mail_test

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/stretchr/testify/require"
)

func TestHeadersAreThoseOfATransactionalMail(t *testing.T) {
	t.Parallel()
	encoded, err := mail.Encode(plainMessage(func(m *mail.Message) {
		m.ReplyTo = "Help <help@app.example>"
		m.Locale = "pt-BR"
		m.Headers = map[string]string{"Feedback-ID": "reset:app"}
	}))
	require.NoError(t, err)

	header := reparse(t, encoded).Header
	for name, want := range map[string]string{
		"From":                     `"App" <no-reply@app.example>`,
		"To":                       "ana@example.com",
		"Reply-To":                 `"Help" <help@app.example>`,
		"Subject":                  "Reset your App password",
		"Date":                     "Sat, 21 Nov 2026 02:10:00 +0000",
		"Message-Id":               "<fixed-id@app.example>",
		"Mime-Version":             "1.0",
		"Auto-Submitted":           "auto-generated",
		"X-Auto-Response-Suppress": "All",
		"Content-Language":         "pt-BR",
		"Feedback-Id":              "reset:app",
	} {
		require.Equal(t, []string{want}, header[name], name)
	}

	require.Len(t, header, 12, "and Content-Type, and nothing else: %v", header)
}

func TestTextAloneIsASinglePart(t *testing.T) {
	t.Parallel()
	encoded, err := mail.Encode(plainMessage(func(m *mail.Message) {
		m.HTML = ""
		m.Locale = ""
	}))
	require.NoError(t, err)

	parsed := reparse(t, encoded)
	require.Equal(t, "text/plain; charset=utf-8",
		parsed.Header.Get("Content-Type"))
	require.Empty(t, parsed.Header["Content-Language"])

	body, err := io.ReadAll(quotedprintable.NewReader(parsed.Body))
	require.NoError(t, err)
	require.Equal(t, "Hello\r\n", string(body))
}

func TestLongLinksSurviveInShortLines(t *testing.T) {
	t.Parallel()
	link := "https://app.example/reset-password#token=" +
		strings.Repeat("aZ0-_.=", 300)
	encoded, err := mail.Encode(plainMessage(func(m *mail.Message) {
		m.Text = "Open:\n\n" + link + "\n\nBye.\n"
		m.HTML = `<a href="` + link + `">x</a>`
	}))
	require.NoError(t, err)
	wellFormed(t, encoded)

	text, html := bodies(t, encoded)
	require.Contains(t, strings.Split(text, "\n"), link)
	require.Contains(t, html, `"`+link+`"`)
}

var encodedWord = regexp.MustCompile(`=\?[^ ]+\?=`)

func TestHeaderTextOfAnyScriptFoldsAndComesBack(t *testing.T) {
	t.Parallel()
	decoder := new(mime.WordDecoder)
	for _, subject := range []string{
		"plain", "Restablece tu contraseña", strings.Repeat("パスワードの再設定 ", 12) + "終",
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

func TestEncodeRefusesWhateverCouldLeaveItsField(t *testing.T) {
	t.Parallel()
	type set = func(m *mail.Message, s string)
	fields := map[string]set{
		"Message.From": func(m *mail.Message, s string) {
			m.From = "App" + s + " <a@app.example>"
		},
		"Message.To": func(m *mail.Message, s string) {
			m.To = "ana@example.com" + s
		},
		"Message.ReplyTo": func(m *mail.Message, s string) {
			m.ReplyTo = "a@app.example" + s
		},
		"Message.Subject": func(m *mail.Message, s string) {
			m.Subject = "Hello" + s
		},
		"Message.ID":     func(m *mail.Message, s string) { m.ID = "id" + s },
		"Message.Locale": func(m *mail.Message, s string) { m.Locale = "en" + s },
		"Message.Headers": func(m *mail.Message, s string) {
			m.Headers = map[string]string{"X-A": "v" + s}
		},
	}

	for field, set := range fields {
		for _, payload := range []string{
			"\r\nBcc: canary@evil.example", "\n canary", "\rcanary", "\x00canary",
			"\x1b[31mcanary", "\u0085canary", "\u2028canary", "\u202ecanary",
			"\xffcanary", "\tcanary",
		} {
			_, err := mail.Encode(plainMessage(func(m *mail.Message) {
				set(m, payload)
			}))
			require.ErrorContains(t, err, field, "%q", payload)
			require.NotContains(t, err.Error(), "canary")
			require.Equal(t, mail.Permanent, mail.VerdictOf(err))
		}
	}

	for name, change := range map[string]set{
		"Message.Text": func(m *mail.Message, s string) { m.Text = s },
		"Message.HTML": func(m *mail.Message, s string) { m.HTML = s },
	} {
		for _, payload := range []string{"a\x00b", "a\x1bb", "a\x7fb", "a\xffb"} {
			_, err := mail.Encode(plainMessage(func(m *mail.Message) {
				change(m, payload)
			}))
			require.ErrorContains(t, err, name)
		}
	}

	for name, change := range map[string]func(*mail.Message){
		"Message.ID":      func(m *mail.Message) { m.ID = "" },
		"Message.ID ":     func(m *mail.Message) { m.ID = "a..b" },
		"Message.ID  ":    func(m *mail.Message) { m.ID = strings.Repeat("a", 65) },
		"Message.ID   ":   func(m *mail.Message) { m.ID = "a@b" },
		"Message.Subject": func(m *mail.Message) { m.Subject = "" },
		"Message.Text":    func(m *mail.Message) { m.Text = "" },
		"Message.Date":    func(m *mail.Message) { m.Date = time.Time{} },
		"Message.From":    func(m *mail.Message) { m.From = "" },
		"Message.To":      func(m *mail.Message) { m.To = "Ana <ana@example.com>" },
		"Message.Locale":  func(m *mail.Message) { m.Locale = "-en" },
	} {
		_, err := mail.Encode(plainMessage(change))
		require.ErrorContains(t, err, strings.TrimSpace(name))
	}
}

func TestExtraHeadersCannotReplaceOurOwnNorAddRecipients(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"From", "to", "CC", "Bcc", "Sender", "Reply-To", "Subject", "Date",
		"Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
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

func TestEncodeGivesTheSameBytesForTheSameMessage(t *testing.T) {
	t.Parallel()
	first, err := mail.Encode(plainMessage(nil))
	require.NoError(t, err)
	second, err := mail.Encode(plainMessage(nil))
	require.NoError(t, err)
	require.Equal(t, string(first), string(second))

	other, err := mail.Encode(plainMessage(func(m *mail.Message) {
		m.ID = mail.NewID()
	}))
	require.NoError(t, err)
	require.NotEqual(t, string(first), string(other))

	ids := map[string]bool{}
	for range 1000 {
		id := mail.NewID()
		require.Regexp(t, "^[a-z0-9]{26,}$", id,
			"filters count capitals in a Message-ID")
		ids[id] = true
	}
	require.Len(t, ids, 1000)
}

func TestABodyCannotContainTheBoundary(t *testing.T) {
	t.Parallel()
	encoded, err := mail.Encode(plainMessage(nil))
	require.NoError(t, err)
	media := reparse(t, encoded).Header.Get("Content-Type")
	_, params, err := mime.ParseMediaType(media)
	require.NoError(t, err)

	hostile := "x\n--" + params["boundary"] +
		"--\nContent-Type: text/html\n\n--" + params["boundary"] + "\n"
	encoded, err = mail.Encode(plainMessage(func(m *mail.Message) {
		m.Text, m.HTML = hostile, hostile
	}))
	require.NoError(t, err)

	text, html := bodies(t, encoded)
	require.Equal(t, hostile, text)
	require.Equal(t, hostile, html)
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
		require.False(t, slices.Contains(strings.Split(string(block), "\r\n"), ""))
	})
}
