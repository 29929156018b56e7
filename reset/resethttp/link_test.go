package resethttp_test

import (
	"encoding/base64"
	"html"
	"maps"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
	"github.com/lostkey-go/lostkey/token"
)

// Two texts with the form of a token, each with '-' and '_' in every part that
// can have them.
const (
	sampleRaw = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoicmVzZXQrand0In0." +
		"eyJleHAiOjE3OTUyOTIxMTcsImZwIj-xNz_1Mjg4NTE3LCJzdWIiOiJ1LTEifQ." +
		"vNHuatYgyjSx1Oi6ySK5izxCGSCI86Y_abvqwxG-yqg"
	otherRaw = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoicmVzZXQrand0In0." +
		"eyJleHAiOjE3OTUyOTIxMTcsImZwIj-xNz_1Mjg4NTE3LCJzdWIiOiJ1LTIifQ." +
		"Xa5TqU3b_fYyjSx1Oi6ySK5izxCGSCI86Y-abvqwxG0"
)

// escape is what encodeURIComponent does, any number of times.
func escape(text string, times int) string {
	for range times {
		text = strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
	}
	return text
}

// defenseV2 spells an address as Proofpoint's URL Defense v2 does.
func defenseV2(address string) string {
	plain := regexp.MustCompile(`[^A-Za-z0-9./&]`)
	address = plain.ReplaceAllStringFunc(address, func(c string) string {
		return escapeByte(c[0])
	})
	return "https://urldefense.proofpoint.com/v2/url?u=" +
		strings.NewReplacer("%", "-", "/", "_").Replace(address) +
		"&d=DwMFAg&c=euGZstcaTDllvimEN8b7jXrwqOf-v5A_CdpgnVfiiMM&r=_x&m=y-z&s=q&e="
}

func escapeByte(c byte) string {
	const digits = "0123456789ABCDEF"
	return "%" + string(digits[c>>4]) + string(digits[c&15])
}

// safeLinks wraps an address as Microsoft Defender does.
func safeLinks(address string) string {
	return "https://eur02.safelinks.protection.outlook.com/?url=" +
		escape(address, 1) + "&data=05%7C02%7Cada%40example.com%7C1f&" +
		"sdata=bMPrbif%2B96QoKY5WarbxCTonEn6AGkwj%2FdpB0YEN4go%3D&reserved=0"
}

// inset puts something into the middle of each part of the token in a text.
func inset(text, what string) string {
	for _, part := range []string{"JIUzI1", "OTIxMTcs", "yjSx1O"} {
		text = strings.ReplaceAll(text, part, part[:3]+what+part[3:])
	}
	return text
}

// copiedLinks are what visitors and mail programs make of a link.
func copiedLinks(link string) map[string]string {
	return map[string]string{
		"as mailed":               link,
		"token alone":             sampleRaw,
		"only name and value":     "token=" + sampleRaw,
		"only what is behind '#'": "#token=" + sampleRaw,
		"'#' or '?' escaped": strings.NewReplacer(
			"#", "%23", "?", "%3F",
		).Replace(link),
		"escaped once":         escape(link, 1),
		"escaped three times":  escape(link, 3),
		"escaped with dots":    strings.ReplaceAll(escape(link, 1), ".", "%2e"),
		"'=' escaped":          strings.ReplaceAll(link, "=", "%3d"),
		"quoted-printable":     strings.ReplaceAll(link, "=", "=3D"),
		"full stops too":       strings.ReplaceAll(link, ".", "=2E"),
		"soft line breaks":     inset(link, "=\r\n"),
		"soft breaks of LF":    inset(link, "=\n"),
		"soft break after '='": strings.ReplaceAll(link, "=", "=\r\n"),
		"line breaks":          inset(link, "\r\n"),
		"wrapped lines":        inset(link, "\n\t "),
		"quoted lines":         inset(link, "\r\n> > "),
		"spaces":               inset(link, " "),
		"zero-width spaces":    inset(link, "\u200b"),
		"soft hyphens":         inset(link, "\u00ad"),
		"byte order marks":     "\ufeff" + inset(link, "\ufeff"),
		"bidi marks":           "\u202a" + link + "\u202c",
		"HTML escapes":         html.EscapeString(link + "&utm_source=mail"),
		"numeric references":   strings.ReplaceAll(link, "=", "&#61;"),
		"hex references":       strings.ReplaceAll(link, "=", "&#x3D;"),
		"markup": `<a href="` + link + `">Choose a password</a>` +
			`<p>` + link + `</p>`,
		"a JSON string":    `{"token":"` + sampleRaw + `"}`,
		"a sentence":       "Open " + link + ".",
		"an ellipsis":      link + "...",
		"comma":            link + ",",
		"brackets":         "(" + link + ")",
		"square brackets":  "[" + link + "]",
		"Markdown":         "[reset](" + link + ")",
		"angle brackets":   "<" + link + ">",
		"URL prefix":       "<URL:" + link + ">",
		"quotes":           `"` + link + `"`,
		"curly quotes":     "“" + link + "”",
		"white space":      " \t\r\n\u00a0" + link + "\u00a0\n ",
		"words behind":     link + "\n\nThe link works once.",
		"tracking":         link + "&utm_source=mail&utm_medium=email",
		"tracking before":  strings.Replace(link, "token", "utm_source=m&token", 1),
		"a fragment more":  link + "#top",
		"upper-case host":  strings.Replace(link, site, "HTTPS://APP.EXAMPLE", 1),
		"without a scheme": strings.TrimPrefix(link, "https://"),
	}
}

// wrappedLinks are what mail gateways make of it.
func wrappedLinks(link string) map[string]string {
	sophos := base64.StdEncoding.EncodeToString([]byte(link))
	return map[string]string{
		"Safe Links": safeLinks(link),
		"Safe Links, doubly escaped": safeLinks(
			strings.NewReplacer("#", "%23", "?", "%3F").Replace(link),
		),
		"Safe Links in HTML":    html.EscapeString(safeLinks(link)),
		"Safe Links, two lines": inset(safeLinks(link), "\r\n"),
		"Safe Links twice":      safeLinks(safeLinks(link)),
		"URL Defense v1": "https://urldefense.proofpoint.com/v1/url?u=" +
			escape(link, 1) + "&k=x",
		"URL Defense v2":         defenseV2(link),
		"URL Defense v2 in HTML": html.EscapeString(defenseV2(link)),
		"URL Defense v2 in Safe Links": safeLinks(
			defenseV2(link),
		),
		"Safe Links in URL Defense v2": defenseV2(safeLinks(link)),
		"URL Defense v3": "https://urldefense.com/v3/__" +
			strings.ReplaceAll(link, "#", "*") + "__;Iw!!AbC-d_e!Fg$",
		"URL Defense v3, runs": "https://urldefense.com/v3/__" +
			strings.ReplaceAll(link, "/#", "**A") + "__;LyM!!AbC-d_e!Fg$",
		"Barracuda": "https://linkprotect.cudasvc.com/url?a=" + escape(link, 1) +
			"&c=E,1,x-y_z&typo=1",
		"Google": "https://www.google.com/url?q=" + escape(link, 1) +
			"&source=gmail&ust=1&usg=AOvVaw",
		"Cisco": "https://secure-web.cisco.com/1abc-D_/" + escape(link, 1),
		"Sophos": "https://eu.protection.sophos.com/?d=app.example&u=" + sophos +
			"&i=x&h=" + sampleRaw[:20],
		"Sophos URL": "https://eu.protection.sophos.com/?d=app.example&u=" +
			escape(sophos, 1) + "&i=x",
		"Trend Micro": "https://ca.ctp.trendmicro.com/wis/clicktime/v1/query?url=" +
			strings.ToLower(escape("https://", 1)) + escape(link[8:], 1) +
			"&umid=1&auth=a-b",
		"Fortinet": "https://mail.example/fmlurlsvc/?fewReq=:B:JVs%3D&url=" +
			escape(link, 1),
		"Symantec": "https://clicktime.symantec.com/3AbC?u=" + escape(link, 1),
	}
}

func TestPastedLinkIsReadHoweverItWasCopied(t *testing.T) {
	t.Parallel()
	for _, link := range []string{
		site + "/reset-password/#token=" + sampleRaw,
		site + "/reset-password/?token=" + sampleRaw,
		site + "/reset-password#token=" + sampleRaw,
	} {
		all := copiedLinks(link)
		maps.Copy(all, wrappedLinks(link))
		for name, pasted := range all {
			require.Equal(t, sampleRaw, resethttp.FindToken(pasted), "%s: %s",
				name, pasted)
		}
	}
}

func TestPastedTextThatIsNoLinkIsNoToken(t *testing.T) {
	t.Parallel()
	link, other := "https://app.example/#token="+sampleRaw,
		"https://app.example/#token="+otherRaw
	for name, pasted := range map[string]string{
		"empty":                         "",
		"white space":                   " \n",
		"two tokens":                    link + " " + other,
		"two tokens in one link":        "https://app.example/?token=" + sampleRaw + "#token=" + otherRaw,
		"two tokens, one escaped":       link + escape("&token="+otherRaw, 2),
		"two tokens, one in base64":     link + "&u=" + base64.StdEncoding.EncodeToString([]byte(other)),
		"two tokens, one in v2":         link + "\n" + defenseV2(other),
		"two tokens without a gap":      sampleRaw + otherRaw,
		"a token and a damaged one":     link + "\n" + other[:len(other)-1],
		"broken off":                    link[:len(link)-1],
		"broken off before other words": link[:len(link)-1] + " !",
		"runs on":                       link + "x",
		"runs on behind a full stop":    link + ".x",
		"in lower case":                 strings.ToLower(link),
		"markup":                        `"><script>alert(1)</script>`,
		"NUL":                           inset(link, "\x00"),
		"a link without one":            "https://app.example/reset-password",
		"another kind of token": "#token=eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1LTEifQ." +
			strings.Repeat("A", 43),
		"cookie separators": inset(link, "; Path=/"),
		"longer than any": "token=" + sampleRaw[:61] + strings.Repeat("a", 1024) +
			sampleRaw[60:],
		"very long":              strings.Repeat(" ", 8<<10) + link,
		"garbled URL Defense v2": strings.ReplaceAll(defenseV2(link), "-5F", "-5G"),
	} {
		require.Empty(t, resethttp.FindToken(pasted), name)
	}
	require.Equal(t, sampleRaw,
		resethttp.FindToken(strings.Repeat(" ", 8<<10-len(link))+link))
}

// A token is found by its form, which is package token's.
func TestEveryTokenThatIsIssuedIsReadAgain(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"k", "2026-11", strings.Repeat("k", 16)} {
		keys, err := token.GenerateKeys(id)
		require.NoError(t, err)
		f := newFixture(t, pagesOf, func(c *reset.Config) { c.Keys = keys })

		purposes := map[string]token.Purpose{"u-1": token.PurposeReset}
		for _, user := range []string{
			"u-2", "https://id.example/7", "ahttps://id.example/7",
			"abhttps://id.example/7", // one of them looks like an address in base64
		} {
			purposes[user] = token.PurposeInvite
			require.NoError(t, f.users.Add(reset.User{
				ID: user, Email: "bo@example.com",
			}))
		}

		for user, purpose := range purposes {
			link, err := f.svc.Link(t.Context(), user,
				reset.LinkOptions{Purpose: purpose})
			require.NoError(t, err)
			_, raw, _ := strings.Cut(link.Reveal(), "token=")
			require.Equal(t, raw, resethttp.FindToken(link.Reveal()))
			require.Equal(t, raw,
				resethttp.FindToken(safeLinks(defenseV2(link.Reveal()))))
		}
	}
}

// What the reader returns is one token that stood in the text, or nothing.
func FuzzPastedLink(f *testing.F) {
	link := "https://app.example/reset-password/#token=" + sampleRaw
	for _, seed := range []string{
		"", "a.b.c", link, "?token=a#token=b", "<token=a>", " token=a&b",
		"xtoken=a", "a\x00", "token=token=", link + "\n" + link,
		defenseV2(link),
		safeLinks(safeLinks(link)), inset(link, "=\r\n> "),
		inset(link, "\u200b"),
		"https://urldefense.com/v3/__" + link + "__;!!", escape(link, 4),
		"u=" + base64.StdEncoding.EncodeToString([]byte(link)),
		sampleRaw + otherRaw,
		sampleRaw + "%2526" + otherRaw,
		html.EscapeString(html.EscapeString(link + "&")),
	} {
		f.Add(seed)
	}
	shape := regexp.MustCompile(
		`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$`)

	f.Fuzz(func(t *testing.T, pasted string) {
		raw := resethttp.FindToken(pasted)
		if raw != "" {
			require.Regexp(t, shape, raw)
			require.LessOrEqual(t, len(raw), 1024)
			require.Contains(t, resethttp.Unwrapped(pasted), raw)
			require.Equal(t, raw, resethttp.FindToken(raw), "reading it again")
			require.Equal(t, raw, resethttp.FindToken(defenseV2(link[:42]+raw)),
				"in a link")
		}

		// Beside a token of ours nothing makes the reader return another one.
		for _, text := range []string{
			pasted + " " + sampleRaw, sampleRaw + " " + pasted,
		} {
			beside := resethttp.FindToken(text)
			require.Contains(t, []string{"", sampleRaw}, beside)
			if raw != "" && raw != sampleRaw {
				require.Empty(t, beside, "two different tokens")
			}
		}
	})
}

func BenchmarkLinkTextThatIsHardToRead(b *testing.B) {
	for name, unit := range map[string]string{
		"escapes":   "%25",
		"starts":    sampleRaw[:28],
		"base64":    "=aHR0cHM6Ly",
		"defense":   "/v2/url?u=",
		"breaks":    "=\n> ",
		"reference": "&amp;",
		"tokens":    sampleRaw + " ",
	} {
		text := strings.Repeat(unit, 8<<10/len(unit))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				resethttp.FindToken(text)
			}
		})
	}
}
