package format

import (
	"fmt"
	"math/bits"
	"strings"

	"golang.org/x/crypto/scrypt"
)

const (
	maxScryptBlock    = 32 // The largest r.
	maxScryptParallel = 16 // The largest p.
)

// A scryptRow is one stored scrypt hash in any spelling.
type scryptRow struct {
	n, r, p   int
	salt, key []byte
}

// record bounds the row. golang.org/x/crypto allocates 128*N*r bytes at once,
// and N=2^24 with r=8 ends the process.
func (s scryptRow) record(name string, bounds Bounds) (Record, error) {
	n, r, p := uint64(s.n), uint64(s.r), uint64(s.p)

	switch {
	case r == 0 || p == 0:
		return Record{}, Malformed(name, "r or p")
	case r > maxScryptBlock:
		return Record{}, OutOfBounds(name, "r")
	case p > maxScryptParallel:
		return Record{}, OutOfBounds(name, "p")
	case 128*n*r > uint64(bounds.ScryptMemoryKiB)<<10:
		return Record{}, OutOfBounds(name, "N")
	case n < 2 || bits.OnesCount64(n) != 1:
		return Record{}, Malformed(name, "N")
	case n*r*p > uint64(bounds.ScryptWork):
		return Record{}, OutOfBounds(name, "N times r times p")
	case !Within(len(s.salt), 1, 128):
		return Record{}, OutOfBounds(name, "salt")
	case !Within(len(s.key), 16, 64):
		return Record{}, OutOfBounds(name, "key")
	}

	return Record{
		Scheme:    name,
		Params:    fmt.Sprintf("N=%d,r=%d,p=%d", s.n, s.r, s.p),
		MemoryKiB: int(128 * n * r >> 10),
		Check:     s.verify,
	}, nil
}

func (s scryptRow) verify(password string) (bool, error) {
	key, err := scrypt.Key([]byte(password), s.salt, s.n, s.r, s.p, len(s.key))
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrKDF, err)
	}
	return SameBytes(s.key, key), nil
}

// scryptScheme reads $scrypt$ln=,r=,p=, the PHC string that passlib writes too.
type scryptScheme struct{}

func (scryptScheme) Name() string    { return "scrypt" }
func (scryptScheme) Example() string { return "$scrypt$ln=14,r=8,p=1$" }

func (scryptScheme) Identify(encoded string) bool {
	return strings.HasPrefix(encoded, "$scrypt$")
}

func (scryptScheme) Parse(encoded string, bounds Bounds) (Record, error) {
	const name = "scrypt"
	parts := strings.Split(encoded, "$")
	if len(parts) != 5 {
		return Record{}, Malformed(name, "parts")
	}
	values, field, ok := parameters(parts[2], "ln", "r", "p")
	if !ok {
		return Record{}, Malformed(name, field)
	}
	if values[0] > 30 {
		return Record{}, OutOfBounds(name, "ln")
	}

	row := scryptRow{n: 1 << values[0], r: values[1], p: values[2]}
	var err error
	if row.salt, err = rawBase64.DecodeString(parts[3]); err != nil {
		return Record{}, Malformed(name, "salt")
	}
	if row.key, err = rawBase64.DecodeString(parts[4]); err != nil {
		return Record{}, Malformed(name, "key")
	}
	return row.record(name, bounds)
}
