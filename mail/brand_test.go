package mail_test

import (
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/stretchr/testify/require"
)

func TestAnEmptyBrandIsFilledIn(t *testing.T) {
	t.Parallel()
	brand, err := mail.Brand{}.Resolve()
	require.NoError(t, err)
	require.Equal(t, "#1d57c7", brand.Accent)
	require.Equal(t, 8, brand.Radius)
	require.Contains(t, brand.Font, "sans-serif")
	require.Empty(t, brand.Wordmark)

	filled, err := brand.Resolve()
	require.NoError(t, err)
	require.Equal(t, brand, filled, "what is filled in stays as it is")
}

func TestADarkAccentIsMadeOfTheLightOne(t *testing.T) {
	t.Parallel()
	for _, accent := range []string{
		"#1d57c7", "#000000", "#7c2d12", "#0a7d33", "#C2185B",
	} {
		brand, err := mail.Brand{Accent: accent}.Resolve()
		require.NoError(t, err)
		for _, dark := range []string{"#171d26", "#0e1218", "#0a1424"} {
			ratio := mail.Contrast(brand.AccentDark, dark)
			require.GreaterOrEqual(t, ratio, 4.5, accent)
		}
	}
}

// The figures are those of the formula in WCAG 2.2, worked out by hand for
// black on white and grey on white, and known from its documents.
func TestContrastIsThatOfWCAG(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 21, mail.Contrast("#000000", "#ffffff"), 1e-9)
	require.InDelta(t, 1, mail.Contrast("#808080", "#808080"), 1e-9)
	require.InDelta(t, 4.54, mail.Contrast("#767676", "#ffffff"), 0.005)
	require.InDelta(t, 4.48, mail.Contrast("#ffffff", "#777777"), 0.005)
}

func TestABrandThatCannotBeReadOrWouldBreakAPageIsRefused(t *testing.T) {
	t.Parallel()
	logo := func(address string) mail.Brand {
		return mail.Brand{Logo: address, LogoWidth: 120, LogoHeight: 40}
	}
	long := strings.Repeat("a", 101)

	for want, brands := range map[string][]mail.Brand{
		"Brand.Accent is #ffcc00, which has a contrast of 1.51:1 with #ffffff," +
			" want 4.5:1 or more, such as #8": {{Accent: "#ffcc00"}},
		// Good enough on white, but not on the page.
		"with #f3f5f8": {{Accent: "#767676"}},
		"Brand.AccentDark is #1d57c7, which has a contrast of 2.": {
			{AccentDark: "#1d57c7"},
		},
		`Brand.Accent is "red", want a colour`: {{Accent: "red"}},
		"Brand.Accent is ": {
			{Accent: "#fff"},
			{Accent: "1d57c7"},
			{Accent: "#1d57c7;"},
			{Accent: "#1d57cg"},
			{Accent: "#1d57c7\n"},
		},
		"Brand.AccentDark is ": {{AccentDark: "#86b1ff}"}},
		"Brand.Wordmark is ":   {{Wordmark: "a\nb"}, {Wordmark: long}},
		"Brand.LogoAlt is ":    {{LogoAlt: "a\u202eb"}, {LogoAlt: long}},
		"Brand.Radius is ":     {{Radius: -1}, {Radius: 25}},
		"Brand.Font is ": {
			{Font: "Inter; color: red"},
			{Font: `"Inter"`},
			{Font: "'Inter"},
			{Font: "Inter,"},
			{Font: "Segoe UI"},
			{Font: "a/*"},
			{Font: "a\\b"},
			{Font: "</style>"},
			{Font: "url(x)"},
			{Font: "'Inter'x"},
			{Font: strings.Repeat("a,", 100) + "a"},
		},
		"Brand.Logo is ": {
			logo("http://a.example/l.png"), logo("//a.example/l.png"),
			logo("logo.png"), logo("javascript:x"), logo("data:image/png,x"),
			logo(`/l.png" onerror="x`), logo("/a b.png"), logo("/l\n.png"),
			logo(`/\a.example/l.png`), logo("https://u@a.example/l.png"),
		},
		"Brand.Logo is empty":  {{LogoWidth: 1}, {LogoHeight: 1}},
		"Brand.LogoWidth is ":  {{Logo: "/l.png", LogoHeight: 1}},
		"Brand.LogoHeight is ": {{Logo: "/l.png", LogoWidth: 280}},
		"Brand.LogoWidth is 281": {
			{Logo: "/l.png", LogoWidth: 281, LogoHeight: 1},
		},
		"Brand.LogoHeight is 121": {
			{Logo: "/l.png", LogoWidth: 1, LogoHeight: 121},
		},
	} {
		for _, brand := range brands {
			resolved, err := brand.Resolve()
			require.ErrorContains(t, err, want,
				"%+v", brand)
			require.Zero(t, resolved)
		}
	}
}

func TestABrandOfOnesOwnStaysAsItIs(t *testing.T) {
	t.Parallel()
	for _, brand := range []mail.Brand{
		{
			Wordmark: "Acme & Söhne", Accent: "#0a7d33", AccentDark: "#7fd6a0",
			Logo: "https://cdn.acme.example/l.png?v=2", LogoAlt: "Acme",
			LogoWidth: 120, LogoHeight: 40, Radius: 1, Font: "Georgia, serif",
		},
		{
			Accent: "#1A1A1A", AccentDark: "#ffffff", Radius: 24,
			Logo: "/static/l.png", LogoWidth: 280, LogoHeight: 120,
			Font: "-apple-system,'Segoe UI 2', sans-serif",
		},
	} {
		resolved, err := brand.Resolve()
		require.NoError(t, err)
		require.Equal(t, brand, resolved)
	}
}
