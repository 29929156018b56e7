package format

import (
	"errors"
	"strings"
)

// NodeScrypt reads salthex:keyhex, made with node's crypto.scrypt. Nothing in
// such a row tells its parameters.
type NodeScrypt struct {
	Label   string
	N, R, P int

	// SaltIsText says that the salt's hexadecimal text is the salt.
	SaltIsText bool
	// Form is applied to the password first. Nil passes it as received.
	Form func(string) string
}

// Validate refuses a cost that the default bounds refuse.
func (s *NodeScrypt) Validate() error {
	if s.N < 0 || s.R < 0 || s.P < 0 {
		return errors.New("cost of N, R and P is negative")
	}

	probe := scryptRow{
		n:    s.N,
		r:    s.R,
		p:    s.P,
		salt: make([]byte, 16),
		key:  make([]byte, 64),
	}
	if _, err := probe.record(s.Label, DefaultBounds()); err != nil {
		return errors.New("cost of N, R and P is out of bounds")
	}
	return nil
}

const nodeScryptLen = 32 + 1 + 128

// Name returns Label.
func (s *NodeScrypt) Name() string { return s.Label }

// Example returns a row of zeros.
func (s *NodeScrypt) Example() string {
	return strings.Repeat("0", 32) + ":" + strings.Repeat("0", 128)
}

// Identify reports whether encoded has the shape.
func (s *NodeScrypt) Identify(encoded string) bool {
	return IsNodeScrypt(encoded)
}

// IsNodeScrypt reports whether encoded is salthex:keyhex.
func IsNodeScrypt(encoded string) bool {
	return len(encoded) == nodeScryptLen && encoded[32] == ':' &&
		IsHex(encoded[:32]) && IsHex(encoded[33:])
}

// Parse reads a row and bounds the configured cost.
func (s *NodeScrypt) Parse(encoded string, bounds Bounds) (Record, error) {
	salt, okSalt := unhex(encoded[:32])
	key, okKey := unhex(encoded[33:])
	if !okSalt || !okKey {
		return Record{}, Malformed(s.Label, "salt or key")
	}
	if s.SaltIsText {
		salt = []byte(encoded[:32])
	}

	rec, err := scryptRow{
		n: s.N, r: s.R, p: s.P, salt: salt, key: key,
	}.record(s.Label, bounds)
	if err != nil || s.Form == nil {
		return rec, err
	}
	return shaped(rec, s.Form), nil
}
