package resethttp_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

func filesOf(pairs ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		files[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return files
}

func head(markup string) string { return `{{define "head"}}` + markup + `{{end}}` }

// swallowed are files of a host that a browser would not obey, with what New
// names: the file, its text, and what to do.
var swallowed = [][3]string{
	{"pages/frame.html", head("<style>a{}</style>"), "assets/style.css"},
	{"pages/frame.html", head("<STYLE media=all>a{}"), "assets/style.css"},
	{
		"pages/frame.html", head(`<link rel="stylesheet" href="/a.css">`),
		"Config.Sources.Style",
	},
	{
		"pages/frame.html", head(`<script>track()</script>`),
		"assets/script.js",
	},
	{
		"pages/frame.html", head(`<script src="/a.js"></script>`),
		"assets/script.js",
	},
	{
		"pages/forgot.html",
		`{{define "main"}}<script src=https://c.example/a.js></script>{{end}}`,
		"Config.Sources.Script",
	},
	{
		"pages/done.html", `{{define "main"}}<p style="color:red">{{end}}`,
		"the attribute style",
	},
	{
		"pages/done.html", "{{define \"main\"}}<p\nclass='x'\n oNclick=go()>{{end}}",
		"the attribute onclick",
	},
	{
		"pages/done.html",
		`{{define "main"}}<a href=" JavaScript:go()">x</a>{{end}}`,
		"javascript: in href",
	},
	{
		"pages/sent.html",
		`{{define "main"}}<img alt="" src="https://cdn.example/a.png">{{end}}`,
		`the image "https://cdn.example/a.png"`,
	},
	{
		"pages/sent.html",
		`{{define "main"}}<img alt="" src="//cdn.example/a.png">{{end}}`,
		`the image "//cdn.example/a.png"`,
	},
	{
		"pages/frame.html",
		`{{define "foot"}}<iframe src="https://x.example/"></iframe>{{end}}`,
		"Config.Sources.Frame",
	},
	{"pages/frame.html", head(`<base href="/x/">`), "<base>"},
	{"assets/style.css", `@import url("/a.css");`, "@import"},
	{"assets/style.css", `@font-face { src: url(/a.woff2) }`, "@font-face"},
	{
		"assets/style.css", `a { background: url("https://cdn.example/a.png") }`,
		`the image "https://cdn.example/a.png"`,
	},
}

// A browser would leave all of these out without a word to anybody but those
// who look into its console.
func TestWhatTheContentPolicyWouldSwallowIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	for _, c := range swallowed {
		_, err := resethttp.New(f.svc, resethttp.Config{
			Files: filesOf(c[0], c[1]),
		})
		require.ErrorContains(t, err, "resethttp: Config.Files: "+c[0]+": ", c[1])
		require.ErrorContains(t, err, c[2], c[1])
		require.ErrorContains(t, err, "content security policy", c[1])
	}
}

func TestWhatTheContentPolicyAllowsIsNotRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	for _, c := range [][2]string{
		{"pages/frame.html", head(`<meta name="x" content="style=y">`)},
		{"pages/frame.html", head(`<!-- <style> --><link rel="icon" href="/i.png">`)},
		{"pages/frame.html", `{{define "brand"}}<a href="/" class="on">` +
			`<img src="/logo.svg" alt="{{.Product}}"></a>{{end}}`},
		{"pages/frame.html", `{{define "brand"}}<img alt="" src="{{.Brand.Logo}}">` +
			`<img alt="" src="` + site + `/a.png"><img alt="" src="data:,">{{end}}`},
		{"pages/frame.html", `{{define "foot"}}<img alt=""` +
			` src="https://cdn.example/a.png">{{end}}`},
		{"pages/forgot.html", `{{define "main"}}<form method="post">` +
			`{{template "email-field" .}}` +
			`<script src="https://c.example/a.js"></script></form>{{end}}`},
		{"assets/style.css", `a { background: url(/a.png) }`},
	} {
		_, err := resethttp.New(f.svc, resethttp.Config{
			Files: filesOf(c[0], c[1]),
			Sources: resethttp.ContentSources{
				Script: []string{"https://c.example"},
				Image:  []string{"https://cdn.example"},
			},
		})
		require.NoError(t, err, c[1])
	}
}

// A file that only tells what it changes must not take the rest away.
func TestOverridesArePartial(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesWith(resethttp.Config{Files: filesOf(
		"pages/frame.html", `{{define "foot"}}<footer>Ours</footer>{{end}}`,
		"pages/layout.html", `{{define "signin-link"}}<p>No way back</p>{{end}}`,
	)}))
	body := f.get("/forgot-password").body
	require.Contains(t, body, "<footer>Ours</footer>")
	require.Contains(t, body, "No way back")
	require.NotContains(t, body, "Back to sign in")
	require.Contains(t, body, `<header class="brand">`)
	require.Contains(t, body, `id="email"`)
}

func TestFilesThatWouldHaveNoEffectAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	for _, c := range [][3]string{
		{
			"pages/frame.html", `{{define "brnad"}}x{{end}}`,
			`nothing shows the block "brnad"`,
		},
		{"pages/frame.html", `<header>Ours</header>`, "text outside of {{define}}"},
		{
			"pages/frame.html", `{{define "brand"}}{{end}}`,
			`the block "brand" is empty`,
		},
		{
			"pages/frame.html", `{{define "brand"}}{{template "logo" .}}{{end}}`,
			`no such template "logo"`,
		},
		{
			"pages/frame.html", `{{define "brand"}}{{.Logo}}{{end}}`,
			"can't evaluate field Logo",
		},
	} {
		_, err := resethttp.New(f.svc, resethttp.Config{
			Files: filesOf(c[0], c[1]),
		})
		require.ErrorContains(t, err, c[0], c[1])
		require.ErrorContains(t, err, c[2], c[1])
	}
}

func TestEverythingThatIsWrongIsListedAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	_, err := resethttp.New(f.svc, resethttp.Config{
		Brand:  mail.Brand{Accent: "blue"},
		Locale: "xx",
		Files: filesOf(
			"pages/forget.html", "x",
			"pages/frame.html", head("<style>a{}</style>"),
			"pages/done.html", `{{define "main"}}{{if}}{{end}}`,
			"assets/script.js", "x = '</script>'",
		),
	})

	require.Error(t, err)
	for _, want := range []string{
		"Config.Brand", `Config.Locale is "xx"`, "pages/forget.html",
		"pages/frame.html: <style>", "pages/done.html", "assets/script.js",
	} {
		require.ErrorContains(t, err, want)
	}
	for line := range strings.Lines(err.Error()) {
		require.True(t, strings.HasPrefix(line, "resethttp: "), line)
	}
}
