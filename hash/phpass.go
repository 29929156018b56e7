package hash

import (
	"crypto/md5"
	"crypto/subtle"
	"fmt"
	"strings"
)

// phpassScheme reads the portable hashes of phpass, $P$ of WordPress before
// 6.8 and $H$ of phpBB. They are chains of MD5, so passwords above 256 bytes
// count as wrong. A row is moved to something better at the next login.
type phpassScheme struct{}

const (
	phpassLen     = 34
	phpassMinLog2 = 7
)

func (phpassScheme) Name() string    { return "phpass" }
func (phpassScheme) example() string { return "$P$B" }

func (phpassScheme) Identify(encoded string) bool {
	return strings.HasPrefix(encoded, "$P$") ||
		strings.HasPrefix(encoded, "$H$")
}

func (s phpassScheme) Parse(encoded string, limits Limits) (Record, error) {
	if len(encoded) != phpassLen {
		return Record{}, malformed(s.Name(), "length")
	}
	for _, c := range []byte(encoded[3:]) {
		if !isCryptChar(c) {
			return Record{}, malformed(s.Name(), "alphabet")
		}
	}

	log2 := strings.IndexByte(cryptAlphabet, encoded[3])
	if !within(log2, phpassMinLog2, limits.PhpassLog2) {
		return Record{}, overLimit(s.Name(), "rounds")
	}

	salt, digest := encoded[4:12], encoded[12:]
	return Record{
		Scheme:      s.Name(),
		Params:      fmt.Sprintf("rounds=%d", 1<<log2),
		MaxPassword: maxChainPassword,
		Check: func(password string) (bool, error) {
			got := phpassDigest([]byte(password), salt, 1<<log2)
			return subtle.ConstantTimeCompare([]byte(digest), got) == 1, nil
		},
	}, nil
}

// phpassDigest returns the encoded digest without its head and salt.
func phpassDigest(password []byte, salt string, rounds int) []byte {
	sum := md5.Sum(append([]byte(salt), password...))
	buf := make([]byte, md5.Size+len(password))
	copy(buf[md5.Size:], password)
	for range rounds {
		copy(buf, sum[:])
		sum = md5.Sum(buf)
	}

	out := make([]byte, 0, 22)
	for i := 0; i < 15; i += 3 {
		out = appendCrypt(out, 4, sum[i+2], sum[i+1], sum[i])
	}
	return appendCrypt(out, 2, 0, 0, sum[15])
}
