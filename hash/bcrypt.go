package hash

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// Bcrypt makes bcrypt hashes, for a users table that another program still
// reads. Hash refuses passwords above 72 bytes, which bcrypt would cut. Prefer
// [Argon2id] everywhere else.
type Bcrypt struct {
	// Cost is at least 10, the OWASP Password Storage Cheat Sheet's floor. Zero
	// means 12.
	Cost int
}

const (
	bcryptLen         = 60
	bcryptMaxPassword = 72
)

func (b Bcrypt) resolve() Params {
	if b.Cost == 0 {
		b.Cost = 12
	}
	return b
}

func (b Bcrypt) check(insecure bool) error {
	switch {
	case !within(b.Cost, bcrypt.MinCost, defaultLimits().BcryptCost):
		return fmt.Errorf(
			"hash: Bcrypt.Cost must lie between 10 and %d",
			defaultLimits().BcryptCost,
		)
	case !insecure && b.Cost < 10:
		return errors.New("hash: Bcrypt.Cost is below 10")
	}
	return nonFIPS("Bcrypt")
}

func (b Bcrypt) scheme() Scheme { return bcryptScheme{} }
func (b Bcrypt) memoryKiB() int { return smallKiB }

func (b Bcrypt) create(password string) (string, error) {
	if len(password) > bcryptMaxPassword {
		return "", ErrPasswordTooLong
	}
	encoded, err := bcrypt.GenerateFromPassword([]byte(password), b.Cost)
	return string(encoded), err
}

func (b Bcrypt) current(encoded string, onlyUpgrade bool) bool {
	cost, err := parseBcrypt("bcrypt", encoded)
	return err == nil && (cost == b.Cost || onlyUpgrade && cost > b.Cost)
}

// bcryptScheme reads $2a$, $2b$ and $2y$, which are one algorithm. PHP's $2x$
// reproduces a bug with non-ASCII passwords and the bare $2$ is older still.
// Both are claimed, to be refused as unsupported.
type bcryptScheme struct{}

func (bcryptScheme) Name() string    { return "bcrypt" }
func (bcryptScheme) example() string { return "$2b$12$" }

func (bcryptScheme) Identify(encoded string) bool {
	if len(encoded) < 4 || encoded[:2] != "$2" {
		return false
	}
	switch encoded[2] {
	case 'a', 'b', 'y', 'x':
		return encoded[3] == '$'
	}
	return encoded[2] == '$'
}

func (bcryptScheme) Parse(encoded string, limits Limits) (Record, error) {
	return bcryptRecord("bcrypt", encoded, limits, nil)
}

// bcryptRecord reads a plain bcrypt string under another scheme's name. If
// shape is not nil, it turns the password into what that scheme gives bcrypt.
func bcryptRecord(
	name, encoded string, limits Limits, shape func(string) string,
) (Record, error) {
	cost, err := parseBcrypt(name, encoded)
	if err != nil {
		return Record{}, err
	}
	if cost > limits.BcryptCost {
		return Record{}, overLimit(name, "cost")
	}

	return Record{
		Scheme: name,
		Params: fmt.Sprintf("cost=%d", cost),
		Check: func(password string) (bool, error) {
			if shape != nil {
				password = shape(password)
			}
			return checkBcrypt(encoded, password)
		},
	}, nil
}

// parseBcrypt insists on the exact shape, because golang.org/x/crypto takes a
// cost of "+5", unknown minor versions and anything after the sixtieth byte.
func parseBcrypt(name, encoded string) (cost int, err error) {
	if len(encoded) < 4 || encoded[:2] != "$2" {
		return 0, malformed(name, "prefix")
	}
	switch encoded[2:4] {
	case "a$", "b$", "y$":
	case "x$":
		return 0, unsupported(name, "$2x$")
	default:
		return 0, unsupported(name, "version")
	}

	if len(encoded) != bcryptLen || encoded[6] != '$' {
		return 0, malformed(name, "length")
	}
	for _, c := range []byte(encoded[7:]) {
		if !isCryptChar(c) {
			return 0, malformed(name, "alphabet")
		}
	}

	high, low := encoded[4], encoded[5]
	if high < '0' || high > '9' || low < '0' || low > '9' {
		return 0, malformed(name, "cost")
	}
	cost = int(high-'0')*10 + int(low-'0')
	if cost < bcrypt.MinCost {
		return 0, malformed(name, "cost")
	}
	return cost, nil
}

// checkBcrypt cuts at 72 bytes as every system that made such rows did, so that
// their users can log in and be moved on. A Hasher passes no NUL, but what a
// Prehashed scheme makes of a password may have one. It is refused, because
// bcrypt repeats the password with a NUL between, so "x" and "x\x00x" are one
// key.
func checkBcrypt(encoded, password string) (bool, error) {
	if strings.IndexByte(password, 0) >= 0 {
		return false, nil
	}
	password = password[:min(len(password), bcryptMaxPassword)]
	err := bcrypt.CompareHashAndPassword([]byte(encoded), []byte(password))
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, nil
	}
	return err == nil, err
}

// isCryptChar reports whether c is of ./0-9A-Za-z, the alphabet that bcrypt
// and crypt(3) share in different orders.
func isCryptChar(c byte) bool {
	return within(int(c), '.', '9') ||
		within(int(c), 'A', 'Z') ||
		within(int(c), 'a', 'z')
}
