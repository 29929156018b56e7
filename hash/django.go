package hash

import (
	"cmp"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/lostkey-go/lostkey/hash/internal/format"
)

// Django makes the hashes of a Django application, for a users table that it
// still signs in with. The fields have to be Django's exactly, or each side
// rewrites the other's rows at each login.
type Django struct {
	// Algorithm is [PBKDF2SHA256] for Django's PBKDF2PasswordHasher, its
	// default, or [Argon2id] for its Argon2PasswordHasher. Required.
	//
	// Zero fields of Argon2id mean what Django's class has: m=102400 KiB, t=2,
	// p=8. The Rounds of PBKDF2SHA256 are required, and each release of Django
	// has others:
	//
	//	4.2    600000
	//	5.0    720000
	//	5.1    870000
	//	5.2   1000000
	//	6.0   1200000
	//
	// Less than 600000, OWASP's floor, is refused. With an older Django, raise
	// the iterations there in a subclass of PBKDF2PasswordHasher.
	Algorithm Params

	// TagBytes is the length of the tag of Argon2id, 16 to 32. Zero means 32.
	// Django's library argon2-cffi made 16 before version 21.2.
	TagBytes int
}

func (d Django) resolve(insecure bool) (maker, error) {
	switch a := d.Algorithm.(type) {
	case PBKDF2SHA256:
		if d.TagBytes != 0 {
			return nil, outside("Django.TagBytes", d.TagBytes, 0, 0)
		}
		return djangoPBKDF2(a), validateRounds(
			"Django.Algorithm.Rounds", a.Rounds, insecure,
		)

	case Argon2id:
		tag := cmp.Or(d.TagBytes, argon2TagBytes)
		if !format.Within(tag, 16, argon2TagBytes) {
			return nil, outside("Django.TagBytes", tag, 16, argon2TagBytes)
		}
		a = Argon2id{
			MemoryKiB: cmp.Or(a.MemoryKiB, 102_400),
			Time:      cmp.Or(a.Time, 2),
			Threads:   cmp.Or(a.Threads, 8),
		}
		return djangoArgon2{a, tag}, a.validate("Django.Algorithm", insecure)
	}
	return nil, fmt.Errorf(
		"hash: Config.Params: Django.Algorithm is %T, want PBKDF2SHA256 or "+
			"Argon2id", d.Algorithm,
	)
}

const (
	djangoArgon2Prefix = "argon2"
	djangoPBKDF2Prefix = "pbkdf2_sha256$"

	// djangoSaltBits is the entropy below which Django takes a salt for
	// outdated, salt_entropy of its BasePasswordHasher.
	djangoSaltBits = 128
)

// djangoArgon2 is Argon2PasswordHasher.
type djangoArgon2 struct {
	Argon2id
	tagBytes int
}

func (a djangoArgon2) scheme() format.Scheme { return format.Django() }
func (a djangoArgon2) sharedWith() string    { return "Django" }

func (a djangoArgon2) create(password string) (string, error) {
	row := a.row([]byte(djangoSalt()))
	row.Tag = row.Derive(password, a.tagBytes)
	return djangoArgon2Prefix + row.Encode(), nil
}

func (a djangoArgon2) current(encoded string) bool {
	inner, ok := strings.CutPrefix(encoded, djangoArgon2Prefix)
	row, err := format.ParseArgon2(inner)
	return ok && err == nil && a.made(row, inner) &&
		len(row.Tag) == a.tagBytes && djangoSaltSuffices(len(row.Salt))
}

// djangoPBKDF2 is PBKDF2PasswordHasher.
type djangoPBKDF2 PBKDF2SHA256

func (p djangoPBKDF2) scheme() format.Scheme { return format.Django() }
func (p djangoPBKDF2) memoryKiB() int        { return format.SmallKiB }
func (p djangoPBKDF2) sharedWith() string    { return "Django" }

func (p djangoPBKDF2) create(password string) (string, error) {
	salt := djangoSalt()
	key, err := pbkdf2.Key(
		sha256.New, password, []byte(salt), p.Rounds, format.PBKDF2KeyBytes,
	)
	if err != nil {
		return "", fmt.Errorf("%w: %w", format.ErrKDF, err)
	}

	return djangoPBKDF2Prefix + strconv.Itoa(p.Rounds) + "$" + salt + "$" +
		base64.StdEncoding.EncodeToString(key), nil
}

func (p djangoPBKDF2) current(encoded string) bool {
	inner, ok := strings.CutPrefix(
		encoded, djangoPBKDF2Prefix+strconv.Itoa(p.Rounds)+"$",
	)
	salt, key, _ := strings.Cut(inner, "$")
	return ok && djangoSaltSuffices(len(salt)) &&
		len(key) == base64.StdEncoding.EncodedLen(format.PBKDF2KeyBytes)
}

// djangoSalt returns a new salt as text, because Django decodes it as such. It
// has 26 letters and digits with 130 random bits.
func djangoSalt() string { return rand.Text() }

// djangoSaltSuffices judges a salt's length as Django's must_update does, which
// takes each character for one of 62.
func djangoSaltSuffices(length int) bool {
	return float64(length)*math.Log2(62) >= djangoSaltBits
}
