package hash

import (
	"errors"
	"fmt"

	"github.com/lostkey-go/lostkey/hash/internal/format"
)

// Scheme reads one family of stored hashes. Implement it to accept a format
// that neither [Modern] nor package hash/legacy has. It must be safe for
// concurrent use. If its type is comparable, Config.Accept may hold it twice.
type Scheme interface {
	// Name is what errors call the scheme, unique in one Hasher.
	Name() string

	// Identify reports whether encoded is of this family, by prefix or shape
	// alone. It must be cheap, allocate nothing, and claim nothing that another
	// scheme of the same Hasher claims.
	Identify(encoded string) bool

	// Parse reads an identified string, at most 1024 bytes of printable ASCII,
	// and holds every parameter to bounds, without deriving anything. Its
	// errors wrap ErrMalformed, ErrUnsupported or ErrOutOfBounds and quote
	// nothing of the string.
	Parse(encoded string, bounds Bounds) (Record, error)
}

// Record is one parsed stored hash. Its fields are
//
//	Scheme string
//	    The exact variant, such as "argon2id", for Result and Info.
//
//	Params string
//	    The cost in a short readable form, such as "m=19456,t=2,p=1".
//
//	MemoryKiB int
//	    What Check holds at its peak. Zero means next to none.
//
//	MaxPassword int
//	    The longest password, in bytes, that Check may see. Longer ones
//	    count as wrong. Zero means no limit of its own.
//
//	Check func(password string) (bool, error)
//	    Derives and compares in constant time, inside a slot. A wrong
//	    password is false, nil. A panic in it becomes an error.
type Record = format.Record

// Modern reads bcrypt as crypt(3) writes it ($2a$, $2b$ and $2y$), and argon2id
// and argon2i of version 19, scrypt and PBKDF2 as PHC strings and in passlib's
// spellings. Join it with presets of package hash/legacy by slices.Concat.
func Modern() []Scheme {
	return []Scheme{
		format.Argon2(), format.Bcrypt(), format.Scrypt(), format.PBKDF2(),
	}
}

// maxEncodedBytes bounds a stored string before anything looks at it.
const maxEncodedBytes = 1024

// newSchemes returns the schemes of a Hasher: those of Config.Accept, the one
// that reads what the Hasher itself makes, and the peppers. It refuses nil
// schemes and those that clash.
func newSchemes(
	accept []Scheme,
	own format.Scheme,
	peppers *pepperRing,
) (format.Schemes, error) {
	if accept == nil {
		accept = Modern()
	}
	var schemes format.Schemes
	for i, s := range accept {
		if s == nil {
			return nil, fmt.Errorf("hash: Config.Accept[%d] is nil", i)
		}
		if err := schemes.Add(s); err != nil {
			return nil, err
		}
	}

	// An accepted scheme may claim the same strings as own: Flask-Security's
	// argon2 over a digest looks like plain argon2. Then new hashes must bear a
	// pepper's mark, or nobody could tell them apart.
	if err := schemes.Add(own); err != nil && peppers.first == nil {
		return nil, fmt.Errorf(
			"%w; set Config.Peppers, to tell new hashes from old ones",
			err,
		)
	}

	// The ring is added also when it is empty. A row whose pepper is gone must
	// alarm the operator, not look unknown.
	return schemes, schemes.Add(peppers)
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
	s := h.schemes.Find(encoded)
	if s == nil {
		return Record{}, errUnaccepted(encoded)
	}

	// Go's base64 decoder skips CR and LF even when strict. No scheme has a use
	// for them, spaces or control characters.
	for i := range len(encoded) {
		if encoded[i] <= ' ' || encoded[i] > '~' {
			return Record{}, format.Malformed(s.Name(), "characters")
		}
	}

	rec, err := parseRecovered(s, encoded, h.bounds)
	if err == nil && rec.MemoryKiB > h.slots.memory {
		return Record{}, format.OutOfBounds(rec.Scheme, "memory")
	}
	return rec, err
}

// parseRecovered calls Parse of s. A panic in it makes the row malformed.
func parseRecovered(
	s Scheme,
	encoded string,
	bounds Bounds,
) (rec Record, err error) {
	defer func() {
		if recover() != nil {
			rec, err = Record{}, format.Malformed(s.Name(), "panic")
		}
	}()

	rec, err = s.Parse(encoded, bounds)
	if err != nil {
		return Record{}, err
	}
	if rec.Check == nil || rec.MemoryKiB < 0 {
		return Record{}, format.Malformed(s.Name(), "record")
	}
	rec.MemoryKiB = max(rec.MemoryKiB, format.SmallKiB)
	return rec, nil
}
