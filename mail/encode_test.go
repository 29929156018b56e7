package mail_test

import (
	"io"
	"mime"
	"mime/quotedprintable"
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
	link := "https://app.example/reset-password/#token=" +
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

//lostkey:covers ASVS-1.3.11 CWE-93
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
		"Message.ID": func(m *mail.Message, s string) { m.ID = "id" + s },
		"Message.Locale": func(m *mail.Message, s string) {
			m.Locale = "en" + s
		},
		"Message.Headers": func(m *mail.Message, s string) {
			m.Headers = map[string]string{"X-A": "v" + s}
		},
	}

	for field, set := range fields {
		for _, payload := range []string{
			"\r\nBcc: canary@evil.example", "\n canary", "\rcanary",
			"\x00canary",
			"\x1b[31mcanary", "\u0085canary", "\u2028canary", "\u202ecanary",
			"\xffcanary", "\tcanary",
		} {
			_, err := mail.Encode(plainMessage(func(m *mail.Message) {
				set(m, payload)
			}))
			require.ErrorContains(t, err, field, "%q", payload)
			require.NotContains(t, err.Error(), "canary")
			require.Equal(t, mail.VerdictPermanent, mail.VerdictOf(err))
		}
	}
}

func TestEncodeRefusesBodiesWithControlsAndMissingFields(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(m *mail.Message, s string){
		"Message.Text": func(m *mail.Message, s string) { m.Text = s },
		"Message.HTML": func(m *mail.Message, s string) { m.HTML = s },
	} {
		for _, payload := range []string{
			"a\x00b", "a\x1bb", "a\x7fb", "a\xffb",
		} {
			_, err := mail.Encode(plainMessage(func(m *mail.Message) {
				change(m, payload)
			}))
			require.ErrorContains(t, err, name)
		}
	}

	for name, change := range map[string]func(*mail.Message){
		"Message.ID":  func(m *mail.Message) { m.ID = "" },
		"Message.ID ": func(m *mail.Message) { m.ID = "a..b" },
		"Message.ID  ": func(m *mail.Message) {
			m.ID = strings.Repeat("a", 65)
		},
		"Message.ID   ":   func(m *mail.Message) { m.ID = "a@b" },
		"Message.Subject": func(m *mail.Message) { m.Subject = "" },
		"Message.Text":    func(m *mail.Message) { m.Text = "" },
		"Message.Date":    func(m *mail.Message) { m.Date = time.Time{} },
		"Message.From":    func(m *mail.Message) { m.From = "" },
		"Message.To": func(m *mail.Message) {
			m.To = "Ana <ana@example.com>"
		},
		"Message.Locale": func(m *mail.Message) { m.Locale = "-en" },
	} {
		_, err := mail.Encode(plainMessage(change))
		require.ErrorContains(t, err, strings.TrimSpace(name))
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
