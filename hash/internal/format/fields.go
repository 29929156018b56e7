package format

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"math"
	"slices"
	"strings"
)

// number reads a decimal of at most 32 bits. It takes digits only, no sign and
// no leading zero. Sscanf and Atoi would take "+1" and "1xyz".
func number(s string) (int, bool) {
	if s == "" || len(s) > 10 || (len(s) > 1 && s[0] == '0') {
		return 0, false
	}
	var n uint64
	for i := range len(s) {
		c := s[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}

	// Where int has 32 bits the rest of the range is above every limit all the
	// same.
	return int(min(n, math.MaxInt)), n <= math.MaxUint32
}

// parameters reads "k=v,k=v" into values, in the order of names whatever the
// order of the text. Each name must be there exactly once and no other may be.
func parameters(
	s string, names ...string,
) (values [3]int, field string, ok bool) {
	var seen [3]bool
	for part := range strings.SplitSeq(s, ",") {
		name, text, _ := strings.Cut(part, "=")
		i := slices.Index(names, name)
		if i < 0 || seen[i] {
			return values, "parameters", false
		}
		n, good := number(text)
		if !good {
			return values, name, false
		}
		values[i], seen[i] = n, true
	}

	for i, name := range names {
		if !seen[i] {
			return values, name, false
		}
	}

	return values, "", true
}

// The strict forms refuse trailing bits that encode nothing, so that one salt
// has one spelling.
var (
	rawBase64    = base64.RawStdEncoding.Strict()
	paddedBase64 = base64.StdEncoding.Strict()
)

// SameBytes compares in constant time. Two empty slices are not a match,
// because an empty stored tag would let every password in.
func SameBytes(want, got []byte) bool {
	return len(want) > 0 && subtle.ConstantTimeCompare(want, got) == 1
}

// Within reports whether n lies in [low, high].
func Within(n, low, high int) bool { return n >= low && n <= high }

// unhex reads lower-case hexadecimal, the only case the formats write.
func unhex(s string) ([]byte, bool) {
	if !IsHex(s) {
		return nil, false
	}
	b, err := hex.DecodeString(s)
	return b, err == nil
}

// IsHex reports whether s is lower-case hexadecimal and not empty.
func IsHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; !Within(int(c), '0', '9') && !Within(int(c), 'a', 'f') {
			return false
		}
	}
	return s != ""
}

// cryptAlphabet holds the digits of crypt(3), lowest first.
const cryptAlphabet = "./0123456789" +
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// appendCrypt writes n characters of the 24 bits high, mid, low, lowest first.
func appendCrypt(out []byte, n int, high, mid, low byte) []byte {
	bits := uint(high)<<16 | uint(mid)<<8 | uint(low)
	for range n {
		out = append(out, cryptAlphabet[bits&63])
		bits >>= 6
	}
	return out
}

// isCryptChar reports whether c is of ./0-9A-Za-z, the alphabet that bcrypt
// and crypt(3) share in different orders.
func isCryptChar(c byte) bool {
	return Within(int(c), '.', '9') ||
		Within(int(c), 'A', 'Z') ||
		Within(int(c), 'a', 'z')
}

// isCrypt reports whether all of s is of that alphabet.
func isCrypt(s string) bool {
	for i := range len(s) {
		if !isCryptChar(s[i]) {
			return false
		}
	}
	return true
}
