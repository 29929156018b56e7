package token

import "encoding/base64"

// base64url is what RFC 7515, section 2, calls base64url: the URL alphabet
// without padding. Strict, or the spare bits of the last character would give
// each token four spellings. It still skips line breaks; see split.
var base64url = base64.RawURLEncoding.Strict()

// isBase64URL reports whether c is in the alphabet of RFC 4648, section 5.
func isBase64URL(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

func inAlphabet(s string) bool {
	for i := range len(s) {
		if !isBase64URL(s[i]) {
			return false
		}
	}
	return true
}
