package format

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	stdhash "hash"
	"strings"
)

// PBKDF2KeyBytes is the length of a key that may exceed the hash function's
// output, and of new keys.
const PBKDF2KeyBytes = 32

// AdaptedBase64 is passlib's ab64, the standard alphabet with '.' for '+', and
// no padding.
var AdaptedBase64 = base64.NewEncoding(
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

// A PBKDF2Row is one stored PBKDF2 hash in any spelling.
type PBKDF2Row struct {
	prf       prf
	Rounds    int
	Salt, Key []byte
}

// record bounds the row. A key longer than the hash function's output costs the
// defender a multiple and the attacker nothing. 32 bytes over SHA-1 is what
// ASP.NET and Spring wrote all the same.
func (r PBKDF2Row) record(name string, bounds Bounds) (Record, error) {
	switch {
	case r.Rounds == 0:
		return Record{}, Malformed(name, "rounds")
	case r.Rounds > bounds.PBKDF2Rounds:
		return Record{}, OutOfBounds(name, "rounds")
	case !Within(len(r.Salt), 1, 128):
		return Record{}, OutOfBounds(name, "salt")
	case !Within(len(r.Key), 16, max(r.prf.size, PBKDF2KeyBytes)):
		return Record{}, OutOfBounds(name, "key")
	}

	return Record{
		Scheme: name,
		Params: fmt.Sprintf("%s,rounds=%d", r.prf.name, r.Rounds),
		Check:  r.verify,
	}, nil
}

func (r PBKDF2Row) verify(password string) (bool, error) {
	key, err := pbkdf2.Key(r.prf.new, password, r.Salt, r.Rounds, len(r.Key))
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrKDF, err)
	}
	return SameBytes(r.Key, key), nil
}

// pbkdf2Scheme reads passlib's $pbkdf2$, $pbkdf2-sha256$ and $pbkdf2-sha512$,
// and the spelling with i= and l= that Ory Kratos uses under the same prefix.
type pbkdf2Scheme struct{}

func (pbkdf2Scheme) Name() string    { return "pbkdf2" }
func (pbkdf2Scheme) Example() string { return "$pbkdf2-sha256$29000$" }

func (pbkdf2Scheme) Identify(encoded string) bool {
	rest, ok := strings.CutPrefix(encoded, "$pbkdf2")
	return ok && (strings.HasPrefix(rest, "$") ||
		strings.HasPrefix(rest, "-sha256$") ||
		strings.HasPrefix(rest, "-sha512$"))
}

func (pbkdf2Scheme) Parse(encoded string, bounds Bounds) (Record, error) {
	name, row, err := ParsePBKDF2(encoded)
	if err != nil {
		return Record{}, err
	}
	return row.record(name, bounds)
}

// ParsePBKDF2 reads a row and names its variant.
func ParsePBKDF2(encoded string) (name string, row PBKDF2Row, err error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 5 || parts[0] != "" {
		return "pbkdf2", row, Malformed("pbkdf2", "parts")
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
		return name, row, Malformed("pbkdf2", "digest")
	}

	enc, length := AdaptedBase64, 0 // zero: the length is not written
	if strings.HasPrefix(parts[2], "i=") {
		values, field, ok := parameters(parts[2], "i", "l")
		if !ok {
			return name, row, Malformed(name, field)
		}
		row.Rounds, length = values[0], values[1]
		enc = rawBase64
	} else {
		rounds, ok := number(parts[2])
		if !ok {
			return name, row, Malformed(name, "rounds")
		}
		row.Rounds = rounds
	}

	var saltErr, keyErr error
	row.Salt, saltErr = enc.DecodeString(parts[3])
	row.Key, keyErr = enc.DecodeString(parts[4])
	if saltErr != nil || keyErr != nil ||
		length != 0 && length != len(row.Key) {
		return name, row, Malformed(name, "salt or key")
	}

	return name, row, nil
}
