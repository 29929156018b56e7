package format

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

const (
	bcryptLen = 60

	// BcryptMaxPassword is where bcrypt cuts a password, in bytes.
	BcryptMaxPassword = 72
)

// bcryptScheme reads $2a$, $2b$ and $2y$, which are one algorithm. PHP's $2x$
// reproduces a bug with non-ASCII passwords and the bare $2$ is older still.
// Both are claimed, to be refused as unsupported.
type bcryptScheme struct{}

func (bcryptScheme) Name() string    { return "bcrypt" }
func (bcryptScheme) Example() string { return "$2b$12$" }

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

func (bcryptScheme) Parse(encoded string, bounds Bounds) (Record, error) {
	return bcryptRecord("bcrypt", encoded, bounds, nil)
}

// bcryptRecord reads a plain bcrypt string under another scheme's name. If
// shape is not nil, it turns the password into what that scheme gives bcrypt.
func bcryptRecord(
	name, encoded string, bounds Bounds, shape func(string) string,
) (Record, error) {
	cost, err := ParseBcrypt(name, encoded)
	if err != nil {
		return Record{}, err
	}
	if cost > bounds.BcryptCost {
		return Record{}, OutOfBounds(name, "cost")
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

// ParseBcrypt insists on the exact shape, because golang.org/x/crypto takes a
// cost of "+5", unknown minor versions and anything after the sixtieth byte.
func ParseBcrypt(name, encoded string) (cost int, err error) {
	if len(encoded) < 4 || encoded[:2] != "$2" {
		return 0, Malformed(name, "prefix")
	}
	switch encoded[2:4] {
	case "a$", "b$", "y$":
	case "x$":
		return 0, Unsupported(name, "$2x$")
	default:
		return 0, Unsupported(name, "version")
	}

	if len(encoded) != bcryptLen || encoded[6] != '$' {
		return 0, Malformed(name, "length")
	}
	if !isCrypt(encoded[7:]) {
		return 0, Malformed(name, "alphabet")
	}

	high, low := encoded[4], encoded[5]
	if high < '0' || high > '9' || low < '0' || low > '9' {
		return 0, Malformed(name, "cost")
	}
	cost = int(high-'0')*10 + int(low-'0')
	if cost < bcrypt.MinCost {
		return 0, Malformed(name, "cost")
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
	password = password[:min(len(password), BcryptMaxPassword)]
	err := bcrypt.CompareHashAndPassword([]byte(encoded), []byte(password))
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, nil
	}
	return err == nil, err
}
