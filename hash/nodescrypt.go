package hash

import (
	"errors"
	"strings"
)

// NodeScryptConfig describes rows of the shape salthex:keyhex that an
// application made with node's crypto.scrypt. Nothing in such a row tells its
// parameters, so they are given here.
type NodeScryptConfig struct {
	// N, R and P are the cost. All zero means 16384, 8 and 1, node's defaults.
	N, R, P int
	// SaltIsText says that the salt's hexadecimal text was passed as it is, not
	// the bytes that it stands for.
	SaltIsText bool
	// Form is applied to the password first, normalize.NFKC for example. Nil
	// passes it as received.
	Form func(string) string
}

// NodeScrypt returns a scheme for rows made with node's crypto.scrypt by the
// application's own code. It claims what better-auth's rows look like, so one
// Hasher can accept only one of the two.
func NodeScrypt(cfg NodeScryptConfig) (Scheme, error) {
	if cfg.N == 0 && cfg.R == 0 && cfg.P == 0 {
		cfg.N, cfg.R, cfg.P = 16384, 8, 1
	}

	probe := scryptRow{
		n:    cfg.N,
		r:    cfg.R,
		p:    cfg.P,
		salt: make([]byte, 16),
		key:  make([]byte, 64),
	}
	if cfg.N < 0 || cfg.R < 0 || cfg.P < 0 {
		return nil, errors.New("hash: NodeScryptConfig.N, R or P is negative")
	}
	if _, err := probe.record("node-scrypt", defaultLimits()); err != nil {
		return nil, errors.New(
			"hash: NodeScryptConfig.N, R or P is outside the accepted limits",
		)
	}

	return &nodeScrypt{name: "node-scrypt", cfg: cfg}, nil
}

// BetterAuth returns the scheme of better-auth and of Lucia, with N=16384, r=16
// and the salt's text as salt. Both normalise passwords to NFKC first. Pass
// normalize.NFKC of package hash/normalize. With nil, passwords of other than
// ASCII letters may not verify.
func BetterAuth(nfkc func(string) string) []Scheme {
	return append([]Scheme{betterAuth(nfkc)}, standard()...)
}

func betterAuth(nfkc func(string) string) Scheme {
	return &nodeScrypt{
		name: "better-auth",
		cfg: NodeScryptConfig{
			N: 16384, R: 16, P: 1, SaltIsText: true, Form: nfkc,
		},
	}
}

type nodeScrypt struct {
	name string
	cfg  NodeScryptConfig
}

const nodeScryptLen = 32 + 1 + 128

func (s *nodeScrypt) Name() string { return s.name }

func (s *nodeScrypt) example() string {
	return strings.Repeat("0", 32) + ":" + strings.Repeat("0", 128)
}

func (s *nodeScrypt) Identify(encoded string) bool {
	return len(encoded) == nodeScryptLen && encoded[32] == ':' &&
		isHex(encoded[:32]) && isHex(encoded[33:])
}

func (s *nodeScrypt) Parse(encoded string, limits Limits) (Record, error) {
	salt, okSalt := unhex(encoded[:32])
	key, okKey := unhex(encoded[33:])
	if !okSalt || !okKey {
		return Record{}, malformed(s.name, "salt or key")
	}
	if s.cfg.SaltIsText {
		salt = []byte(encoded[:32])
	}

	rec, err := scryptRow{
		n: s.cfg.N, r: s.cfg.R, p: s.cfg.P, salt: salt, key: key,
	}.record(s.name, limits)
	if err != nil || s.cfg.Form == nil {
		return rec, err
	}
	return shaped(rec, s.cfg.Form), nil
}
