package hash

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/lostkey-go/lostkey/hash/internal/format"
)

const (
	springBcryptID = "bcrypt"
	springArgon2ID = "argon2@SpringSecurity_v5_8"
	springPBKDF2ID = "pbkdf2@SpringSecurity_v5_8"
)

// springPrefix is what DelegatingPasswordEncoder writes before the encoder's
// own text.
func springPrefix(id string) string { return "{" + id + "}" }

// SpringBcrypt makes {bcrypt} hashes, what Spring Security's delegating encoder
// writes by default, for a users table that a Spring application still signs in
// with. Hash refuses passwords above 72 bytes, as Spring does.
type SpringBcrypt struct {
	// Cost is the strength of the BCryptPasswordEncoder, at least 10, the OWASP
	// Password Storage Cheat Sheet's floor. Zero means 10, Spring's default.
	// Name the application's own if it has one. Spring rewrites weaker rows at
	// the next login.
	Cost int
}

func (b SpringBcrypt) resolve() Params {
	if b.Cost == 0 {
		b.Cost = 10
	}
	return b
}

func (b SpringBcrypt) validate(insecure bool) error {
	return Bcrypt(b).validateAs("SpringBcrypt", insecure)
}

func (b SpringBcrypt) scheme() format.Scheme {
	return format.SpringOf(springBcryptID)
}

func (b SpringBcrypt) memoryKiB() int     { return format.SmallKiB }
func (b SpringBcrypt) sharedWith() string { return "Spring" }

func (b SpringBcrypt) create(password string) (string, error) {
	encoded, err := Bcrypt(b).create(password)
	if err != nil {
		return "", err
	}
	return springPrefix(springBcryptID) + encoded, nil
}

func (b SpringBcrypt) current(encoded string) bool {
	inner, ok := strings.CutPrefix(encoded, springPrefix(springBcryptID))
	return ok && Bcrypt(b).current(inner)
}

// SpringArgon2 makes {argon2@SpringSecurity_v5_8} hashes, for a Spring
// application whose delegating encoder has that id for new passwords.
//
// Zero fields together mean m=19456 KiB, t=2, p=1, as for [Argon2id]. Spring
// verifies them, and calls them current, because it rewrites only rows of less
// memory or fewer passes than its own. Its own default, m=16384 with t=2, is
// below OWASP's floor and wants [NewInsecure]. With the zero value, such a row
// is moved up at its owner's next login here, and stays as it is.
type SpringArgon2 Argon2id

func (a SpringArgon2) resolve() Params {
	if a == (SpringArgon2{}) {
		return SpringArgon2(defaultArgon2id)
	}
	return a
}

func (a SpringArgon2) validate(insecure bool) error {
	return Argon2id(a).validateAs("SpringArgon2", insecure)
}

func (a SpringArgon2) scheme() format.Scheme {
	return format.SpringOf(springArgon2ID)
}

func (a SpringArgon2) memoryKiB() int     { return a.MemoryKiB }
func (a SpringArgon2) sharedWith() string { return "Spring" }

func (a SpringArgon2) create(password string) (string, error) {
	encoded, err := Argon2id(a).create(password)
	return springPrefix(springArgon2ID) + encoded, err
}

func (a SpringArgon2) current(encoded string) bool {
	inner, ok := strings.CutPrefix(encoded, springPrefix(springArgon2ID))
	return ok && Argon2id(a).current(inner)
}

// SpringPBKDF2 makes {pbkdf2@SpringSecurity_v5_8} hashes, PBKDF2-HMAC-SHA-256
// of 310000 iterations without a secret. The figure is the id's, it is not in
// the row. It is below OWASP's floor of 600000, so [New] refuses it and
// [NewInsecure] does not. Prefer [SpringArgon2] or [SpringBcrypt].
type SpringPBKDF2 struct{}

const springPBKDF2Rounds = 310_000

func (p SpringPBKDF2) resolve() Params { return p }

func (p SpringPBKDF2) validate(insecure bool) error {
	return validateRounds(
		"iterations of SpringPBKDF2", springPBKDF2Rounds, insecure,
	)
}

func (p SpringPBKDF2) scheme() format.Scheme {
	return format.SpringOf(springPBKDF2ID)
}

func (p SpringPBKDF2) memoryKiB() int     { return format.SmallKiB }
func (p SpringPBKDF2) sharedWith() string { return "Spring" }

func (p SpringPBKDF2) create(password string) (string, error) {
	salt := newSalt()
	key, err := pbkdf2.Key(
		sha256.New, password, salt, springPBKDF2Rounds, format.PBKDF2KeyBytes,
	)
	if err != nil {
		return "", fmt.Errorf("%w: %w", format.ErrKDF, err)
	}
	return springPrefix(springPBKDF2ID) +
		hex.EncodeToString(append(salt, key...)), nil
}

// current needs to look at the id alone, which stands for everything else.
func (p SpringPBKDF2) current(encoded string) bool {
	return strings.HasPrefix(encoded, springPrefix(springPBKDF2ID))
}
