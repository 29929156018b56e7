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

// DjangoArgon2 makes the hashes of Django's Argon2PasswordHasher, for a users
// table that a Django application still signs in with. Zero fields mean what
// that class has. A host that subclassed it names its figures here.
//
// The fields have to be Django's exactly, otherwise each side takes the other's
// rows for outdated, and rewrites them at each login.
type DjangoArgon2 struct {
	// MemoryKiB is memory_cost, in KiB. Zero means 102400.
	MemoryKiB int
	// Time is time_cost, the passes. Zero means 2.
	Time int
	// Threads is parallelism. Zero means 8.
	Threads int
	// TagBytes is the length of the tag, 16 to 32. It is not Django's to
	// decide but that of its library argon2-cffi, which makes 32 since version
	// 21.2 and made 16 before. Zero means 32.
	TagBytes int
}

const (
	djangoArgon2Prefix = "argon2"
	djangoPBKDF2Prefix = "pbkdf2_sha256$"

	// djangoSaltBits is the entropy below which Django takes a salt for
	// outdated, salt_entropy of its BasePasswordHasher.
	djangoSaltBits = 128
)

func (a DjangoArgon2) resolve() Params {
	return DjangoArgon2{
		MemoryKiB: cmp.Or(a.MemoryKiB, 102_400),
		Time:      cmp.Or(a.Time, 2),
		Threads:   cmp.Or(a.Threads, 8),
		TagBytes:  cmp.Or(a.TagBytes, argon2TagBytes),
	}
}

// costs returns the parameters of the argon2id inside.
func (a DjangoArgon2) costs() Argon2id {
	return Argon2id{MemoryKiB: a.MemoryKiB, Time: a.Time, Threads: a.Threads}
}

func (a DjangoArgon2) validate(insecure bool) error {
	if !format.Within(a.TagBytes, 16, argon2TagBytes) {
		return outside("DjangoArgon2.TagBytes", a.TagBytes, 16, argon2TagBytes)
	}
	return a.costs().validateAs("DjangoArgon2", insecure)
}

func (a DjangoArgon2) scheme() format.Scheme { return format.Django() }
func (a DjangoArgon2) memoryKiB() int        { return a.MemoryKiB }
func (a DjangoArgon2) sharedWith() string    { return "Django" }

func (a DjangoArgon2) create(password string) (string, error) {
	row := a.costs().row([]byte(djangoSalt()))
	row.Tag = row.Derive(password, a.TagBytes)
	return djangoArgon2Prefix + row.Encode(), nil
}

func (a DjangoArgon2) current(encoded string) bool {
	inner, ok := strings.CutPrefix(encoded, djangoArgon2Prefix)
	row, err := format.ParseArgon2(inner)
	return ok && err == nil && a.costs().made(row, inner) &&
		len(row.Tag) == a.TagBytes && djangoSaltSuffices(len(row.Salt))
}

// DjangoPBKDF2 makes the hashes of Django's PBKDF2PasswordHasher, for a users
// table that a Django application still signs in with. It is Django's default.
type DjangoPBKDF2 struct {
	// Iterations is required, because each release of Django has a figure of
	// its own, and rewrites the rows of any other at the next login:
	//
	//	4.2    600000
	//	5.0    720000
	//	5.1    870000
	//	5.2   1000000
	//	6.0   1200000
	//
	// Less than 600000, the floor of the OWASP Password Storage Cheat Sheet, is
	// refused. With an older Django, subclass PBKDF2PasswordHasher there and
	// raise its iterations.
	Iterations int
}

func (p DjangoPBKDF2) resolve() Params { return p }

func (p DjangoPBKDF2) validate(insecure bool) error {
	return validateRounds("DjangoPBKDF2.Iterations", p.Iterations, insecure)
}

func (p DjangoPBKDF2) scheme() format.Scheme { return format.Django() }
func (p DjangoPBKDF2) memoryKiB() int        { return format.SmallKiB }
func (p DjangoPBKDF2) sharedWith() string    { return "Django" }

func (p DjangoPBKDF2) create(password string) (string, error) {
	salt := djangoSalt()
	key, err := pbkdf2.Key(
		sha256.New, password, []byte(salt), p.Iterations, format.PBKDF2KeyBytes,
	)
	if err != nil {
		return "", fmt.Errorf("%w: %w", format.ErrKDF, err)
	}

	return djangoPBKDF2Prefix + strconv.Itoa(p.Iterations) + "$" + salt + "$" +
		base64.StdEncoding.EncodeToString(key), nil
}

func (p DjangoPBKDF2) current(encoded string) bool {
	inner, ok := strings.CutPrefix(
		encoded, djangoPBKDF2Prefix+strconv.Itoa(p.Iterations)+"$",
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
