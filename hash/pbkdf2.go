package hash

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	stdhash "hash"
	"strconv"
	"strings"
)

// PBKDF2SHA256 makes PBKDF2-HMAC-SHA-256 hashes with a salt of 16 bytes and a
// key of 32, in passlib's spelling. It is the choice for FIPS 140 and nowhere
// else. It costs an attacker with graphics cards far less than [Argon2id].
type PBKDF2SHA256 struct {
	// Rounds is the iteration count. Zero means 600000, which is also the floor
	// of the OWASP Password Storage Cheat Sheet.
	Rounds int
}

const (
	defaultPBKDF2Rounds = 600_000
	pbkdf2KeyBytes      = 32
)

func (p PBKDF2SHA256) resolve() Params {
	if p.Rounds == 0 {
		p.Rounds = defaultPBKDF2Rounds
	}
	return p
}

func (p PBKDF2SHA256) check(insecure bool) error {
	switch {
	case !within(p.Rounds, 1, defaultLimits().PBKDF2Rounds):
		return fmt.Errorf(
			"hash: PBKDF2SHA256.Rounds must not exceed %d",
			defaultLimits().PBKDF2Rounds,
		)
	case !insecure && p.Rounds < defaultPBKDF2Rounds:
		return fmt.Errorf(
			"hash: PBKDF2SHA256.Rounds is below %d", defaultPBKDF2Rounds,
		)
	}
	return nil
}

func (p PBKDF2SHA256) scheme() Scheme { return pbkdf2Scheme{} }
func (p PBKDF2SHA256) memoryKiB() int { return smallKiB }

func (p PBKDF2SHA256) create(password string) (string, error) {
	salt := newSalt()
	key, err := pbkdf2.Key(sha256.New, password, salt, p.Rounds, pbkdf2KeyBytes)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errKDF, err)
	}

	return "$pbkdf2-sha256$" + strconv.Itoa(p.Rounds) +
		"$" + adaptedBase64.EncodeToString(salt) +
		"$" + adaptedBase64.EncodeToString(key), nil
}

func (p PBKDF2SHA256) current(encoded string, onlyUpgrade bool) bool {
	name, row, err := parsePBKDF2(encoded)
	if err != nil || name != "pbkdf2-sha256" ||
		strings.Contains(encoded, "$i=") ||
		len(row.salt) != saltBytes || len(row.key) != pbkdf2KeyBytes {
		return false
	}

	return row.rounds == p.Rounds || onlyUpgrade && row.rounds > p.Rounds
}

// adaptedBase64 is passlib's ab64, the standard alphabet with '.' for '+', and
// no padding.
var adaptedBase64 = base64.NewEncoding(
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./",
).WithPadding(base64.NoPadding).Strict()

// A prf is a hash function that PBKDF2 can run on.
type prf struct {
	name string
	size int
	new  func() stdhash.Hash
}

var (
	prfSHA1   = prf{"sha1", sha1.Size, sha1.New}
	prfSHA256 = prf{"sha256", sha256.Size, sha256.New}
	prfSHA512 = prf{"sha512", sha512.Size, sha512.New}
)

// A pbkdf2Row is one stored PBKDF2 hash in any spelling.
type pbkdf2Row struct {
	prf       prf
	rounds    int
	salt, key []byte
}

// record bounds the row. A key longer than the hash function's output costs the
// defender a multiple and the attacker nothing. 32 bytes over SHA-1 is what
// ASP.NET and Spring wrote all the same.
func (r pbkdf2Row) record(name string, limits Limits) (Record, error) {
	switch {
	case r.rounds == 0:
		return Record{}, malformed(name, "rounds")
	case r.rounds > limits.PBKDF2Rounds:
		return Record{}, overLimit(name, "rounds")
	case !within(len(r.salt), 1, 128):
		return Record{}, overLimit(name, "salt")
	case !within(len(r.key), 16, max(r.prf.size, pbkdf2KeyBytes)):
		return Record{}, overLimit(name, "key")
	}

	return Record{
		Scheme: name,
		Params: fmt.Sprintf("%s,rounds=%d", r.prf.name, r.rounds),
		Check:  r.verify,
	}, nil
}

func (r pbkdf2Row) verify(password string) (bool, error) {
	key, err := pbkdf2.Key(r.prf.new, password, r.salt, r.rounds, len(r.key))
	if err != nil {
		return false, fmt.Errorf("%w: %w", errKDF, err)
	}
	return sameBytes(r.key, key), nil
}

// pbkdf2Scheme reads passlib's $pbkdf2$, $pbkdf2-sha256$ and $pbkdf2-sha512$,
// and the spelling with i= and l= that Ory Kratos uses under the same prefix.
type pbkdf2Scheme struct{}

func (pbkdf2Scheme) Name() string    { return "pbkdf2" }
func (pbkdf2Scheme) example() string { return "$pbkdf2-sha256$29000$" }

func (pbkdf2Scheme) Identify(encoded string) bool {
	rest, ok := strings.CutPrefix(encoded, "$pbkdf2")
	return ok && (strings.HasPrefix(rest, "$") ||
		strings.HasPrefix(rest, "-sha256$") ||
		strings.HasPrefix(rest, "-sha512$"))
}

func (pbkdf2Scheme) Parse(encoded string, limits Limits) (Record, error) {
	name, row, err := parsePBKDF2(encoded)
	if err != nil {
		return Record{}, err
	}
	return row.record(name, limits)
}

// parsePBKDF2 reads a row and names its variant.
func parsePBKDF2(encoded string) (name string, row pbkdf2Row, err error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 5 || parts[0] != "" {
		return "pbkdf2", row, malformed("pbkdf2", "parts")
	}

	name = parts[1]
	switch name {
	case "pbkdf2":
		name, row.prf = "pbkdf2-sha1", prfSHA1
	case "pbkdf2-sha256":
		row.prf = prfSHA256
	case "pbkdf2-sha512":
		row.prf = prfSHA512
	default:
		return name, row, malformed("pbkdf2", "digest")
	}

	enc, length := adaptedBase64, 0
	var ok bool
	if strings.HasPrefix(parts[2], "i=") {
		values, field, good := parameters(parts[2], "i", "l")
		if !good {
			return name, row, malformed(name, field)
		}
		enc, ok, row.rounds, length = rawBase64, true, values[0], values[1]
	} else {
		row.rounds, ok = number(parts[2])
	}
	if !ok {
		return name, row, malformed(name, "rounds")
	}

	var saltErr, keyErr error
	row.salt, saltErr = enc.DecodeString(parts[3])
	row.key, keyErr = enc.DecodeString(parts[4])
	if errors.Join(saltErr, keyErr) != nil ||
		length != 0 && length != len(row.key) {
		return name, row, malformed(name, "salt or key")
	}

	return name, row, nil
}
