package resethttp

import (
	"encoding/base64"
	"html"
	"strings"
)

// unwrapRounds is how many wrappings are undone, and how many escapes of each.
const unwrapRounds = 5

// unwrap undoes what mail gateways and mail programs do to a link, layer by
// layer. It undoes percent escapes, also doubled ones, HTML escapes,
// quoted-printable, Proofpoint's own spelling of an address in URL Defense v2
// and v3, and addresses in base64, as Sophos has them. It changes no character
// of a token that was not changed before. Nothing is fetched.
//
// The time it takes grows with the length of the text alone.
func unwrap(text string) string {
	for range unwrapRounds {
		text = unescapeAll(text)
		before := text
		text = unwrapBase64(unwrapDefense(text))
		if text == before {
			break
		}
	}
	return text
}

func unescapeAll(text string) string {
	for range unwrapRounds {
		before := text
		text = unescape(unescape(text, '='), '%')
		text = html.UnescapeString(text)
		if text == before {
			break
		}
	}
	return text
}

// unescape replaces the sign and two hexadecimal digits by the byte that they
// stand for. With '=' that is quoted-printable. A token has neither sign, and
// its first two characters, which often follow a '=', are not hexadecimal.
func unescape(text string, sign byte) string {
	if strings.IndexByte(text, sign) < 0 {
		return text
	}

	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == sign && i+2 < len(text) {
			high, low := hexDigit(text[i+1]), hexDigit(text[i+2])
			if high >= 0 && low >= 0 {
				out.WriteByte(byte(high<<4 | low))
				i += 2
				continue
			}
		}
		out.WriteByte(text[i])
	}
	return out.String()
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// defenseV2 stands before an address in URL Defense v2, which writes '%' as '-'
// and '/' as '_', and escapes those two. The address goes up to the next '&'.
const defenseV2 = "/v2/url?u="

// defenseV3 stands before an address in URL Defense v3, and defenseV3End behind
// it. In between, characters that are not plain are '*'. Which ones they were
// is said behind the address and does not matter here, since none is of a
// token.
const (
	defenseV3    = "/v3/__"
	defenseV3End = "__;"
)

var defenseSigns = strings.NewReplacer("-", "%", "_", "/")

func unwrapDefense(text string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, defenseV2)
		out.WriteString(before)
		if !found {
			break
		}
		address, behind, _ := strings.Cut(rest, "&")
		out.WriteString(" " + defenseSigns.Replace(address) + " ")
		text = behind
	}

	text = out.String()
	if strings.Contains(text, defenseV3) {
		text = strings.ReplaceAll(text, defenseV3End, " ")
	}
	return text
}

// base64Schemes is how an address begins in base64, in either alphabet.
var base64Schemes = []string{"aHR0cHM6Ly", "aHR0cDovL"}

// unwrapBase64 replaces what is an address in base64. It leaves alone what
// stands in the middle of a word, and so of a token.
func unwrapBase64(text string) string {
	for _, scheme := range base64Schemes {
		var out strings.Builder
		for {
			at := strings.Index(text, scheme)
			if at < 0 {
				break
			}
			end := at
			for end < len(text) && isBase64Byte(text[end]) {
				end++
			}

			address, err := decodeBase64(text[at:end])
			if err != nil || at > 0 && isTokenByte(text[at-1]) {
				address = text[at:end]
			}
			out.WriteString(text[:at] + address)
			text = text[end:]
		}
		text = out.String() + text
	}
	return text
}

func isBase64Byte(c byte) bool {
	return isTokenByte(c) && c != '.' || c == '+' || c == '/'
}

var urlAlphabet = strings.NewReplacer("+", "-", "/", "_")

func decodeBase64(text string) (string, error) {
	text = urlAlphabet.Replace(text)
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	return string(decoded), err
}
