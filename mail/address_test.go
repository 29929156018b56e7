package mail_test

import (
	netmail "net/mail"
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/stretchr/testify/require"
)

// domainOf returns a domain of that many bytes.
func domainOf(length int) string {
	labels := strings.Repeat(strings.Repeat("d", 49)+".", 6)
	return labels[:length-len(".example")] + ".example"
}

func TestValidateAddressAcceptsPlainAddresses(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{
		"ana@example.com", "Ana.Maria+tag@sub.example.com",
		"o'brien@example.com",
		"a_b-c@x-y.example", "1@2.example",
		"a@b.co", "u@xn--bcher-kva.example", "u@bücher.example",
		"josé@example.com",
		"用户@例子.测试", "a/b=c#d@example.com",
		strings.Repeat("l", 64) + "@example.com",
		"a@" + strings.Repeat("d", 63) + ".example",
		"a@" + domainOf(252),
	} {
		require.NoError(t, mail.ValidateAddress(addr), "%q", addr)
		parsed, err := netmail.ParseAddress(addr)
		require.NoError(t, err, "%q", addr)
		require.Equal(t, addr, parsed.Address)
	}
}

var notAddresses = map[string]string{
	"empty":                         "",
	"no at":                         "canary.example",
	"no local part":                 "@example.com",
	"no domain":                     "canary@",
	"two ats":                       "canary@a@example.com",
	"two addresses":                 "canary@example.com,b@example.com",
	"two addresses by semicolon":    "canary@example.com;b@example.com",
	"display name":                  "Canary <canary@example.com>",
	"angle brackets":                "<canary@example.com>",
	"comment":                       "canary@example.com (comment)",
	"comment inside":                "canary(c)@example.com",
	"group":                         "group: canary@example.com;",
	"leading space":                 " canary@example.com",
	"trailing space":                "canary@example.com ",
	"inner space":                   "can ary@example.com",
	"trailing dot":                  "canary@example.com.",
	"dots in a row":                 "can..ary@example.com",
	"leading dot":                   ".canary@example.com",
	"dot before the at":             "canary.@example.com",
	"quoted local part":             `"canary"@example.com`,
	"SMTP parameter":                `"canary> ORCPT=rfc822;evil <x"@example.com`,
	"SMTP parameter without quotes": "canary@example.com> NOTIFY=SUCCESS <z",
	"backslash":                     `can\ary@example.com`,
	"address literal":               "canary@[127.0.0.1]",
	"IPv4 domain":                   "canary@127.0.0.1",
	"IPv6 literal":                  "canary@[IPv6:::1]",
	"one label":                     "canary@localhost",
	"label that starts with a dash": "canary@-x.example",
	"label that ends with a dash":   "canary@x-.example",
	"underscore in the domain":      "canary@a_b.example",
	"option to sendmail":            "-oQ/tmp/canary@example.com",
	"percent route":                 "canary%example.org@example.com",
	"bang path":                     "host!canary@example.com",
	"pipe":                          "canary|sh@example.com",
	"back-tick":                     "canary`id`@example.com",
	"encoded word":                  "=?utf-8?q?x=40evil.com=3E=00?=@example.com",
	"CR":                            "canary@example.com\r",
	"LF":                            "canary@example.com\nBcc: evil@example.com",
	"NUL":                           "can\x00ary@example.com",
	"TAB":                           "can\tary@example.com",
	"DEL":                           "can\x7fary@example.com",
	"right-to-left override":        "can\u202eary@example.com",
	"left-to-right mark":            "can\u200eary@example.com",
	"zero-width space":              "canary@exam\u200bple.com",
	"zero-width joiner":             "canary@exam\u200dple.com",
	"soft hyphen":                   "canary@exam\u00adple.com",
	"byte order mark":               "\ufeffcanary@example.com",
	"line separator":                "can\u2028ary@example.com",
	"no-break space":                "can\u00a0ary@example.com",
	"hangul filler":                 "can\u3164ary@example.com",
	"variation selector":            "can\ufe0fary@example.com",
	"combining mark after the at":   "canary@\u0301example.com",
	"full-width at":                 "canary＠example.com",
	"ideographic full stop":         "canary@example\u3002com",
	"emoji":                         "can😀ary@example.com",
	"invalid UTF-8":                 "can\xffary@example.com",
	"surrogate half":                "can\xed\xa0\x80ary@example.com",
	"local part of 65":              strings.Repeat("c", 65) + "@example.com",
	"label of 64": "canary@" + strings.Repeat("d", 64) +
		".example",
	"255 bytes":  "c@" + domainOf(253),
	"a megabyte": strings.Repeat("canary@", 1<<17),
}

//lostkey:covers ASVS-2.2.1 CWE-20
func TestValidateAddressRefusesEverythingElseAndNeverShowsIt(t *testing.T) {
	t.Parallel()
	for name, addr := range notAddresses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := mail.ValidateAddress(addr)
			require.EqualError(t, err, "mail: not a plain address")
		})
	}
}

func TestTheLengthIsLookedAtBeforeTheAddress(t *testing.T) {
	addr := strings.Repeat("a", 1<<20) + "@example.com"
	require.Zero(t, testing.AllocsPerRun(10, func() {
		_ = mail.ValidateAddress(addr)
	}))
}

func TestParseMailboxSplitsNamesFromAddresses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][2]string{
		"a@example.com":       {"", "a@example.com"},
		"App <a@example.com>": {"App", "a@example.com"},
		`"Foo, Bar & \"Co\"" <a@example.com>`: {
			`Foo, Bar & "Co"`, "a@example.com",
		},
		"Café Olé <a@bücher.example>": {"Café Olé", "a@bücher.example"},
		"=?utf-8?q?B=C3=BCcher=2C_GmbH?= <a@example.com>": {
			"Bücher, GmbH", "a@example.com",
		},
	} {
		name, addr, err := mail.ParseMailbox(in)
		require.NoError(t, err, in)
		require.Equal(t, want, [2]string{name, addr})
	}

	for _, in := range []string{
		"", "App", "App <a@example.com", "App <a@localhost>",
		"App <a@example.com> <b@example.com>",
		"App <a@example.com>, b@example.com",
		"App <a@example.com> (x)", "App\r\nBcc: b@example.com <a@example.com>",
		"App\x00 <a@example.com>", "App \u202e <a@example.com>",
		"=?utf-8?q?App=E2=80=AE?= <a@example.com>",
		"=?utf-8?q?App=0D=0ABcc:_b@example.com?= <a@example.com>",
		`App <"a"@example.com>`,
		strings.Repeat("A", 998) + " <a@example.com>",
	} {
		_, _, err := mail.ParseMailbox(in)
		require.EqualError(t, err, "mail: not a plain address", "%q", in)
	}
}

func FuzzValidateAddress(f *testing.F) {
	for _, seed := range []string{
		"ana@example.com", "josé@bücher.example", `"q"@x.example`,
		"a@b@c.example",
		"a..b@c.example", "a@[1.2.3.4]", "a\r\n@b.example", "=?x?=@b.example",
	} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, addr string) {
		if mail.ValidateAddress(addr) != nil {
			return
		}
		require.LessOrEqual(t, len(addr), 254)
		require.NotContains(t, addr, "\r")
		const special = "\r\n\x00 \t<>,;:\"()[]\\%!|`"
		require.False(t, strings.ContainsAny(addr, special), "%q", addr)

		parsed, err := netmail.ParseAddress(addr)
		require.NoError(t, err, "%q", addr)
		require.Equal(t, addr, parsed.Address)

		encoded, err := mail.Encode(plainMessage(func(m *mail.Message) {
			m.To = addr
		}))
		require.NoError(t, err)
		header := reparse(t, encoded).Header
		parsed, err = netmail.ParseAddress(header.Get("To"))
		require.NoError(t, err)
		require.Equal(t, addr, parsed.Address)
	})
}
