package hash

import (
	"cmp"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"

	"github.com/lostkey-go/lostkey/hash/internal/format"
	"golang.org/x/crypto/bcrypt"
)

// Params says what new hashes are: [Argon2id], [PBKDF2SHA256] or [Bcrypt], or
// one of them in the form of an application that uses the same table, [Django]
// or [Spring]. There are no others.
type Params interface {
	// resolve fills the defaults in. It refuses what is below the floor, unless
	// insecure, and what Verify itself would refuse.
	resolve(insecure bool) (maker, error)
}

// A maker makes new hashes.
type maker interface {
	// scheme returns the scheme that reads what create makes.
	scheme() format.Scheme
	// memoryKiB returns what create needs at its peak.
	memoryKiB() int
	// create derives a new hash with a fresh salt.
	create(password string) (string, error)
	// current reports whether encoded is what create makes.
	current(encoded string) bool
}

// saltBytes is the size of new salts. NIST SP 800-132 and RFC 9106 section 3.1
// ask for 128 bits.
const saltBytes = 16

// newSalt returns fresh random bytes.
func newSalt() []byte {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // Never fails since Go 1.24.
	return salt
}

// Argon2id makes argon2id hashes, version 19, with a salt of 16 bytes and a tag
// of 32, as PHC strings. The zero value is the first choice of the OWASP
// Password Storage Cheat Sheet, from which all of OWASP's figures here are. New
// refuses less memory than the cheat sheet has for as many passes.
type Argon2id struct {
	MemoryKiB int // m, zero means 19456
	Time      int // t, the passes, zero means 2
	Threads   int // p, zero means 1: a server is parallel across requests
}

var defaultArgon2id = Argon2id{MemoryKiB: 19456, Time: 2, Threads: 1}

// RFC9106 returns the second recommended option of RFC 9106, section 4: m=64
// MiB, t=3, p=4. It costs some six times the default.
func RFC9106() Argon2id {
	return Argon2id{MemoryKiB: 64 << 10, Time: 3, Threads: 4}
}

const argon2TagBytes = 32

// argon2Floor is the least m for t passes, from the five settings of equal
// strength in the OWASP Password Storage Cheat Sheet.
func argon2Floor(t int) int {
	switch t {
	case 1:
		return 46 << 10
	case 2:
		return 19 << 10
	case 3:
		return 12 << 10
	case 4:
		return 9 << 10
	default:
		return 7 << 10
	}
}

func (a Argon2id) resolve(insecure bool) (maker, error) {
	a = a.withDefaults()
	return a, a.validate("Argon2id", insecure)
}

func (a Argon2id) withDefaults() Argon2id {
	return Argon2id{
		MemoryKiB: cmp.Or(a.MemoryKiB, defaultArgon2id.MemoryKiB),
		Time:      cmp.Or(a.Time, defaultArgon2id.Time),
		Threads:   cmp.Or(a.Threads, defaultArgon2id.Threads),
	}
}

// validate judges a under the name of what holds it.
func (a Argon2id) validate(name string, insecure bool) error {
	top := format.Ceilings()
	least := 8 * a.Threads
	if !insecure {
		least = max(least, argon2Floor(a.Time))
	}

	switch {
	case !format.Within(a.Time, 1, top.Argon2Time):
		return outside(name+".Time", a.Time, 1, top.Argon2Time)
	case !format.Within(a.Threads, 1, format.MaxArgon2Threads):
		return outside(
			name+".Threads",
			a.Threads,
			1,
			format.MaxArgon2Threads,
		)
	case !format.Within(a.MemoryKiB, least, top.Argon2MemoryKiB):
		return outside(
			name+".MemoryKiB", a.MemoryKiB, least, top.Argon2MemoryKiB,
		)
	}
	return nonFIPS(name)
}

// outside says that a field of some Params is not between low and high.
func outside(field string, value, low, high int) error {
	return fmt.Errorf(
		"hash: Config.Params: %s is %d, want %d to %d", field, value, low, high,
	)
}

func (a Argon2id) scheme() format.Scheme { return format.Argon2() }
func (a Argon2id) memoryKiB() int        { return a.MemoryKiB }

func (a Argon2id) create(password string) (string, error) {
	row := a.row(newSalt())
	row.Tag = row.Derive(password, argon2TagBytes)
	return row.Encode(), nil
}

func (a Argon2id) current(encoded string) bool {
	row, err := format.ParseArgon2(encoded)
	return err == nil && a.made(row, encoded) &&
		len(row.Tag) == argon2TagBytes && len(row.Salt) == saltBytes
}

// row returns a row of these parameters that has no tag yet.
func (a Argon2id) row(salt []byte) format.Argon2Row {
	return format.Argon2Row{
		Variant: "argon2id",
		Version: format.Argon2Version,
		M:       a.MemoryKiB,
		T:       a.Time,
		P:       a.Threads,
		Salt:    salt,
	}
}

// made reports whether row, as encoded spells it, is of these parameters and in
// the one canonical spelling. It leaves the lengths of salt and tag to others.
func (a Argon2id) made(row format.Argon2Row, encoded string) bool {
	return row.Variant == "argon2id" && row.Version == format.Argon2Version &&
		row.Encode() == encoded &&
		row.M == a.MemoryKiB && row.T == a.Time && row.P == a.Threads
}

// Bcrypt makes bcrypt hashes, for a users table that another program still
// reads. Hash refuses passwords above 72 bytes, which bcrypt would cut.
type Bcrypt struct {
	Cost int // 10, OWASP's floor, to 16; zero means 12
}

func (b Bcrypt) resolve(insecure bool) (maker, error) {
	b.Cost = cmp.Or(b.Cost, 12)
	return b, b.validate("Bcrypt", insecure)
}

// validate judges b under the name of what holds it.
func (b Bcrypt) validate(name string, insecure bool) error {
	least, most := 10, format.DefaultBounds().BcryptCost
	if insecure {
		least = bcrypt.MinCost
	}
	if !format.Within(b.Cost, least, most) {
		return outside(name+".Cost", b.Cost, least, most)
	}
	return nonFIPS(name)
}

func (b Bcrypt) scheme() format.Scheme { return format.Bcrypt() }
func (b Bcrypt) memoryKiB() int        { return format.SmallKiB }

func (b Bcrypt) create(password string) (string, error) {
	if len(password) > format.BcryptMaxPassword {
		return "", ErrPasswordTooLong
	}
	encoded, err := bcrypt.GenerateFromPassword([]byte(password), b.Cost)
	return string(encoded), err
}

func (b Bcrypt) current(encoded string) bool {
	cost, err := format.ParseBcrypt("bcrypt", encoded)
	return err == nil && cost == b.Cost
}

// PBKDF2SHA256 makes PBKDF2-HMAC-SHA-256 hashes with a salt of 16 bytes and a
// key of 32, in passlib's spelling. It is for FIPS 140 only: graphics cards
// guess at it far faster than at [Argon2id].
type PBKDF2SHA256 struct {
	Rounds int // zero means 600000, which is also OWASP's floor
}

const defaultPBKDF2Rounds = 600_000

func (p PBKDF2SHA256) resolve(insecure bool) (maker, error) {
	p.Rounds = cmp.Or(p.Rounds, defaultPBKDF2Rounds)
	return p, validateRounds("PBKDF2SHA256.Rounds", p.Rounds, insecure)
}

// validateRounds judges the iterations of PBKDF2 over SHA-256.
func validateRounds(field string, rounds int, insecure bool) error {
	least, most := defaultPBKDF2Rounds, format.DefaultBounds().PBKDF2Rounds
	if insecure {
		least = 1
	}
	if !format.Within(rounds, least, most) {
		return outside(field, rounds, least, most)
	}
	return nil
}

func (p PBKDF2SHA256) scheme() format.Scheme { return format.PBKDF2() }
func (p PBKDF2SHA256) memoryKiB() int        { return format.SmallKiB }

func (p PBKDF2SHA256) create(password string) (string, error) {
	salt := newSalt()
	key, err := pbkdf2.Key(
		sha256.New, password, salt, p.Rounds, format.PBKDF2KeyBytes,
	)
	if err != nil {
		return "", fmt.Errorf("%w: %w", format.ErrKDF, err)
	}

	return "$pbkdf2-sha256$" + strconv.Itoa(p.Rounds) +
		"$" + format.AdaptedBase64.EncodeToString(salt) +
		"$" + format.AdaptedBase64.EncodeToString(key), nil
}

func (p PBKDF2SHA256) current(encoded string) bool {
	name, row, err := format.ParsePBKDF2(encoded)
	return err == nil &&
		name == "pbkdf2-sha256" && !strings.Contains(encoded, "$i=") &&
		row.Rounds == p.Rounds &&
		len(row.Salt) == saltBytes && len(row.Key) == format.PBKDF2KeyBytes
}
