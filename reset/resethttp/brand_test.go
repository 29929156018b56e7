package resethttp_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

func TestBrandIsDrawnIntoTheStyleThatTheContentPolicyAllows(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesWith(resethttp.Config{Brand: mail.Brand{
		Wordmark: "Ørsted & Co", Accent: "#8a1c4a", AccentDark: "#ff9ec4",
		Radius: 3, Font: "Inter, 'Segoe UI', sans-serif",
	}}))
	a := f.get("/forgot-password")

	require.Contains(t, a.body, ":root{--accent:#8a1c4a;--radius:3px;"+
		"--font:Inter, 'Segoe UI', sans-serif;}"+
		"@media (prefers-color-scheme:dark){:root{--accent:#ff9ec4;}}</style>")
	require.Contains(t, a.body, `<span class="mark" aria-hidden="true">Ø</span>`+
		"Ørsted &amp; Co</header>")
	require.Contains(t, a.body, "– Example App</title>")
	_, style, _ := strings.Cut(a.body, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	require.Contains(t, a.header.Get("Content-Security-Policy"),
		"style-src '"+resethttp.Digest(style)+"'")
}

func TestBrandOfOneValueLeavesTheOthers(t *testing.T) {
	t.Parallel()
	plain := newFixture(t, pagesOf).get("/forgot-password").body
	for rule, brand := range map[string]mail.Brand{
		"\n:root{--radius:20px;}": {Radius: 20},
		"\n:root{--font:Georgia, serif;}": {
			Font: "Georgia, serif",
		},
		"\n:root{--accent:#1d57c7;}@media (prefers-color-scheme:dark)" +
			"{:root{--accent:#ffd27f;}}": {AccentDark: "#ffd27f"},
	} {
		f := newFixture(t, pagesWith(resethttp.Config{Brand: brand}))
		body := f.get("/forgot-password").body
		require.Equal(t, plain, strings.Replace(body, rule, "", 1))
		require.NotEqual(t, plain, body)
	}
}

func TestBrandThatCannotBeReadOrSeenIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	for want, brand := range map[string]mail.Brand{
		"resethttp: Config.Brand: mail: Brand.Accent is #7799ff": {
			Accent: "#7799ff",
		},
		"resethttp: Config.Brand: mail: Brand.AccentDark is #1d57c7": {
			AccentDark: "#1d57c7",
		},
		"resethttp: Config.Brand: mail: Brand.Font is": {
			Font: "x}</style><script>",
		},
		"resethttp: Config.Brand: mail: Brand.Radius is 99": {Radius: 99},
		"resethttp: Config.Brand.Logo is on https://cdn.example, want": {
			Logo: "https://cdn.example/logo.png", LogoWidth: 9, LogoHeight: 9,
		},
	} {
		_, err := resethttp.New(f.svc, resethttp.Config{Brand: brand})
		require.ErrorContains(t, err, want)
	}
}

func TestLogoStandsInPlaceOfTheWordmarkAndIsAllowed(t *testing.T) {
	t.Parallel()
	for logo, images := range map[string][]string{
		"/logo.svg":                    nil,
		site + "/logo.svg":             nil,
		"https://cdn.example/logo.png": {"https://cdn.example"},
		"https://a.cdn.example/l.png":  {"https://*.cdn.example"},
	} {
		f := newFixture(t, pagesWith(resethttp.Config{
			Brand: mail.Brand{
				Logo: logo, LogoWidth: 120, LogoHeight: 32, LogoAlt: "Ex",
			},
			Sources: resethttp.ContentSources{Image: images},
		}))

		for _, path := range []string{"/forgot-password", "/reset-password"} {
			a := f.get(path)
			require.Equal(t, http.StatusOK, a.status)
			require.Contains(t, a.body, `<header class="brand"><img src="`+
				logo+`" width="120" height="32" alt="Ex"></header>`)
			require.Contains(t, a.header.Get("Content-Security-Policy"),
				strings.Join(append(
					[]string{"img-src 'self' data:"}, images...), " ")+";")
		}
	}
}
