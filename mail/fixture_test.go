package mail_test

import (
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/stretchr/testify/require"
)

func plainMessage(change func(*mail.Message)) mail.Message {
	msg := mail.Message{
		ID: "fixed-id", Kind: mail.KindReset, Locale: "en",
		From: "App <no-reply@app.example>", To: "ana@example.com",
		Subject: "Reset your App password", Text: "Hello\n",
		HTML: "<p>Hello</p>\n",
		Date: time.Date(2026, time.November, 21, 2, 10, 0, 0, time.UTC),
	}
	if change != nil {
		change(&msg)
	}
	return msg
}

// sample is a mail as an application would send it.
func sample(t *testing.T, r mail.Renderer, data mail.Data) mail.Message {
	t.Helper()
	msg, err := r.Render(data)
	require.NoError(t, err)

	msg.ID, msg.Date = "golden-"+string(data.Kind), data.At
	msg.From, msg.To = "Example <no-reply@app.example>", "ana@example.com"
	msg.ReplyTo = "support@app.example"
	return msg
}

func builtin(tb testing.TB) *mail.Templates {
	tb.Helper()
	templates, err := mail.NewTemplates(mail.TemplatesConfig{})
	require.NoError(tb, err)
	return templates
}

// everyMail runs f for each kind in each locale.
func everyMail(t *testing.T,
	f func(t *testing.T, data mail.Data, msg mail.Message),
) {
	t.Helper()
	templates := builtin(t)
	for _, locale := range templates.Locales() {
		for _, kind := range mail.BuiltInKinds() {
			t.Run(locale+"/"+string(kind), func(t *testing.T) {
				t.Parallel()
				data := mail.SampleData(kind, locale)
				msg, err := templates.Render(data)
				require.NoError(t, err)
				f(t, data, msg)
			})
		}
	}
}
