package links_test

import (
	"encoding/base64"
	"fmt"
	"html"
	"net/url"
	"strings"
)

// A rewriting is one thing that happens to a link between the mail and the
// page.
type rewriting struct {
	name string
	// opened is the address that the browser is led to, and pasted what the
	// visitor copies from the mail. Either may be missing.
	opened, pasted func(link string) string
}

// mark is what stands before the token in a link, "#" or "?".
func mark(link string) string {
	if strings.Contains(link, "#") {
		return "#"
	}
	return "?"
}

// as returns the link as it is.
func as(link string) string { return link }

// escaped escapes the mark of a link a number of times.
func escaped(times int) func(string) string {
	return func(link string) string {
		return strings.Replace(link, mark(link), quote(mark(link), times), 1)
	}
}

func quote(text string, times int) string {
	for range times {
		text = strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
	}
	return text
}

// dropped is a link without what is behind its path.
func dropped(link string) string {
	path, _, _ := strings.Cut(link, mark(link))
	return path
}

// replaced replaces the first old in a link, where "#" is its mark.
func replaced(old, by string) func(string) string {
	return func(link string) string {
		from := old
		if from == "#" {
			from = mark(link)
		}
		return strings.Replace(link, from, by, 1)
	}
}

// between puts something into the token of a link.
func between(what string) func(string) string {
	return func(link string) string {
		at := strings.Index(link, ".ey") + 20
		return link[:at] + what + link[at:]
	}
}

// around puts something before and behind a link.
func around(before, behind string) func(string) string {
	return func(link string) string { return before + link + behind }
}

// both is one rewriting after another.
func both(first, second func(string) string) func(string) string {
	return func(link string) string { return second(first(link)) }
}

// wrapped is a link in the query of a gateway's.
func wrapped(before, behind string) func(string) string {
	return func(link string) string { return before + quote(link, 1) + behind }
}

var safeLinks = wrapped(
	"https://eur02.safelinks.protection.outlook.com/?url=",
	"&data=05%7C02%7Cada%40example.com%7C1f&sdata=bMPrb%2B96Qo%3D&reserved=0",
)

// defenseV2 spells a link as Proofpoint's URL Defense v2 does, which escapes
// with '-' and writes '/' as '_'.
func defenseV2(link string) string {
	var spelled strings.Builder
	for _, c := range []byte(link) {
		switch {
		case c == '/':
			spelled.WriteByte('_')
		case c == '.', '0' <= c && c <= '9', 'A' <= c && c <= 'Z', 'a' <= c &&
			c <= 'z':
			spelled.WriteByte(c)
		default:
			fmt.Fprintf(&spelled, "-%02X", c)
		}
	}
	return "https://urldefense.proofpoint.com/v2/url?u=" + spelled.String() +
		"&d=DwMFAg&c=euGZstcaTDllvimEN8b7jX-v5A_Cdpgn&r=_x&m=y-z&s=q&e="
}

// defenseV3 keeps a link as it is but for characters that are not plain.
func defenseV3(link string) string {
	return "https://urldefense.com/v3/__" + strings.Replace(link, "#", "*", 1) +
		"__;Iw!!AbC-d_e!FgH-i_J$"
}

// opaque is a link of a gateway that keeps the address to itself.
func opaque(string) string {
	return "https://protect-eu.mimecast.com/s/AbCdE?domain=app.test"
}

// tracked has a parameter where parameters belong.
func tracked(link string) string {
	if mark(link) == "#" {
		return strings.Replace(link, "#", "?utm_source=mail#", 1)
	}
	return strings.Replace(link, "?", "?utm_source=mail&", 1)
}

func sophos(link string) string {
	return "https://eu.protection.sophos.com/?d=app.test&u=" +
		base64.StdEncoding.EncodeToString([]byte(link)) + "&i=NWQ&t=a&h=b&s=c"
}

func markup(link string) string {
	return `<a href="` + html.EscapeString(link) + `">` +
		html.EscapeString(link) + `</a>`
}

// second is a link with the token of another link behind its own.
func second(link string) string {
	other := between("A")(link)
	_, raw, _ := strings.Cut(other, "token=")
	return link + "&token=" + raw
}

// inherited is a link with the token of another link in its other place. A
// browser takes the fragment of an address along to where it is sent on.
func inherited(link string) string {
	path, raw, _ := strings.Cut(link, mark(link))
	_, other, _ := strings.Cut(between("A")(link), mark(link))
	if mark(link) == "#" {
		return path + "?" + other + "#" + raw
	}
	return path + "?" + raw + "#" + other
}

// otherStyle is a link of the style that is not configured.
func otherStyle(link string) string {
	if mark(link) == "#" {
		return strings.Replace(link, "#", "?", 1)
	}
	return strings.Replace(link, "?", "#", 1)
}

// before is a link as it was mailed before its path ended in a slash.
func before(link string) string {
	return strings.Replace(link, "/"+mark(link), mark(link), 1)
}

// firstLine is as much of a link as stands on the first line of a mail that
// breaks lines.
func firstLine(link string) string { return link[:len(link)-40] }

// rewritings is the table.
var rewritings = []rewriting{
	{"as mailed", as, as},
	{"without the slash, as mailed before", before, before},
	{"of the other style", otherStyle, otherStyle},
	{"Safe Links", as, safeLinks},
	{"Safe Links, mark escaped", escaped(1), both(escaped(1), safeLinks)},
	{
		"Safe Links, mark escaped, no slash", both(before, escaped(1)),
		both(both(before, escaped(1)), safeLinks),
	},
	{"Safe Links, token dropped", dropped, as},
	{"Safe Links in HTML", as, both(safeLinks, html.EscapeString)},
	{"Safe Links, line broken", as, both(safeLinks, between("\r\n"))},
	{"Safe Links twice", as, both(safeLinks, safeLinks)},
	{
		"URL Defense v1", as,
		wrapped("https://urldefense.proofpoint.com/v1/url?u=",
			"&k=a%3D%3D&r=b"),
	},
	{"URL Defense v2", as, defenseV2},
	{"URL Defense v2 in HTML", as, both(defenseV2, html.EscapeString)},
	{"URL Defense v2 in Safe Links", escaped(1), both(defenseV2, safeLinks)},
	{"Safe Links in URL Defense v2", as, both(safeLinks, defenseV2)},
	{"URL Defense v3", as, defenseV3},
	{"Mimecast, token dropped", dropped, opaque},
	{"Mimecast, token kept", as, opaque},
	{
		"Barracuda", as,
		wrapped("https://linkprotect.cudasvc.com/url?a=",
			"&c=E,1,x-y_z&typo=1"),
	},
	{
		"Google", escaped(1),
		wrapped("https://www.google.com/url?q=",
			"&source=gmail&ust=1&usg=AOvVaw"),
	},
	{"Cisco", as, wrapped("https://secure-web.cisco.com/1abc-D_/", "")},
	{"Sophos", as, sophos},
	{
		"Trend Micro", as,
		wrapped("https://ca.ctp.trendmicro.com/wis/clicktime/v1/query?url=",
			"&umid=1&auth=a-b"),
	},
	{
		"Fortinet", as,
		wrapped("https://mail.test/fmlurlsvc/?fewReq=:B:JVs%3D&url=", ""),
	},
	{"Symantec", as, wrapped("https://clicktime.symantec.com/3AbC?u=", "")},
	{"tracking added before the mark", tracked, tracked},
	{
		"tracking behind", around("", "&utm_source=mail&utm_medium=email"),
		around("", "&utm_source=mail"),
	},
	{
		"tracking before", replaced("token", "utm_source=mail&token"),
		replaced("token", "utm_source=mail&token"),
	},
	{"tracking in the path", replaced("#", "&_ga=1.2#"), nil},
	{"mark escaped twice", escaped(2), escaped(2)},
	{"mark escaped three times", escaped(3), escaped(3)},
	{
		"whole link escaped", nil,
		func(link string) string { return quote(link, 1) },
	},
	{"'=' escaped", replaced("=", "%3D"), replaced("=", "%3D")},
	{"'=' escaped twice", replaced("=", "%253D"), replaced("=", "%253D")},
	{"quoted-printable", replaced("=", "=3D"), replaced("=", "=3D")},
	{"soft line break", between("=%0D%0A"), between("=\r\n")},
	{"line break", between("%0A"), between("\r\n")},
	{"line break, second line lost", firstLine, firstLine},
	{"line of a reply", nil, between("\n> > ")},
	{"space", between("%20"), between(" ")},
	{"zero-width space", between("%E2%80%8B"), between("\u200b")},
	{"soft hyphen", between("%C2%AD"), between("\u00ad")},
	{"no-break space behind", around("", "%C2%A0"), around("\u00a0", "\u00a0")},
	{
		"&amp;", around("", "&amp;utm_source=mail"),
		around("", "&amp;utm_source=mail"),
	},
	{"&#61;", replaced("=", "&%2361;"), replaced("=", "&#61;")},
	{"full stop", around("", "."), around("", ".")},
	{"comma", around("", ","), around("", ",")},
	{"round bracket", around("", ")"), around("(", ")")},
	{"square bracket", around("", "]"), around("[", "]")},
	{"angle bracket", around("", "%3E"), around("<", ">")},
	{"quote", around("", "%22"), around(`"`, `"`)},
	{"curly quote", around("", "%E2%80%9D"), around("“", "”")},
	{"Markdown", around("", ")**"), around("**[reset](", ")**")},
	{"markup", nil, markup},
	{
		"scheme and host in capitals",
		replaced("http://app.test", "HTTP://APP.TEST"),
		replaced("http://app.test", "HTTP://APP.TEST"),
	},
	{"without a scheme", nil, replaced("http://", "")},
	{"another fragment behind", around("", "#top"), around("", "#top")},
	{"mark lost", replaced("#", ""), replaced("#", "")},
	{"semicolon for the mark", replaced("#", ";"), replaced("#", ";")},
	{"in lower case", strings.ToLower, strings.ToLower},
	{"two different tokens", second, second},
	{
		"two, the first one escaped", both(second, escaped(1)),
		both(second, escaped(1)),
	},
	{"two, one in the other place", inherited, inherited},
}
