package format

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"
	stdhash "hash"
	"strings"
)

// shaCryptScheme reads sha256-crypt ($5$) and sha512-crypt ($6$), as glibc,
// passlib and mkpasswd write them. The algorithm is Ulrich Drepper's "Unix
// crypt using SHA-256 and SHA-512". Its cost grows with the password's length,
// so passwords above 256 bytes count as wrong.
type shaCryptScheme struct{}

const (
	shaCryptDefaultRounds = 5000 // Holds when the string does not say.
	shaCryptMinRounds     = 1000
)

func (shaCryptScheme) Name() string    { return "sha-crypt" }
func (shaCryptScheme) Example() string { return "$6$rounds=656000$" }

func (shaCryptScheme) Identify(encoded string) bool {
	return strings.HasPrefix(encoded, "$5$") ||
		strings.HasPrefix(encoded, "$6$")
}

func (shaCryptScheme) Parse(encoded string, bounds Bounds) (Record, error) {
	row := shaCryptRow{
		rounds: shaCryptDefaultRounds,
		new:    sha512.New,
		size:   sha512.Size,
		rotate: 1,
	}
	name := "sha512-crypt"
	if encoded[1] == '5' {
		row = shaCryptRow{
			rounds: shaCryptDefaultRounds,
			new:    sha256.New,
			size:   sha256.Size,
			rotate: 2,
		}
		name = "sha256-crypt"
	}

	parts := strings.Split(encoded[3:], "$")
	if text, ok := strings.CutPrefix(parts[0], "rounds="); ok {
		if row.rounds, ok = number(text); !ok {
			return Record{}, Malformed(name, "rounds")
		}
		parts = parts[1:]
	}
	if len(parts) != 2 || !Within(len(parts[0]), 1, 16) {
		return Record{}, Malformed(name, "salt")
	}

	row.salt, row.digest = parts[0], parts[1]
	if len(row.digest) != (row.size*8+5)/6 || !isCrypt(row.digest) {
		return Record{}, Malformed(name, "digest")
	}

	if !Within(row.rounds, shaCryptMinRounds, bounds.SHACryptRounds) {
		return Record{}, OutOfBounds(name, "rounds")
	}

	return Record{
		Scheme:      name,
		Params:      fmt.Sprintf("rounds=%d", row.rounds),
		MaxPassword: MaxChainPassword,
		Check: func(password string) (bool, error) {
			got := row.encode(row.derive([]byte(password), []byte(row.salt)))
			return subtle.ConstantTimeCompare([]byte(row.digest), got) == 1, nil
		},
	}, nil
}

// A shaCryptRow is one stored hash of either variant.
type shaCryptRow struct {
	rounds       int
	salt, digest string
	new          func() stdhash.Hash
	size         int

	// rotate is how the output's triples are rotated from one to the next.
	rotate int
}

// derive returns the digest before it is encoded.
func (r shaCryptRow) derive(password, salt []byte) []byte {
	d := r.new()
	write := func(parts ...[]byte) {
		for _, p := range parts {
			d.Write(p)
		}
	}

	write(password, salt, password)
	inner := d.Sum(nil)

	d.Reset()
	write(password, salt)
	write(stretch(inner, len(password)))
	for n := len(password); n > 0; n >>= 1 {
		if n&1 == 1 {
			write(inner)
		} else {
			write(password)
		}
	}
	sum := d.Sum(nil)

	d.Reset()
	for range password {
		write(password)
	}
	p := stretch(d.Sum(nil), len(password))

	d.Reset()
	for range 16 + int(sum[0]) {
		write(salt)
	}
	s := stretch(d.Sum(nil), len(salt))

	for i := range r.rounds {
		d.Reset()
		if i%2 == 1 {
			d.Write(p)
		} else {
			d.Write(sum)
		}
		if i%3 != 0 {
			d.Write(s)
		}
		if i%7 != 0 {
			d.Write(p)
		}
		if i%2 == 1 {
			d.Write(sum)
		} else {
			d.Write(p)
		}
		sum = d.Sum(sum[:0])
	}
	return sum
}

// stretch repeats block to n bytes.
func stretch(block []byte, n int) []byte {
	out := make([]byte, 0, n+len(block))
	for len(out) < n {
		out = append(out, block...)
	}
	return out[:n]
}

// encode writes the digest in crypt(3)'s alphabet, as triples of bytes a third
// of the digest apart, rotated from one triple to the next.
func (r shaCryptRow) encode(sum []byte) []byte {
	third := r.size / 3
	out := make([]byte, 0, len(r.digest))
	for i := range third {
		triple := [3]int{i, i + third, i + 2*third}
		at := i * r.rotate
		out = appendCrypt(
			out, 4,
			sum[triple[at%3]],
			sum[triple[(at+1)%3]],
			sum[triple[(at+2)%3]],
		)
	}

	if r.size == sha512.Size {
		return appendCrypt(out, 2, 0, 0, sum[63])
	}
	return appendCrypt(out, 3, 0, sum[31], sum[30])
}
