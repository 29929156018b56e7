package token_test

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/lostkey-go/lostkey/token"
)

type shape struct{ name, raw string }

func structureAttacks(v victim) []attack {
	f := family{name: "structure"}
	for _, shape := range slices.Concat(
		segmentShapes(v), wrappedShapes(v), respeltShapes(v), longShapes(v),
	) {
		want := token.ReasonMalformed
		switch shape.name {
		case "order payload header signature", "upper case", "lower case",
			"nested in a payload":
			// The shape of a token, with a header that nobody has.
			want = token.ReasonUnknownKey
		}
		f.add(want, shape.name, shape.raw)
	}
	return f.attacks
}

// segmentShapes leave out, repeat and reorder the segments.
func segmentShapes(v victim) []shape {
	h, p, s := v.header, v.payload, v.signature
	return []shape{
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
	}
}

// wrappedShapes put the token into something else.
func wrappedShapes(v victim) []shape {
	h, p, s := v.header, v.payload, v.signature
	return []shape{
		{
			"JSON serialisation, flattened",
			`{"protected":"` + h + `","payload":"` + p +
				`","signature":"` + s + `"}`,
		},
		{
			"JSON serialisation, general",
			`{"payload":"` + p + `","signatures":[{"protected":"` + h +
				`","signature":"` + s + `"}]}`,
		},
		{"JSON serialisation with compact parts", `{"` + v.raw + `":""}`},
		{"JWE shape, five segments", h + "." + p + "." + p + "." + p + "." + s},
		{"JWE shape, empty key", h + ".." + p + "." + p + "." + s},
		{
			"nested in a payload",
			b64(`{"alg":"HS256","cty":"JWT"}`) + "." + b64(v.raw) + "." + s,
		},
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
	}
}

// respeltShapes are what mail programs, browsers and editors make of a link.
func respeltShapes(v victim) []shape {
	return []shape{
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
		{
			"quoted-printable line break inside",
			v.raw[:75] + "=\r\n" + v.raw[75:],
		},
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
	}
}

// longShapes are over-long.
func longShapes(v victim) []shape {
	h, p, s := v.header, v.payload, v.signature
	return []shape{
		{"1025 letters", repeat("A", 1025)},
		{
			"a token of 1025 characters",
			h + "." + repeat("A", 1025-2-len(h)-len(s)) + "." + s,
		},
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
	filling := length - len(v.header) - len(v.signature) - 2
	return sealRaw(v.key, v.header, repeat("A", filling))
}

func encodingAttacks(tb testing.TB, v victim) []attack {
	tb.Helper()
	f := family{name: "encoding"}
	// The reason if a segment is in the alphabet and means something else.
	wants := []token.Reason{
		token.ReasonUnknownKey, token.ReasonSignature, token.ReasonMalformed,
	}
	for i, want := range wants {
		encodedSegments(tb, &f, v, i, want)
	}

	standard := strings.NewReplacer("-", "+", "_", "/").Replace(v.signature)
	f.add(token.ReasonMalformed, "signature in the standard alphabet",
		withSegment(v, 2, standard))
	oddlySigned(tb, &f, v)

	for n := 1; n < len(v.signature); n++ {
		f.add(token.ReasonMalformed,
			fmt.Sprintf("signature cut to %d characters", n),
			withSegment(v, 2, v.signature[:n]))
	}
	for n := 1; n <= 8; n++ {
		f.add(token.ReasonMalformed,
			fmt.Sprintf("signature lengthened by %d characters", n),
			withSegment(v, 2, v.signature+repeat("A", n)))
	}
	for n := 7; n < 32; n += 8 {
		filled := unb64(tb, v.signature)[:n] + repeat("\x00", 32-n)
		f.add(token.ReasonSignature,
			fmt.Sprintf("MAC cut to %d bytes and filled with zeros", n),
			withSegment(v, 2, b64(filled)))
	}
	return f.attacks
}

// withSegment returns the token with another text in place of segment i.
func withSegment(v victim, i int, text string) string {
	all := []string{v.header, v.payload, v.signature}
	all[i] = text
	return strings.Join(all, ".")
}

// encodedSegments spell segment i in other ways.
func encodedSegments(
	tb testing.TB, f *family, v victim, i int, want token.Reason,
) {
	tb.Helper()
	name := []string{"header", "payload", "signature"}[i]
	text := []string{v.header, v.payload, v.signature}[i]
	for _, c := range []string{
		"\n", "\r", "\r\n", " ", "\t", "=", "==", "\x00", "+", "/", "%", "*",
		"é",
	} {
		for where, at := range []int{0, len(text) / 2, len(text)} {
			place := [3]string{"start", "middle", "end"}[where]
			f.add(token.ReasonMalformed,
				fmt.Sprintf("%q at the %s of the %s", c, place, name),
				withSegment(v, i, text[:at]+c+text[at:]))
		}
	}

	twinWant := token.ReasonMalformed
	if i == 0 {
		twinWant = token.ReasonUnknownKey
	}
	for n, twin := range twins(tb, text) {
		f.add(twinWant,
			fmt.Sprintf("spare bits of the %s, spelling %d", name, n+2),
			withSegment(v, i, twin))
	}

	f.add(want, name+" in hexadecimal",
		withSegment(v, i, hex.EncodeToString([]byte(unb64(tb, text)))))
	f.add(want, name+" encoded twice", withSegment(v, i, b64(text)))
}

// oddlySigned are well signed over an odd spelling, as by a careless second
// issuer.
func oddlySigned(tb testing.TB, f *family, v victim) {
	tb.Helper()
	for n, twin := range twins(tb, v.payload) {
		f.add(token.ReasonMalformed, fmt.Sprintf(
			"spare bits of the payload, spelling %d, well signed", n+2),
			sealRaw(v.key, v.header, twin))
	}

	for _, odd := range []struct{ name, payload string }{
		{"line break in the payload", v.payload[:40] + "\n" + v.payload[40:]},
		{"padding of the payload", v.payload + "="},
		{"payload not encoded", v.claims()},
		{
			"payload in the standard alphabet",
			v.payload[:40] + "+" + v.payload[41:],
		},
	} {
		f.add(token.ReasonMalformed, odd.name+", well signed",
			sealRaw(v.key, v.header, odd.payload))
	}
}

// twins returns the other spellings of base64 text that decode to the same
// bytes, by the bits that its last character has to spare.
func twins(tb testing.TB, text string) []string {
	tb.Helper()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" +
		"abcdefghijklmnopqrstuvwxyz0123456789-_"
	var all []string
	for _, c := range alphabet {
		twin := text[:len(text)-1] + string(c)
		if twin != text && unb64(tb, twin) == unb64(tb, text) {
			all = append(all, twin)
		}
	}
	return all
}
