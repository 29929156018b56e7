package token_test

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/lostkey-go/lostkey/token"
)

func structureAttacks(v victim) []attack {
	h, p, s := v.header, v.payload, v.signature
	shapes := []struct{ name, raw string }{
		{"nothing", ""},
		{"one dot", "."},
		{"two dots", ".."},
		{"three dots", "..."},
		{"dots as long as a token", repeat(".", len(v.raw))},
		{"header alone", h},
		{"header and a dot", h + "."},
		{"header and two dots", h + ".."},
		{"payload alone", p},
		{"signature alone", s},
		{"no signature", h + "." + p},
		{"empty signature", h + "." + p + "."},
		{"empty header", "." + p + "." + s},
		{"empty payload", h + ".." + s},
		{"empty header and payload", ".." + s},
		{"no header", p + "." + s},
		{"no payload", h + "." + s},
		{"fourth segment", v.raw + "." + s},
		{"fourth segment, empty", v.raw + "."},
		{"segment in front", h + "." + v.raw},
		{"empty segment in front", "." + v.raw},
		{"empty segment before the payload", h + ".." + p + "." + s},
		{"empty segment before the signature", h + "." + p + ".." + s},
		{"payload twice", h + "." + p + "." + p + "." + s},
		{"payload split by a dot", h + "." + p[:40] + "." + p[40:] + "." + s},
		{"dots replaced by commas", h + "," + p + "," + s},
		{"dots replaced by colons", h + ":" + p + ":" + s},
		{"dots replaced by spaces", h + " " + p + " " + s},
		{"dots left out", h + p + s},
		{"dots percent-encoded", h + "%2E" + p + "%2E" + s},
		{"order header signature payload", h + "." + s + "." + p},
		{"order payload header signature", p + "." + h + "." + s},
		{"order payload signature header", p + "." + s + "." + h},
		{"order signature header payload", s + "." + h + "." + p},
		{"order signature payload header", s + "." + p + "." + h},
		{"twice, joined", v.raw + v.raw},
		{"twice, with a dot", v.raw + "." + v.raw},
		{"twice, with a comma", v.raw + "," + v.raw},
		{"twice, with a space", v.raw + " " + v.raw},
		{"twice, on two lines", v.raw + "\n" + v.raw},
		{"JSON serialisation, flattened", `{"protected":"` + h + `","payload":"` + p + `","signature":"` + s + `"}`},
		{"JSON serialisation, general", `{"payload":"` + p + `","signatures":[{"protected":"` + h + `","signature":"` + s + `"}]}`},
		{"JSON serialisation with compact parts", `{"` + h + "." + p + "." + s + `":""}`},
		{"JWE shape, five segments", h + "." + p + "." + p + "." + p + "." + s},
		{"JWE shape, empty key", h + ".." + p + "." + p + "." + s},
		{"nested in a payload", b64(`{"alg":"HS256","cty":"JWT"}`) + "." + b64(v.raw) + "." + s},
		{"Bearer in front", "Bearer " + v.raw},
		{"bearer in front, lower case", "bearer " + v.raw},
		{"JWT in front", "JWT " + v.raw},
		{"parameter name in front", "token=" + v.raw},
		{"fragment in front", "#token=" + v.raw},
		{"the whole link", site + "/reset-password#token=" + v.raw},
		{"in double quotes", `"` + v.raw + `"`},
		{"in single quotes", `'` + v.raw + `'`},
		{"in angle brackets", `<` + v.raw + `>`},
		{"in a JSON array", `["` + v.raw + `"]`},
		{"in a JSON object", `{"token":"` + v.raw + `"}`},
		{"comma of a sentence behind", v.raw + ","},
		{"space in front", " " + v.raw},
		{"space behind", v.raw + " "},
		{"tab behind", v.raw + "\t"},
		{"NUL in front", "\x00" + v.raw},
		{"NUL behind", v.raw + "\x00"},
		{"NUL and a tail", v.raw + "\x00.x.y"},
		{"no-break space behind", v.raw + "\u00a0"},
		{"zero-width space in front", "\u200b" + v.raw},
		{"soft hyphen inside", v.raw[:100] + "\u00ad" + v.raw[100:]},
		{"quoted-printable line break inside", v.raw[:75] + "=\r\n" + v.raw[75:]},
		{"query behind", v.raw + "?utm_source=mail"},
		{"ampersand and parameter behind", v.raw + "&a=b"},
		{"byte order mark in front", "\ufeff" + v.raw},
		{"UTF-16, little end first", utf16Text(v.raw, 0, 8)},
		{"UTF-16, big end first", utf16Text(v.raw, 8, 0)},
		{"full-width letters", strings.ReplaceAll(v.raw, "e", "ｅ")},
		{"homoglyph letter", strings.Replace(v.raw, "e", "е", 1)},
		{"percent-encoded", url.PathEscape("%" + v.raw)},
		{"upper case", strings.ToUpper(v.raw)},
		{"lower case", strings.ToLower(v.raw)},
		{"base64url of the token", b64(v.raw)},
		{"hexadecimal of the token", hex.EncodeToString([]byte(v.raw))},
		{"invalid UTF-8 inside", v.raw[:50] + "\xff\xfe" + v.raw[50:]},
		{"1025 letters", repeat("A", 1025)},
		{"a token of 1025 characters", h + "." + repeat("A", 1025-2-len(h)-len(s)) + "." + s},
		{"a token of 1025 characters, well signed", padded(v, 1025)},
		{"1 MB of letters", repeat("A", 1<<20)},
		{"1 MB of dots", repeat(".", 1<<20)},
		{"1 MB of line breaks", repeat("\n", 1<<20)},
		{"1 MB of NUL", repeat("\x00", 1<<20)},
		{"1 MB payload, well signed", sealRaw(v.key, h, repeat("A", 1<<20))},
		{"1 MB header", repeat("A", 1<<20) + "." + p + "." + s},
		{"1 MB signature", h + "." + p + "." + repeat("A", 1<<20)},
		{"1 MB of padding behind", v.raw + repeat("=", 1<<20)},
		{"1000 segments", repeat("abc.", 1000)},
	}
	var all []attack
	for _, shape := range shapes {
		want := token.ReasonMalformed
		switch shape.name {
		case "order payload header signature", "upper case", "lower case", "nested in a payload":
			want = token.ReasonUnknownKey // the shape of a token, with a header that nobody has
		}
		all = append(all, attack{family: "structure", name: shape.name, raw: shape.raw, want: want})
	}
	return all
}

func utf16Text(s string, first, second int) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(unit >> first))
		b.WriteByte(byte(unit >> second))
	}
	return b.String()
}

// padded is a well-signed token of a given length.
func padded(v victim, length int) string {
	return sealRaw(v.key, v.header, repeat("A", length-len(v.header)-len(v.signature)-2))
}

func encodingAttacks(tb testing.TB, v victim) []attack {
	tb.Helper()
	var all []attack
	add := func(want token.Reason, name, raw string) {
		all = append(all, attack{family: "encoding", name: name, raw: raw, want: want})
	}
	parts := []struct{ name, text string }{{"header", v.header}, {"payload", v.payload}, {"signature", v.signature}}
	with := func(segment int, text string) string {
		s := []string{v.header, v.payload, v.signature}
		s[segment] = text
		return strings.Join(s, ".")
	}
	for i, part := range parts {
		for _, c := range []string{"\n", "\r", "\r\n", " ", "\t", "=", "==", "\x00", "+", "/", "%", "*", "é"} {
			for where, at := range []int{0, len(part.text) / 2, len(part.text)} {
				name := fmt.Sprintf("%q at the %s of the %s", c, [3]string{"start", "middle", "end"}[where], part.name)
				add(token.ReasonMalformed, name, with(i, part.text[:at]+c+part.text[at:]))
			}
		}
		for n, twin := range twins(tb, part.text) {
			want := token.ReasonMalformed
			if i == 0 {
				want = token.ReasonUnknownKey
			}
			add(want, fmt.Sprintf("spare bits of the %s, spelling %d", part.name, n+2), with(i, twin))
		}
		raw := unb64(tb, part.text)
		want := token.ReasonMalformed
		if i == 0 {
			want = token.ReasonUnknownKey
		}
		if i == 1 {
			want = token.ReasonSignature // both are base64url, of something else
		}
		add(want, part.name+" in hexadecimal", with(i, hex.EncodeToString([]byte(raw))))
		add(want, part.name+" encoded twice", with(i, b64(part.text)))
	}
	add(token.ReasonMalformed, "signature in the standard alphabet", with(2, strings.NewReplacer("-", "+", "_", "/").Replace(v.signature)))
	// Well signed over the odd spelling, as a careless second issuer would.
	for n, twin := range twins(tb, v.payload) {
		add(token.ReasonMalformed, fmt.Sprintf("spare bits of the payload, spelling %d, well signed", n+2), sealRaw(v.key, v.header, twin))
	}
	add(token.ReasonMalformed, "line break in the payload, well signed", sealRaw(v.key, v.header, v.payload[:40]+"\n"+v.payload[40:]))
	add(token.ReasonMalformed, "padding of the payload, well signed", sealRaw(v.key, v.header, v.payload+"="))
	add(token.ReasonMalformed, "payload not encoded, well signed", sealRaw(v.key, v.header, v.claims()))
	add(token.ReasonMalformed, "payload in the standard alphabet, well signed", sealRaw(v.key, v.header, b64(v.claims())[:40]+"+"+b64(v.claims())[41:]))
	for n := 1; n < len(v.signature); n++ {
		add(token.ReasonMalformed, fmt.Sprintf("signature cut to %d characters", n), with(2, v.signature[:n]))
	}
	for n := 1; n <= 8; n++ {
		add(token.ReasonMalformed, fmt.Sprintf("signature lengthened by %d characters", n), with(2, v.signature+repeat("A", n)))
	}
	for n := 1; n <= 4; n++ {
		add(token.ReasonSignature, fmt.Sprintf("MAC cut to %d bytes and filled with zeros", 8*n-1), with(2, b64(unb64(tb, v.signature)[:8*n-1]+repeat("\x00", 32-8*n+1))))
	}
	return all
}

// twins returns the other spellings of base64 text that decode to the same
// bytes, by the bits that its last character has to spare.
func twins(tb testing.TB, text string) []string {
	tb.Helper()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	var all []string
	for _, c := range alphabet {
		twin := text[:len(text)-1] + string(c)
		if twin != text && unb64(tb, twin) == unb64(tb, text) {
			all = append(all, twin)
		}
	}
	return all
}
