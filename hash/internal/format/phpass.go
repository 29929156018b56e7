package format

import (
	"crypto/md5"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	stdhash "hash"
	"strings"
)

// phpassScheme reads the portable hashes of phpass, $P$ of WordPress before 6.8
// and $H$ of phpBB. They are chains of MD5, so passwords above 256 bytes count
// as wrong. A row is moved to something better at the next login.
type phpassScheme struct{}

const (
	phpassLen     = 34
	phpassMinLog2 = 7
)

func (phpassScheme) Name() string    { return "phpass" }
func (phpassScheme) Example() string { return "$P$B" }

func (phpassScheme) Identify(encoded string) bool {
	return strings.HasPrefix(encoded, "$P$") ||
		strings.HasPrefix(encoded, "$H$")
}

func (s phpassScheme) Parse(encoded string, bounds Bounds) (Record, error) {
	if len(encoded) != phpassLen {
		return Record{}, Malformed(s.Name(), "length")
	}
	return phpassRecord(s.Name(), encoded, md5.New, bounds)
}

// drupalScheme reads $S$ of Drupal 7 to 10, a chain of SHA-512 in the frame of
// phpass. U$S$ is what Drupal 6's bare MD5 became when its site was updated:
// the same over the hexadecimal MD5 of the password.
type drupalScheme struct{}

const drupalLen = 55

func (drupalScheme) Name() string    { return "drupal" }
func (drupalScheme) Example() string { return "$S$D" }

func (drupalScheme) Identify(encoded string) bool {
	return strings.HasPrefix(encoded, "$S$") ||
		strings.HasPrefix(encoded, "U$S$")
}

func (s drupalScheme) Parse(encoded string, bounds Bounds) (Record, error) {
	inner, updated := strings.CutPrefix(encoded, "U")
	if len(inner) != drupalLen {
		return Record{}, Malformed(s.Name(), "length")
	}
	rec, err := phpassRecord(s.Name(), inner, sha512.New, bounds)
	if err != nil || !updated {
		return rec, err
	}

	// The password meets one MD5 alone. Drupal 6 had no bound at 256 bytes.
	rec.Scheme = "drupal-updated"
	return shaped(rec, func(password string) string {
		sum := md5.Sum([]byte(password))
		return hex.EncodeToString(sum[:])
	}), nil
}

// phpassRecord reads the log2 of the rounds, eight characters of salt and the
// digest, which fills the rest.
func phpassRecord(
	name, encoded string,
	digest func() stdhash.Hash,
	bounds Bounds,
) (Record, error) {
	if !isCrypt(encoded[3:]) {
		return Record{}, Malformed(name, "alphabet")
	}
	log2 := strings.IndexByte(cryptAlphabet, encoded[3])
	if !Within(log2, phpassMinLog2, bounds.PhpassLog2) {
		return Record{}, OutOfBounds(name, "rounds")
	}

	salt, want := encoded[4:12], encoded[12:]
	return Record{
		Scheme:      name,
		Params:      fmt.Sprintf("rounds=%d", 1<<log2),
		MaxPassword: MaxChainPassword,
		Check: func(password string) (bool, error) {
			got := phpassChain(digest(), password, salt, 1<<log2)
			got = got[:len(want)]
			return subtle.ConstantTimeCompare([]byte(want), got) == 1, nil
		},
	}, nil
}

// phpassChain returns the encoded digest. phpass writes all of MD5's, Drupal
// the first 43 characters of SHA-512's.
func phpassChain(
	d stdhash.Hash,
	password, salt string,
	rounds int,
) []byte {
	text := []byte(password)
	d.Write([]byte(salt))
	d.Write(text)
	sum := d.Sum(nil)
	for range rounds {
		d.Reset()
		d.Write(sum)
		d.Write(text)
		sum = d.Sum(sum[:0])
	}

	var out []byte
	sum = append(sum, 0, 0)
	for len(sum) >= 3 {
		out = appendCrypt(out, 4, sum[2], sum[1], sum[0])
		sum = sum[3:]
	}
	return out
}
