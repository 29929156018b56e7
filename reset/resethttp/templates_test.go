package resethttp_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

func TestPagesOfSharedTemplatesAreThoseOfTheirOwn(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	files := filesOf(
		"pages/frame.html", `{{define "foot"}}<footer>Ours</footer>{{end}}`,
	)
	shared, err := resethttp.NewTemplates(files, "de")
	require.NoError(t, err)

	for _, brand := range []mail.Brand{
		{}, {Accent: "#0a7d33", Radius: 3, Font: "Georgia"}, {Wordmark: "Acme"},
	} {
		own, err := resethttp.New(f.svc, resethttp.Config{
			Files: files, Locale: "de", Brand: brand,
		})
		require.NoError(t, err)
		other, err := resethttp.New(f.svc, resethttp.Config{
			Templates: shared, Brand: brand,
		})
		require.NoError(t, err)

		for _, path := range []string{"/forgot-password", "/reset-password"} {
			r := httptest.NewRequest(http.MethodGet, site+path, nil)
			want, got := answerOf(own, r), answerOf(other, r)
			require.Equal(t, want.Header(), got.Header())
			require.True(t, want.Body.String() == got.Body.String())
			require.Contains(t, got.Body.String(), "Ours")
			require.Contains(t, got.Body.String(), `lang="de"`)
		}
	}
}

func TestBrokenFilesAreRefusedBeforeThereIsASite(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`{{define "foot"}}{{.Nope}}{{end}}`: "Nope",
		`{{define "foot"}}{{end`:            "frame.html:1",
	} {
		_, err := resethttp.NewTemplates(
			filesOf("pages/frame.html", source), "",
		)
		require.ErrorContains(t, err, "resethttp: Config.Files: ")
		require.ErrorContains(t, err, want)
	}

	_, err := resethttp.NewTemplates(nil, "xx")
	require.ErrorContains(t, err, `resethttp: Config.Locale is "xx"`)
}

// What depends on a site is judged anew for each.
func TestSharedTemplatesAreJudgedForEachSite(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	image := `{{define "foot"}}<img alt="" src="https://cdn.example/a.png">{{end}}`
	shared, err := resethttp.NewTemplates(filesOf("pages/frame.html", image), "")
	require.NoError(t, err)
	allowed := resethttp.ContentSources{Image: []string{"https://cdn.example"}}
	_, err = resethttp.New(f.svc, resethttp.Config{
		Templates: shared, Sources: allowed,
	})
	require.NoError(t, err)

	branching := filesOf("pages/frame.html",
		`{{define "brand"}}{{if .Brand.Logo}}{{.Nope}}{{end}}{{end}}`)
	logo := mail.Brand{Logo: "/l.png", LogoWidth: 1, LogoHeight: 1}
	forLogos, err := resethttp.NewTemplates(branching, "")
	require.NoError(t, err)

	for want, cfg := range map[string]resethttp.Config{
		"content security policy":          {Templates: shared},
		"Config.Brand: mail: Brand.Accent": {Brand: mail.Brand{Accent: "#ffcc00"}},
		"Nope":                             {Templates: forLogos, Brand: logo},
		"Config.Files or Config.Locale":    {Locale: "de"},
		"want what NewTemplates returns":   {Templates: &resethttp.Templates{}},
	} {
		if cfg.Templates == nil {
			cfg.Templates, cfg.Sources = shared, allowed
		}
		_, err := resethttp.New(f.svc, cfg)
		require.ErrorContains(t, err, want)
	}
}
