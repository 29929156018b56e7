package hash

import (
	"strings"

	"github.com/lostkey-go/lostkey/hash/internal/format"
)

// Ledger makes h write down every derivation it runs, by scheme and
// parameters, and returns where it writes. It is not for concurrent use.
func Ledger(h *Hasher) *[]string {
	var book []string
	h.params = ledgerParams{h.params, h, &book}
	for i, s := range h.schemes {
		if s != format.Scheme(h.peppers) {
			h.schemes[i] = ledgerScheme{s, &book}
		}
	}
	for i, s := range h.peppers.inner {
		h.peppers.inner[i] = ledgerScheme{s, &book}
	}
	return &book
}

type ledgerParams struct {
	maker
	h    *Hasher
	book *[]string
}

func (p ledgerParams) create(password string) (string, error) {
	encoded, err := p.maker.create(password)
	if err == nil {
		rec, err := p.h.parse(encoded)
		if err != nil {
			return "", err
		}
		*p.book = append(*p.book, rec.Scheme+" "+rec.Params)
	}
	return encoded, err
}

type ledgerScheme struct {
	format.Scheme
	book *[]string
}

// Parse writes down each check that derives. checkBcrypt alone has a way out:
// what holds a NUL is refused there and then.
func (s ledgerScheme) Parse(encoded string, bounds Bounds) (Record, error) {
	rec, err := s.Scheme.Parse(encoded, bounds)
	check := rec.Check
	rec.Check = func(password string) (bool, error) {
		if s.Name() != "bcrypt" || strings.IndexByte(password, 0) < 0 {
			*s.book = append(*s.book, rec.Scheme+" "+rec.Params)
		}
		return check(password)
	}
	return rec, err
}
