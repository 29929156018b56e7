package mail_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/stretchr/testify/require"
)

func override(files map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, content := range files {
		out[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return out
}

func render(t *testing.T, files map[string]string, kind mail.Kind,
	locale string,
) mail.Message {
	t.Helper()
	cfg := mail.TemplatesConfig{Files: override(files)}
	templates, err := mail.NewTemplates(cfg)
	require.NoError(t, err)
	msg, err := templates.Render(mail.SampleData(kind, locale))
	require.NoError(t, err)
	return msg
}

func TestOneTextOfOneMailCanBeReplaced(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"locales/es.json": `{"mail.reset.subject": "Clave nueva para {product}"}`,
	}
	changed := render(t, files, mail.KindReset, "es")
	plain := render(t, nil, mail.KindReset, "es")

	require.Equal(t, "Clave nueva para Example", changed.Subject)
	require.Equal(t, plain.Text, changed.Text)
	require.Equal(t, plain.HTML, changed.HTML)

	require.Equal(t, render(t, nil, mail.KindReset, "en"),
		render(t, files, mail.KindReset, "en"))
	require.Equal(t, render(t, nil, mail.KindInvite, "es"),
		render(t, files, mail.KindInvite, "es"))
}

func TestTopAndFooterCanBeReplacedForAllMails(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"mails/blocks.html": `{{define "brand"}}<span>★ {{.Product}}</span>{{end}}
{{define "footer"}}Example GmbH, HRB 1{{end}}`,
		"mails/blocks.txt": `{{define "footer"}}Example GmbH, HRB 1{{end}}`,
	}

	for _, kind := range mail.BuiltInKinds() {
		msg := render(t, files, kind, "de")
		require.Contains(t, msg.HTML, "<span>★ Example</span>")
		require.Contains(t, msg.HTML, "Example GmbH, HRB 1</td>")
		require.True(t, strings.HasSuffix(msg.Text,
			"-- \nExample GmbH, HRB 1\n"))
	}
}

func TestAWholePartOrTheWholeLayoutCanBeReplaced(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"mails/reset.html": `<p>{{.Site}}: <a href="{{.Link}}">{{.Button}}</a></p>`,
		"mails/layout.txt": "{{.What}}\n{{.URL}}\n",
	}
	link := mail.SampleData(mail.KindReset, "en").Link
	reset := render(t, files, mail.KindReset, "en")

	require.Equal(t, `<p>https://app.example: <a href="`+link+
		`">Choose a new password</a></p>`, reset.HTML)
	require.True(t, strings.HasSuffix(reset.Text, "account.\n"+link+"\n"))

	require.Contains(t, render(t, files, mail.KindReset, "fr").HTML,
		"Choisir un nouveau mot de passe</a></p>")
	require.Equal(t, render(t, nil, mail.KindInvite, "en").HTML,
		render(t, files, mail.KindInvite, "en").HTML)
}

// arabic is enough of a language to show that one can be dropped in. It is read
// from right to left, and has more plural forms than English.
const arabic = `{
	"direction": "rtl",
	"days.one": "يوم واحد",
	"days.two": "يومان",
	"days.few": "{n} أيام",
	"days.many": "{n} يومًا",
	"days.other": "{n} يوم",
	"page.forgot.title": "a text of the pages",
	"billing.title": "a text of the host's",
	"mail.date": "{day} {month} {year}، {time} {zone}",
	"mail.month.11": "نوفمبر",
	"mail.expiry": "{lifetime} — {until}",
	"mail.invite.title": "كلمة المرور"
}`

func TestALanguageIsAddedByDroppingInOneFile(t *testing.T) {
	t.Parallel()
	files := map[string]string{"locales/ar.json": arabic}
	msg := render(t, files, mail.KindInvite, "ar-EG")
	require.Equal(t, "ar", msg.Locale)
	require.Contains(t, msg.Text, "3 أيام — 24 نوفمبر 2026، 02:10 UTC")
	require.Contains(t, msg.HTML, `<html lang="ar" dir="rtl">`)
	require.Contains(t, msg.HTML, `<div role="main" lang="ar" dir="rtl"`)
	require.Regexp(t, `<div dir="ltr"[^>]*>https://app.example/`, msg.HTML,
		"the address keeps its own direction")
	require.Equal(t, render(t, nil, mail.KindInvite, "en"),
		render(t, files, mail.KindInvite, "en"))

	encoded, err := mail.Encode(plainMessage(func(m *mail.Message) {
		m.Subject, m.Text, m.HTML = msg.Subject, msg.Text, msg.HTML
		m.Locale = msg.Locale
	}))
	require.NoError(t, err)
	wellFormed(t, encoded)
}

func TestAMissingTextComesFromTheBaseLanguageOrFromEnglish(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"locales/ar.json":    arabic,
		"locales/de-CH.json": `{"mail.reset.subject": "Passwort bei {product}"}`,
	}
	inviting := render(t, files, mail.KindInvite, "ar")

	require.Equal(t, "Set up your Example account", inviting.Subject)
	require.Contains(t, inviting.HTML, "كلمة المرور</h1>")

	swiss := render(t, files, mail.KindReset, "de-CH")
	require.Equal(t, "de-CH", swiss.Locale)
	require.Equal(t, "Passwort bei Example", swiss.Subject)
	require.Equal(t, render(t, nil, mail.KindReset, "de").Text, swiss.Text)
}

const (
	english = "locales/en.json"
	brand   = "mails/blocks.html"
)

// Each has the file, what stands in it, and what the error says.
var brokenFiles = map[string][3]string{
	"syntax of a template": {
		"mails/reset.txt", "{{.Link}}\n{{if}}",
		"reset.txt:2",
	},
	"syntax of the texts": {english, "{", "locales/en.json: unexpected end"},
	"unclosed block":      {brand, "{{define \"brand\"}}\nx", "blocks.html:2"},
	"unknown field": {
		"mails/invite.txt", "{{.Link}}\n{{.Name}}",
		"invite.txt:2",
	},
	"unknown field in a rare branch": {
		"mails/invite.txt",
		"{{.Link}}{{if not .Support}}\n{{.Name}}{{end}}", "invite.txt:2",
	},
	"unknown function": {
		brand, "\n\n{{define \"brand\"}}{{env}}{{end}}",
		"blocks.html:3",
	},
	"unknown template": {
		"mails/layout.txt", "x\n{{template \"nowhere\" .}}",
		"nowhere",
	},
	"HTML that cannot be made safe": {
		brand,
		"{{define \"brand\"}}<a href='{{if .Support}}'{{end}}>{{end}}", brand,
	},
	"a value where none may be": {
		brand,
		"{{define \"brand\"}}<i style='color:{{.Site}}'></i>{{end}}",
		"html/template allows none",
	},

	"misspelt mail": {
		"mails/resset.html", "x", "mails/resset.html",
	},
	"misspelt layout": {"mails/layouts.html", "x", "layouts.html"},
	"misspelt folder": {
		"mail/layout.html", "x", "mail/layout.html",
	},
	"misspelt ending": {
		"mails/layout.htm", "x", "mails/layout.htm",
	},
	"misspelt folder of texts": {"locale/en.json", "{}", "locale/en.json"},
	"file that is not a language": {
		"locales/not_a_tag.json", "{}", "not_a_tag",
	},
	"another spelling": {"locales/pt-br.json", "{}", "pt-BR.json"},

	"misspelt block":         {brand, `{{define "brnad"}}x{{end}}`, "brnad"},
	"text outside of blocks": {brand, "Example GmbH", "outside of {{define}}"},
	"block without content": {
		brand, "{{define \"brand\"}} {{end}}",
		"brand is empty",
	},

	"misspelt text": {
		english, `{"mail.reset.subjct": "x"}`,
		"mail.reset.subjct",
	},
	"misspelt text of a page": {
		english, `{"page.forgot.titel": "x"}`,
		"page.forgot.titel",
	},
	"placeholder that no page fills": {
		english, `{"page.forgot.lead": "{lifetim}"}`,
		"{lifetim}",
	},
	"text without content": {
		english, `{"mail.reset.not-you": " "}`,
		"not-you is empty",
	},
	"text that is no text": {english, `{"mail.reset.what": 1}`, english},
	"empty subject": {
		english, `{"mail.reset.subject": ""}`,
		"subject is empty",
	},
	"subject of two lines": {
		english, `{"mail.reset.subject": "a\nb"}`,
		"subject",
	},
	"link in a text": {english, `{"mail.reset.subject": "{link}"}`, "{link}"},
	"misspelt placeholder": {
		"locales/fr.json", `{"mail.sender": "{prodct}"}`,
		"{prodct}",
	},
	"placeholder of another": {
		english, `{"mail.date": "{product}"}`,
		"{product}",
	},
	"direction": {english, `{"direction": "up"}`, "direction is"},

	"link not alone": {"mails/layout.txt", "Open {{.URL}}.", "alone on a line"},
	"no link in the HTML": {
		"mails/invite.html", "<p>Hello</p>",
		"does not show the link",
	},
}

func TestBrokenFilesFailAtConstructionAndSayWhere(t *testing.T) {
	t.Parallel()
	for name, c := range brokenFiles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := override(map[string]string{c[0]: c[1]})
			cfg := mail.TemplatesConfig{Files: files}
			templates, err := mail.NewTemplates(cfg)
			require.Nil(t, templates)
			require.ErrorContains(t, err, c[2])
			require.True(t, strings.HasPrefix(err.Error(), "mail: "),
				err.Error())
		})
	}
}

//lostkey:covers ASVS-1.3.7
func TestTemplatesReachNeitherFilesNorTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, call := range []string{
		`env "HOME"`, `readFile "x"`, `include "x"`, `exec "x"`,
	} {
		_, err := mail.NewTemplates(mail.TemplatesConfig{
			Files: override(map[string]string{
				"mails/reset.txt": "{{" + call + "}}",
			}),
		})
		require.ErrorContains(t, err, "not defined")
	}
}

func TestAFolderMayHoldTheFilesOfThePagesAsWell(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"pages/frame.html": "x",
		"assets/style.css": "x",
		"locales/en.json":  `{"page.forgot.title": "Lost your password?"}`,
		"logo.png":         "x",
		"mails/.DS_Store":  "x",
	}
	require.Equal(t, render(t, nil, mail.KindReset, "en"),
		render(t, files, mail.KindReset, "en"))
}

// upper is a renderer of a host's own.
type upper struct{ mail.Renderer }

func (u upper) Render(data mail.Data) (mail.Message, error) {
	msg, err := u.Renderer.Render(data)
	msg.Subject = strings.ToUpper(msg.Subject)
	return msg, err
}

func TestTheWholeRendererCanBeReplaced(t *testing.T) {
	t.Parallel()
	var renderer mail.Renderer = upper{builtin(t)}
	msg, err := renderer.Render(mail.SampleData(mail.KindReset, "en"))
	require.NoError(t, err)
	require.Equal(t, "RESET YOUR EXAMPLE PASSWORD", msg.Subject)
}
