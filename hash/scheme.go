package hash

import (
	"errors"
	"fmt"
)

// A Scheme reads one family of stored hashes. Implement it to accept a format
// this package does not know. The built-in ones are listed in [All] and in the
// presets per framework.
//
// A Scheme must be safe for concurrent use. If its dynamic type is comparable,
// naming the same scheme twice in Config.Accept is harmless.
type Scheme interface {
	// Name is what errors call the scheme. It is unique in one Hasher.
	Name() string

	// Identify reports whether encoded is of this family, by prefix or shape
	// alone. It must be cheap, must not allocate, and must not claim what
	// another scheme of the same Hasher claims.
	Identify(encoded string) bool

	// Parse reads an identified string and checks every parameter against
	// limits before anything is derived. Its errors wrap ErrMalformed,
	// ErrUnsupported or ErrOverLimit and quote nothing of the string. The
	// Hasher calls it only with at most 1024 bytes of printable ASCII.
	Parse(encoded string, limits Limits) (Record, error)
}

// A Record is one parsed stored hash.
type Record struct {
	// Scheme is the exact variant, "argon2id" or "django-pbkdf2-sha256" for
	// example. It is what Result and Info report.
	Scheme string

	// Params is the cost in a short readable form, "m=19456,t=2,p=1".
	Params string

	// MemoryKiB is what Check needs at its peak. It is the weight in the
	// limiter. Schemes that need next to none may leave it zero.
	MemoryKiB int

	// MaxPassword is the longest password in bytes that Check may see, zero
	// for no limit of its own. Longer ones count as wrong.
	MaxPassword int

	// Check derives and compares in constant time. It runs inside the limiter.
	// A panic in it becomes an error. A wrong password is false, nil.
	Check func(password string) (bool, error)
}

// exampler is implemented by the built-in schemes. It returns a string each of
// them must claim, by which New finds two schemes that would claim the same
// rows.
type exampler interface{ example() string }

// A registry is the ordered list of schemes of one Hasher.
type registry []Scheme

// newRegistry refuses nil schemes and those that clash.
func newRegistry(schemes []Scheme) (registry, error) {
	var reg registry
	for i, s := range schemes {
		if s == nil {
			return nil, fmt.Errorf("hash: Config.Accept[%d] is nil", i)
		}
		if same, err := reg.add(s); err != nil {
			return nil, err
		} else if !same {
			reg = append(reg, s)
		}
	}
	return reg, nil
}

// add reports whether s is already there, or why it cannot be.
func (r registry) add(s Scheme) (same bool, err error) {
	for _, have := range r {
		if have.Name() == s.Name() {
			if identical(have, s) {
				return true, nil
			}
			return false, fmt.Errorf(
				"hash: Config.Accept has two different schemes named %s",
				s.Name(),
			)
		}

		if claims(have, s) || claims(s, have) {
			return false, fmt.Errorf(
				"hash: Config.Accept: %s and %s claim the same stored strings",
				have.Name(), s.Name(),
			)
		}
	}
	return false, nil
}

// withOwn adds what the Hasher itself makes. An accepted scheme may claim the
// same strings (Flask-Security's argon2 over a digest looks like plain argon2).
// Then new hashes must bear a pepper's mark, or nobody could tell them apart.
func (r registry) withOwn(own Scheme, peppers *pepperRing) (registry, error) {
	out := append(registry(nil), r...)
	same, err := r.add(own)
	switch {
	case err != nil && peppers.first == nil:
		return nil, fmt.Errorf(
			"%w; set Config.Peppers, so that new hashes can be told from old ones",
			err,
		)
	case err == nil && !same:
		out = append(out, own)
	}

	// The ring is added also when it is empty. A row whose pepper is gone must
	// alarm the operator, not look unknown.
	if _, err := out.add(peppers); err != nil {
		return nil, err
	}
	return append(out, peppers), nil
}

// identical compares two schemes of one name. A type that cannot be compared is
// never identical to anything.
func identical(a, b Scheme) (same bool) {
	defer func() { _ = recover() }()
	return a == b
}

// claims reports whether s would take the example of other.
func claims(s, other Scheme) bool {
	ex, ok := other.(exampler)
	return ok && s.Identify(ex.example())
}

// find returns the scheme that claims encoded, or nil.
func (r registry) find(encoded string) Scheme {
	for _, s := range r {
		if s.Identify(encoded) {
			return s
		}
	}
	return nil
}

// errUnusable travels from parse to its callers only.
var errUnusable = errors.New("hash: stored value holds no password")

// parse finds the scheme of encoded and reads it, without deriving anything.
func (h *Hasher) parse(encoded string) (Record, error) {
	if !h.HasPassword(encoded) {
		return Record{}, errUnusable
	}
	if len(encoded) > maxEncodedBytes {
		return Record{}, ErrUnknownFormat
	}
	s := h.schemes.find(encoded)
	if s == nil {
		return Record{}, errUnread(encoded)
	}

	// Go's base64 decoder skips CR and LF even when strict. No scheme has a use
	// for them, spaces or control characters.
	for i := range len(encoded) {
		if encoded[i] <= ' ' || encoded[i] > '~' {
			return Record{}, malformed(s.Name(), "characters")
		}
	}

	rec, err := parseRecovered(s, encoded, h.limits)
	if err == nil && rec.MemoryKiB > h.limiter.memory {
		return Record{}, overLimit(rec.Scheme, "memory")
	}
	return rec, err
}

// parseRecovered calls Parse of s. A panic in it makes the row malformed.
func parseRecovered(
	s Scheme,
	encoded string,
	limits Limits,
) (rec Record, err error) {
	defer func() {
		if recover() != nil {
			rec, err = Record{}, malformed(s.Name(), "panic")
		}
	}()

	rec, err = s.Parse(encoded, limits)
	if err != nil {
		return Record{}, err
	}
	if rec.Check == nil || rec.MemoryKiB < 0 {
		return Record{}, malformed(s.Name(), "record")
	}
	rec.MemoryKiB = max(rec.MemoryKiB, smallKiB)
	return rec, nil
}
