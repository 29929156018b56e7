package resethttp_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset/resethttp"
)

func TestPastedLinkIsReadHoweverItWasCopied(t *testing.T) {
	t.Parallel()
	const raw, link = "eyJh.bGci-OiJI_Uz.I1NiIs", site + "/reset-password"

	for name, pasted := range map[string]string{
		"token alone":             raw,
		"fragment":                link + "#token=" + raw,
		"query":                   link + "?token=" + raw,
		"further parameters":      link + "?a=b&token=" + raw + "&utm=mail",
		"query and fragment":      link + "?token=" + raw + "#top",
		"white space around":      " \t\r\n" + raw + "\n ",
		"no-break space":          "\u00a0" + link + "#token=" + raw + "\u00a0",
		"angle brackets":          "<" + link + "#token=" + raw + ">",
		"quotes":                  `"` + link + `#token=` + raw + `"`,
		"only name and value":     "token=" + raw,
		"only what is behind '#'": "#token=" + raw,
	} {
		require.Equal(t, raw, resethttp.LinkToken(pasted), name)
	}
}

func TestPastedTextThatIsNoLinkIsNoToken(t *testing.T) {
	t.Parallel()
	for name, pasted := range map[string]string{
		"empty":                "",
		"white space":          " \n",
		"two tokens":           "https://app.example/?token=a.b.c#token=d.e.f",
		"another parameter":    "https://app.example/#xtoken=a.b.c",
		"line break inside":    "a.b\n.c",
		"space inside":         "Bearer a.b.c",
		"markup":               `"><script>alert(1)</script>`,
		"markup after a token": `#token=a.b.c"onfocus=alert(1) `,
		"percent escapes":      "#token=a%2Eb%2Ec",
		"NUL":                  "a.b\x00.c",
		"a link without one":   "https://app.example/reset-password",
		"cookie separators":    "a.b.c; Path=/",
		"longer than any":      strings.Repeat("a", 1025),
		"very long":            strings.Repeat(" ", 1<<20) + "a.b.c",
	} {
		require.Empty(t, resethttp.LinkToken(pasted), name)
	}

	require.Len(t, resethttp.LinkToken(strings.Repeat("a", 1024)), 1024)
}

func FuzzPastedLink(f *testing.F) {
	for _, seed := range []string{
		"", "a.b.c", "https://app.example/reset-password#token=a.b.c",
		"?token=a#token=b", "<token=a>", " token=a&b", "xtoken=a", "a\x00",
		"token=token=",
	} {
		f.Add(seed)
	}

	shape := regexp.MustCompile(`^[A-Za-z0-9_.-]*$`)
	f.Fuzz(func(t *testing.T, pasted string) {
		raw := resethttp.LinkToken(pasted)
		require.Regexp(t, shape, raw)
		require.LessOrEqual(t, len(raw), 1024)
		require.Contains(t, pasted, raw)
		require.Equal(t, raw, resethttp.LinkToken(raw), "reading it again")
		require.Equal(t, raw, resethttp.LinkToken(
			site+"/reset-password#token="+raw,
		), "in a link")
	})
}
