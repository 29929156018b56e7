package format

import (
	"crypto/md5"
	"crypto/subtle"
	"strings"
)

// md5CryptScheme reads $1$ of crypt(3) and Apache's $apr1$, which differ in
// that text alone. The algorithm is Poul-Henning Kamp's of 1994, a thousand
// rounds of MD5. Its author called it no longer safe in 2012. The cost grows
// with the password's length, so passwords above 256 bytes count as wrong.
type md5CryptScheme struct{}

const (
	md5CryptRounds  = 1000
	md5CryptMaxSalt = 8
	md5CryptDigest  = 22 // Characters of 128 bits.
)

func (md5CryptScheme) Name() string    { return "insecure-md5-crypt" }
func (md5CryptScheme) Example() string { return "$1$saltsalt$" }

func (md5CryptScheme) Identify(encoded string) bool {
	return strings.HasPrefix(encoded, "$1$") ||
		strings.HasPrefix(encoded, "$apr1$")
}

func (s md5CryptScheme) Parse(encoded string, _ Bounds) (Record, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 4 {
		return Record{}, Malformed(s.Name(), "parts")
	}
	magic, salt, digest := "$"+parts[1]+"$", parts[2], parts[3]
	name := s.Name()
	if parts[1] == "apr1" {
		name = "insecure-apr1"
	}

	if !Within(len(salt), 1, md5CryptMaxSalt) {
		return Record{}, OutOfBounds(name, "salt")
	}
	if len(digest) != md5CryptDigest || !isCrypt(digest) {
		return Record{}, Malformed(name, "digest")
	}

	return Record{
		Scheme:      name,
		Params:      "rounds=1000",
		MaxPassword: MaxChainPassword,
		Check: func(password string) (bool, error) {
			got := md5Crypt([]byte(password), []byte(salt), magic)
			return subtle.ConstantTimeCompare([]byte(digest), got) == 1, nil
		},
	}, nil
}

// md5Crypt returns the encoded digest without its head and salt.
func md5Crypt(password, salt []byte, magic string) []byte {
	d := md5.New()
	write := func(parts ...[]byte) []byte {
		d.Reset()
		for _, p := range parts {
			d.Write(p)
		}
		return d.Sum(nil)
	}

	inner := write(password, salt, password)
	start := [][]byte{
		password, []byte(magic), salt, stretch(inner, len(password)),
	}
	for n := len(password); n > 0; n >>= 1 {
		// For a bit that is set the original writes a byte of a buffer that it
		// has just cleared, for one that is not the password's first byte.
		if n&1 == 1 {
			start = append(start, []byte{0})
		} else {
			start = append(start, password[:1])
		}
	}
	sum := write(start...)

	for i := range md5CryptRounds {
		first, last := sum, password
		if i%2 == 1 {
			first, last = password, sum
		}
		round := [][]byte{first}
		if i%3 != 0 {
			round = append(round, salt)
		}
		if i%7 != 0 {
			round = append(round, password)
		}
		sum = write(append(round, last)...)
	}

	// Triples of bytes six apart, and the order of the last one is odd.
	out := make([]byte, 0, md5CryptDigest)
	for i := range 4 {
		out = appendCrypt(out, 4, sum[i], sum[i+6], sum[i+12])
	}
	out = appendCrypt(out, 4, sum[4], sum[10], sum[5])
	return appendCrypt(out, 2, 0, 0, sum[11])
}
