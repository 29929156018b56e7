package smtptest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
)

// sample renders one mail as an application would send it.
func sample(t *testing.T, kind mail.Kind, locale string) mail.Message {
	t.Helper()
	templates, err := mail.NewTemplates(mail.TemplatesConfig{})
	require.NoError(t, err)

	data := mail.SampleData(kind, locale)
	content, err := templates.Render(data)
	require.NoError(t, err)
	return mail.Message{
		ID:      mail.NewID(),
		Kind:    kind,
		Locale:  content.Locale,
		From:    "Example <no-reply@app.example>",
		To:      "ana@destination.example",
		ReplyTo: "support@app.example",
		Subject: content.Subject,
		Text:    content.Text,
		HTML:    content.HTML,
		Date:    time.Now(),
	}
}
