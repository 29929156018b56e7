package mail_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/stretchr/testify/require"
)

// verifyEmail is what a host writes for a mail of its own.
const verifyEmail = `{
	"verify-email.subject": "Confirm your address for {product}",
	"verify-email.title": "Confirm your address",
	"verify-email.what": "On {when}, this address was given to {product}.",
	"verify-email.action": "To confirm that it is yours, open this link:",
	"verify-email.button": "Confirm the address",
	"verify-email.not-you": "If this was not you, ignore this message."
}`

func ownTemplates(files map[string]string) (*mail.Templates, error) {
	return mail.NewTemplates(mail.TemplatesConfig{
		Files: override(files), Kinds: []mail.Kind{"verify-email"},
	})
}

func TestAKindOfTheHostsOwnHasTheShippedLook(t *testing.T) {
	t.Parallel()
	templates, err := ownTemplates(map[string]string{
		"locales/en.json":        verifyEmail,
		"locales/de.json":        `{"verify-email.button": "Bestätigen"}`,
		"mails/verify-email.txt": "{{.Action}}\n{{.URL}}\n{{.Expiry}}\n",
	})
	require.NoError(t, err)
	require.Equal(t, append(mail.BuiltInKinds(), "verify-email"), templates.Kinds())

	data := mail.SampleData("verify-email", "de")
	msg, err := templates.Render(data)
	require.NoError(t, err)
	require.Equal(t, mail.Kind("verify-email"), msg.Kind)
	require.Equal(t, "Confirm your address for Example", msg.Subject)
	require.Contains(t, msg.HTML, `href="`+data.Link+`"`)
	require.Contains(t, msg.HTML, ">Bestätigen</a>")
	require.Contains(t, msg.HTML, "<h1")
	require.True(t, strings.HasPrefix(msg.Text,
		"To confirm that it is yours, open this link:\n"+data.Link+"\n"))

	data.Link = ""
	_, err = templates.Render(data)
	require.ErrorContains(t, err, "Data.Link")
	_, err = builtin(t).Render(mail.SampleData("verify-email", "en"))
	require.ErrorContains(t, err, "Data.Kind is unknown")
}

func TestAKindWithoutAllItsTextsIsRefusedByName(t *testing.T) {
	t.Parallel()
	_, err := ownTemplates(nil)
	for _, part := range []string{
		"subject", "title", "what", "action", "button", "not-you",
	} {
		require.ErrorContains(t, err, "verify-email."+part+" is missing")

		lacking := strings.Replace(
			verifyEmail, `"verify-email.`+part, `"elsewhere.`+part, 1,
		)
		_, err := ownTemplates(map[string]string{"locales/en.json": lacking})
		require.ErrorContains(t, err,
			"mail: locales/en.json: verify-email."+part+" is missing")
	}

	for text, want := range map[string]string{
		`{"verify-email.what": " "}`:       "verify-email.what is missing",
		`{"verify-email.what": "{lable}"}`: "placeholder {lable}",
		`{"verify-email.subject": "a\nb"}`: "verify-email.subject is empty or",
	} {
		_, err = ownTemplates(map[string]string{
			"locales/en.json": verifyEmail, "locales/fr.json": text,
		})
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "locales/fr.json")
	}

	_, err = ownTemplates(map[string]string{
		"locales/en.json": verifyEmail, "mails/verify-emial.txt": "x",
	})
	require.ErrorContains(t, err, "verify-emial.txt is not a file of the mails")
}

func TestANameThatIsNoKindIsRefused(t *testing.T) {
	t.Parallel()
	for name, kinds := range map[string][]mail.Kind{
		"empty":     {""},
		"huge":      {mail.Kind(strings.Repeat("a", 33))},
		"built in":  {mail.KindReset},
		"twice":     {"verify-email", "verify-email"},
		"a path":    {"../reset"},
		"capitals":  {"Verify"},
		"dots":      {"a.b"},
		"a unit":    {"minutes"},
		"prefix":    {"mail"},
		"the frame": {"layout"},
	} {
		_, err := mail.NewTemplates(mail.TemplatesConfig{
			Files: override(map[string]string{"locales/en.json": verifyEmail}),
			Kinds: kinds,
		})
		require.ErrorContains(t, err, "mail: TemplatesConfig.Kinds[", name)
	}
}

func TestTheNoticeShowsTheLinkThatDisputesIt(t *testing.T) {
	t.Parallel()
	templates := builtin(t)
	data := mail.SampleData(mail.KindPasswordChanged, "en")
	msg, err := templates.Render(data)
	require.NoError(t, err)
	require.Contains(t, strings.Split(msg.Text, "\n"), data.DisputeLink)
	require.Contains(t, msg.HTML, `href="`+data.DisputeLink+`"`)
	require.NotContains(t, msg.Subject, "token")
	require.NotContains(t, data.String(), data.DisputeLink)

	without := data
	without.DisputeLink = ""
	msg, err = templates.Render(without)
	require.NoError(t, err)
	require.NotContains(t, msg.Text+msg.HTML, "dispute")
	require.NotContains(t, msg.Text+msg.HTML, "This was not me")

	for name, change := range map[string]func(*mail.Data){
		"no URL":       func(d *mail.Data) { d.DisputeLink = "javascript:1" },
		"markup":       func(d *mail.Data) { d.DisputeLink += `"><b>` },
		"a line break": func(d *mail.Data) { d.DisputeLink += "\nx" },
		"other kind":   func(d *mail.Data) { d.Kind = mail.KindNoAccount },
		"no expiry":    func(d *mail.Data) { d.ExpiresAt = time.Time{} },
	} {
		broken := data
		change(&broken)
		_, err := templates.Render(broken)
		require.ErrorContains(t, err, "mail: Data.", name)
		require.NotContains(t, err.Error(), "token=", name)
	}
}
