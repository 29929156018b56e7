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

func render(t *testing.T, files map[string]string, kind mail.Kind, locale string) mail.Content {
	t.Helper()
	templates, err := mail.NewTemplates(mail.TemplatesConfig{Override: override(files)})
	require.NoError(t, err)
	content, err := templates.Render(mail.SampleData(kind, locale))
	require.NoError(t, err)
	return content
}

func TestOneBlockOfOneMailCanBeReplaced(t *testing.T) {
	t.Parallel()
	files := map[string]string{"es/reset.tmpl": `{{define "subject"}}Clave nueva para {{.Product}}{{end}}`}
	changed := render(t, files, mail.KindReset, "es")
	plain := render(t, nil, mail.KindReset, "es")
	require.Equal(t, "Clave nueva para Example", changed.Subject)
	require.Equal(t, plain.Text, changed.Text)
	require.Equal(t, plain.HTML, changed.HTML)
	require.Equal(t, render(t, nil, mail.KindReset, "en"), render(t, files, mail.KindReset, "en"))
	require.Equal(t, render(t, nil, mail.KindInvite, "es"), render(t, files, mail.KindInvite, "es"))
}

func TestBrandColoursAndFooterCanBeReplacedForAllMails(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"blocks.html": `{{define "brand"}}<span>★ {{.Product}}</span>{{end}}{{define "accent"}}#0a7d33{{end}}{{define "footer"}}Example GmbH, HRB 1{{end}}`,
		"blocks.txt":  `{{define "footer"}}Example GmbH, HRB 1{{end}}`,
	}
	for _, kind := range mail.Kinds() {
		content := render(t, files, kind, "de")
		require.Contains(t, content.HTML, "<span>★ Example</span>")
		require.Contains(t, content.HTML, `bgcolor="#0a7d33"`)
		require.NotContains(t, content.HTML, "#1d5bbf")
		require.Contains(t, content.HTML, "Example GmbH, HRB 1</p>")
		require.True(t, strings.HasSuffix(content.Text, "-- \nExample GmbH, HRB 1\n"))
	}
}

func TestAWholePartOrTheWholeLayoutCanBeReplaced(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"en/reset.html": `<p>{{.Product}}: <a href="{{.Link}}">{{template "button" .}}</a></p>`,
		"layout.txt":    "{{template \"what\" .}}\n{{.URL}}\n",
	}
	reset := render(t, files, mail.KindReset, "en")
	data := mail.SampleData(mail.KindReset, "en")
	require.Equal(t, `<p>Example: <a href="`+data.Link+`">Choose a new password</a></p>`, reset.HTML)
	require.True(t, strings.HasSuffix(reset.Text, "account.\n"+data.Link+"\n"))
	require.Equal(t, render(t, nil, mail.KindInvite, "en").HTML, render(t, files, mail.KindInvite, "en").HTML)
}

// arabic is enough of a locale to show that one can be dropped in; a right-to-left one, with more plural forms than English has.
func arabic() map[string]string {
	files := map[string]string{"ar/common.tmpl": `{{define "dir"}}rtl{{end}}
{{define "date"}}{{.Day}} {{.Month}} {{.Year}}، {{.Clock}} {{.Zone}}{{end}}
{{define "month"}}{{pick . "يناير" "فبراير" "مارس" "أبريل" "مايو" "يونيو" "يوليو" "أغسطس" "سبتمبر" "أكتوبر" "نوفمبر" "ديسمبر"}}{{end}}
{{define "minutes"}}{{if eq . 1}}دقيقة واحدة{{else if eq . 2}}دقيقتان{{else if and (ge (mod . 100) 3) (le (mod . 100) 10)}}{{.}} دقائق{{else}}{{.}} دقيقة{{end}}{{end}}
{{define "hours"}}{{if eq . 1}}ساعة واحدة{{else if eq . 2}}ساعتان{{else if and (ge (mod . 100) 3) (le (mod . 100) 10)}}{{.}} ساعات{{else}}{{.}} ساعة{{end}}{{end}}
{{define "days"}}{{if eq . 1}}يوم واحد{{else if eq . 2}}يومان{{else if and (ge (mod . 100) 3) (le (mod . 100) 10)}}{{.}} أيام{{else}}{{.}} يومًا{{end}}{{end}}
{{define "expiry"}}{{.Valid}} — {{.Until}}{{end}}
{{define "copy"}}انسخ العنوان:{{end}}
{{define "contact"}}{{.Support}}{{end}}
{{define "sender"}}{{.Product}}{{end}}
`}
	for _, kind := range mail.Kinds() {
		files["ar/"+string(kind)+".tmpl"] = `{{define "subject"}}إعادة تعيين {{.Product}}{{end}}
{{define "title"}}كلمة المرور{{end}}{{define "what"}}{{.When}}{{end}}{{define "action"}}افتح الرابط:{{end}}
{{define "button"}}كلمة مرور جديدة{{end}}{{define "notyou"}}تجاهل هذه الرسالة.{{end}}`
	}
	return files
}

func TestALocaleIsAddedByDroppingInItsFiles(t *testing.T) {
	t.Parallel()
	content := render(t, arabic(), mail.KindInvite, "ar-EG")
	require.Equal(t, "ar", content.Locale)
	require.Contains(t, content.Text, "3 أيام — 24 نوفمبر 2026، 02:10 UTC")
	require.Contains(t, content.HTML, `<html lang="ar" dir="rtl">`)
	require.Contains(t, content.HTML, `<div role="main" lang="ar" dir="rtl"`)
	require.Contains(t, content.HTML, `<p dir="ltr" class="address"`, "the address keeps its own direction")
	require.Equal(t, render(t, nil, mail.KindInvite, "en"), render(t, arabic(), mail.KindInvite, "en"))
	encoded, err := mail.Encode(plainMessage(func(m *mail.Message) {
		m.Subject, m.Text, m.HTML, m.Locale = content.Subject, content.Text, content.HTML, content.Locale
	}))
	require.NoError(t, err)
	wellFormed(t, encoded)
}

func TestBrokenOverridesFailAtConstructionAndSayWhere(t *testing.T) {
	t.Parallel()
	without := func(name string) map[string]string {
		files := arabic()
		delete(files, name)
		return files
	}
	with := func(name, content string) map[string]string {
		files := arabic()
		files[name] = content
		return files
	}
	cases := map[string]struct {
		files map[string]string
		want  string
	}{
		"syntax":                         {map[string]string{"en/reset.tmpl": "{{define \"subject\"}}x{{end}}\n{{define \"what\"}}{{if}}{{end}}"}, "en/reset.tmpl:2"},
		"unclosed block":                 {map[string]string{"blocks.html": "{{define \"brand\"}}\nx"}, "blocks.html:2"},
		"unknown field":                  {map[string]string{"fr/invite.tmpl": "\n{{define \"what\"}}{{.Name}}{{end}}"}, "fr/invite.tmpl:2"},
		"unknown field in a rare branch": {map[string]string{"fr/invite.tmpl": "{{define \"what\"}}{{if not .Support}}\n{{.Name}}{{end}}{{end}}"}, "fr/invite.tmpl:2"},
		"unknown function":               {map[string]string{"de/common.tmpl": "\n\n{{define \"copy\"}}{{env \"HOME\"}}{{end}}"}, "de/common.tmpl:3"},
		"unknown template":               {map[string]string{"layout.txt": "x\n{{template \"nowhere\" .}}"}, "nowhere"},
		"HTML that cannot be made safe":  {map[string]string{"blocks.html": "{{define \"brand\"}}<a href='{{if .Support}}'{{end}}>{{end}}"}, "blocks.html"},
		"a value where none may be":      {map[string]string{"blocks.html": "{{define \"accent\"}}{{.Site}}{{end}}"}, "html/template does not allow"},
		"misspelt file":                  {map[string]string{"en/resset.tmpl": "{{define \"subject\"}}x{{end}}"}, "en/resset.tmpl"},
		"misspelt layout":                {map[string]string{"layouts.html": "x"}, "layouts.html"},
		"file in no locale":              {map[string]string{"mails/en/reset.tmpl": "x"}, "mails/en/reset.tmpl"},
		"another spelling of the locale": {map[string]string{"pt-br/reset.tmpl": "{{define \"subject\"}}x{{end}}"}, "pt-BR"},
		"misspelt block":                 {map[string]string{"en/reset.tmpl": "{{define \"subjct\"}}x{{end}}"}, "subjct"},
		"text outside of blocks":         {map[string]string{"en/reset.tmpl": "Reset your password: {{.Link}}"}, "outside of {{define}}"},
		"no block at all":                {map[string]string{"en/reset.tmpl": "\n"}, "defines no block"},
		"empty subject":                  {map[string]string{"en/reset.tmpl": "{{define \"subject\"}}{{\"\"}}{{end}}"}, "en/reset.tmpl: subject"},
		"block without content":          {map[string]string{"en/reset.tmpl": "{{define \"notyou\"}} {{end}}"}, "the block notyou is empty"},
		"subject of two lines":           {map[string]string{"en/reset.tmpl": "{{define \"subject\"}}a\nb{{end}}"}, "en/reset.tmpl: subject"},
		"link in the subject":            {map[string]string{"en/reset.tmpl": "{{define \"subject\"}}{{.Link}}{{end}}"}, "subject holds the link"},
		"link not alone":                 {map[string]string{"layout.txt": "Open {{.URL}}."}, "alone on a line"},
		"no link in the HTML":            {map[string]string{"en/invite.html": "<p>Hello</p>"}, "does not show the link"},
		"locale without common.tmpl":     {without("ar/common.tmpl"), "ar/common.tmpl"},
		"locale without a mail":          {without("ar/invite.tmpl"), "ar/invite.tmpl"},
		"locale without a block":         {with("ar/reset.tmpl", `{{define "subject"}}x{{end}}`), "ar/reset.tmpl: block title is missing"},
		"direction":                      {map[string]string{"en/common.tmpl": `{{define "dir"}}up{{end}}`}, "en/common.tmpl"},
		"eleven months":                  {map[string]string{"en/common.tmpl": `{{define "month"}}{{pick . "1" "2" "3" "4" "5" "6" "7" "8" "9" "10" "11"}}{{end}}`}, "en/common.tmpl:1"},
		"plural form that fails":         {map[string]string{"en/common.tmpl": `{{define "minutes"}}{{mod . 0}}{{end}}`}, "en/common.tmpl:1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			templates, err := mail.NewTemplates(mail.TemplatesConfig{Override: override(c.files)})
			require.Nil(t, templates)
			require.ErrorContains(t, err, c.want)
			require.True(t, strings.HasPrefix(err.Error(), "mail: "), err.Error())
		})
	}
}

func TestTemplatesReachNeitherFilesNorTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, call := range []string{`env "HOME"`, `readFile "x"`, `include "x"`, `exec "x"`} {
		_, err := mail.NewTemplates(mail.TemplatesConfig{Override: override(map[string]string{"en/reset.tmpl": `{{define "what"}}{{` + call + `}}{{end}}`})})
		require.ErrorContains(t, err, "not defined")
	}
}

// upper is a renderer of a host's own.
type upper struct{ mail.Renderer }

func (u upper) Render(data mail.Data) (mail.Content, error) {
	content, err := u.Renderer.Render(data)
	content.Subject = strings.ToUpper(content.Subject)
	return content, err
}

func TestTheWholeRendererCanBeReplaced(t *testing.T) {
	t.Parallel()
	var renderer mail.Renderer = upper{builtin(t)}
	content, err := renderer.Render(mail.SampleData(mail.KindReset, "en"))
	require.NoError(t, err)
	require.Equal(t, "RESET YOUR EXAMPLE PASSWORD", content.Subject)
}
