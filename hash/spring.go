package hash

import (
	"cmp"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"errors"
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

// Spring makes the hashes of Spring Security's delegating encoder, for a users
// table that a Spring application still signs in with.
type Spring struct {
	// Algorithm is [Bcrypt] for {bcrypt}, what the encoder writes by default,
	// [Argon2id] for {argon2@SpringSecurity_v5_8}, or [PBKDF2SHA256] for
	// {pbkdf2@SpringSecurity_v5_8}. Nil means Bcrypt{}.
	//
	// The Cost of Bcrypt is the strength of the BCryptPasswordEncoder. Zero
	// means 10, Spring's default. Spring rewrites rows of less than its own at
	// the next login.
	//
	// Spring takes Argon2id{} for current, because it rewrites only rows of
	// less memory or fewer passes than its own. Its own default, m=16384 with
	// t=2, is below OWASP's floor and needs [NewInsecure].
	//
	// So do the Rounds of PBKDF2SHA256, which must be 310000 or zero, for the
	// same. The encoder must have no secret.
	Algorithm Params
}

func (s Spring) resolve(insecure bool) (maker, error) {
	const name = "Spring.Algorithm"
	if s.Algorithm == nil {
		s.Algorithm = Bcrypt{}
	}

	switch a := s.Algorithm.(type) {
	case Bcrypt:
		a.Cost = cmp.Or(a.Cost, 10)
		return springBcrypt(a), a.validate(name, insecure)
	case Argon2id:
		a = a.withDefaults()
		return springArgon2{a}, a.validate(name, insecure)
	case PBKDF2SHA256:
		a.Rounds = cmp.Or(a.Rounds, springPBKDF2Rounds)
		return springPBKDF2{}, validateSpringRounds(a.Rounds, insecure)
	}
	return nil, fmt.Errorf(
		"hash: Config.Params: Spring.Algorithm is %T, want Bcrypt, Argon2id "+
			"or PBKDF2SHA256", s.Algorithm,
	)
}

// springBcrypt is BCryptPasswordEncoder.
type springBcrypt Bcrypt

func (b springBcrypt) scheme() format.Scheme {
	return format.SpringOf(springBcryptID)
}

func (b springBcrypt) memoryKiB() int     { return format.SmallKiB }
func (b springBcrypt) sharedWith() string { return "Spring" }

func (b springBcrypt) create(password string) (string, error) {
	encoded, err := Bcrypt(b).create(password)
	if err != nil {
		return "", err
	}
	return springPrefix(springBcryptID) + encoded, nil
}

func (b springBcrypt) current(encoded string) bool {
	inner, ok := strings.CutPrefix(encoded, springPrefix(springBcryptID))
	return ok && Bcrypt(b).current(inner)
}

// springArgon2 is Argon2PasswordEncoder.
type springArgon2 struct{ Argon2id }

func (a springArgon2) scheme() format.Scheme {
	return format.SpringOf(springArgon2ID)
}

func (a springArgon2) sharedWith() string { return "Spring" }

func (a springArgon2) create(password string) (string, error) {
	encoded, err := a.Argon2id.create(password)
	return springPrefix(springArgon2ID) + encoded, err
}

func (a springArgon2) current(encoded string) bool {
	inner, ok := strings.CutPrefix(encoded, springPrefix(springArgon2ID))
	return ok && a.Argon2id.current(inner)
}

// springPBKDF2 is Pbkdf2PasswordEncoder.
type springPBKDF2 struct{}

const springPBKDF2Rounds = 310_000

func validateSpringRounds(rounds int, insecure bool) error {
	switch {
	case rounds != springPBKDF2Rounds:
		return outside(
			"Spring.Algorithm.Rounds", rounds,
			springPBKDF2Rounds, springPBKDF2Rounds,
		)
	case !insecure:
		return errors.New(
			"hash: Config.Params: Spring.Algorithm is PBKDF2SHA256, whose " +
				"310000 rounds are below the floor of 600000; use Bcrypt or " +
				"Argon2id",
		)
	}
	return nil
}

func (p springPBKDF2) scheme() format.Scheme {
	return format.SpringOf(springPBKDF2ID)
}

func (p springPBKDF2) memoryKiB() int     { return format.SmallKiB }
func (p springPBKDF2) sharedWith() string { return "Spring" }

func (p springPBKDF2) create(password string) (string, error) {
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
func (p springPBKDF2) current(encoded string) bool {
	return strings.HasPrefix(encoded, springPrefix(springPBKDF2ID))
}
