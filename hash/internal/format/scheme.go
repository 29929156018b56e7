// Package format reads stored password hashes. Each scheme parses its strings
// strictly, bounds every parameter, and only then derives. Package hash and
// package legacy are its two faces.
package format

import "fmt"

const (
	// MaxPassword bounds what normalisation, or a framework's own digest, may
	// make of a password, in bytes. NFKC turns U+FDFA into eleven times its
	// bytes.
	MaxPassword = 4096

	// MaxChainPassword caps passwords for schemes whose cost grows with the
	// password's length: sha-crypt, MD5-crypt, phpass and Drupal's.
	MaxChainPassword = 256

	// SmallKiB is the weight of derivations that need next to no memory.
	SmallKiB = 8
)

// A Scheme reads one family of stored hashes. It is documented as hash.Scheme.
type Scheme interface {
	Name() string
	Identify(encoded string) bool
	Parse(encoded string, bounds Bounds) (Record, error)
}

// A Record is one parsed stored hash. It is documented as hash.Record.
type Record struct {
	Scheme      string
	Params      string
	MemoryKiB   int
	MaxPassword int
	Check       func(password string) (bool, error)
}

// exampler is implemented by the schemes of this package. It returns a string
// each of them must claim, by which [Schemes.Add] finds two schemes that would
// claim the same rows.
type exampler interface{ Example() string }

// Schemes is an ordered list in which no two schemes claim the same strings.
type Schemes []Scheme

// Add appends s unless it is there already. It refuses what clashes.
func (l *Schemes) Add(s Scheme) error {
	for _, have := range *l {
		if have.Name() == s.Name() {
			if identical(have, s) || covers(have, s) {
				return nil
			}
			return fmt.Errorf(
				"hash: Config.Accept has two different schemes named %s",
				s.Name(),
			)
		}

		if claims(have, s) || claims(s, have) {
			return fmt.Errorf(
				"hash: Config.Accept: %s and %s claim the same stored strings",
				have.Name(), s.Name(),
			)
		}
	}

	*l = append(*l, s)
	return nil
}

// identical compares two schemes of one name. A type that cannot be compared is
// never identical to anything.
func identical(a, b Scheme) (same bool) {
	defer func() { _ = recover() }()
	return a == b
}

// coverer is implemented by schemes that several configurations of one name
// exist of. It reports whether the rows that other makes are read as well.
type coverer interface{ covers(other Scheme) bool }

func covers(have, other Scheme) bool {
	c, ok := have.(coverer)
	return ok && c.covers(other)
}

// claims reports whether s would take the example of other.
func claims(s, other Scheme) bool {
	ex, ok := other.(exampler)
	return ok && s.Identify(ex.Example())
}

// Find returns the scheme that claims encoded, or nil.
func (l Schemes) Find(encoded string) Scheme {
	for _, s := range l {
		if s.Identify(encoded) {
			return s
		}
	}
	return nil
}
