package legacy

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/hash/internal/format"
)

// Prehashed returns schemes that read the same strings as the given ones, made
// from what shape turns the password into: for a framework that adds a pepper,
// or digests the password first. Nothing in a row tells so, and so one Hasher
// accepts a format either prehashed or plain.
//
// The new schemes are named name, '-' and the old name. shape must be safe for
// concurrent use. bcrypt cuts what it returns at 72 bytes.
func Prehashed(
	name string,
	shape func(password string) string,
	schemes ...hash.Scheme,
) []hash.Scheme {
	wrapped := make([]hash.Scheme, len(schemes))
	for i, s := range schemes {
		wrapped[i] = &format.Prehashed{
			Label: name + "-" + s.Name(), Inner: s, Shape: shape,
		}
	}
	return wrapped
}

// Devise returns bcrypt over the password with Devise's config.pepper behind
// it. Without a pepper, see [Rails].
func Devise(pepper string) []hash.Scheme {
	return Prehashed("devise", func(password string) string {
		return password + pepper
	}, format.Bcrypt())
}

// FlaskBcrypt returns the formats of an application with Flask-Bcrypt and
// BCRYPT_HANDLE_LONG_PASSWORDS on, bcrypt over the SHA-256 of the password.
func FlaskBcrypt() []hash.Scheme {
	return append(
		Prehashed("flask", format.HexSHA256, format.Bcrypt()),
		format.Werkzeug(),
		format.Argon2(),
	)
}

// FlaskSecurity returns the formats of an application with Flask-Security,
// passlib's over an HMAC of the password. salt is its SECURITY_PASSWORD_SALT.
// form is its SECURITY_PASSWORD_NORMALIZE_FORM, by default normalize.NFKD of
// package hash/normalize. Nil hashes what was received, which is the same for
// ASCII.
//
// Its argon2 rows look like plain argon2id, so hash.New asks for Peppers where
// new hashes are argon2id too.
func FlaskSecurity(salt string, form func(string) string) []hash.Scheme {
	shape := func(password string) string {
		if form != nil {
			password = form(password)
		}

		mac := hmac.New(sha512.New, []byte(salt))
		mac.Write([]byte(password))
		return base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}

	return Prehashed(
		"flask-security", shape, append(hash.Modern(), format.SHACrypt())...,
	)
}

// SpringConfig says how a Spring Security application was set up, where its
// stored strings do not. It prints without the secret, except in an unexported
// field of another struct and under %p and %w.
type SpringConfig struct {
	// Default is the id of the encoder given to
	// setDefaultPasswordEncoderForMatches, "pbkdf2" for example, by which rows
	// without an {id} are read. Empty refuses such rows, except those of bcrypt
	// and argon2, whose text says enough.
	Default string

	// PBKDF2Secret is the secret of Pbkdf2PasswordEncoder. Empty is its
	// default.
	PBKDF2Secret string
}

// String returns Default.
func (c SpringConfig) String() string {
	return "legacy.SpringConfig(" + c.Default + ", redacted)"
}

// Format is String for every verb.
func (c SpringConfig) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, c.String())
}

// LogValue is String for log/slog.
func (c SpringConfig) LogValue() slog.Value {
	return slog.StringValue(c.String())
}

// MarshalText is String for encoders.
func (c SpringConfig) MarshalText() ([]byte, error) {
	return []byte(c.String()), nil
}

// Spring returns the formats of Spring Security's delegating encoder.
func Spring() []hash.Scheme { return SpringWith(SpringConfig{}) }

// SpringWith is [Spring] for an application with encoders of its own settings.
func SpringWith(cfg SpringConfig) []hash.Scheme {
	s := format.NewSpring(cfg.Default, cfg.PBKDF2Secret)
	return append([]hash.Scheme{s}, plain()...)
}

// NodeScryptConfig describes rows salthex:keyhex, which do not tell their cost.
type NodeScryptConfig struct {
	// N, R and P are the cost. All zero means 16384, 8 and 1, node's defaults.
	N, R, P int

	// SaltIsText says that the salt's hexadecimal text was the salt, not the
	// bytes that it stands for.
	SaltIsText bool

	// Form is applied to the password first, normalize.NFKC for example. Nil
	// hashes what was received.
	Form func(string) string
}

// NodeScrypt returns the format of an application's own code with node's
// crypto.scrypt. It fails if the default hash.Bounds refuse the cost. One
// Hasher accepts either this or [BetterAuth], whose rows look alike.
func NodeScrypt(cfg NodeScryptConfig) ([]hash.Scheme, error) {
	if cfg.N == 0 && cfg.R == 0 && cfg.P == 0 {
		cfg.N, cfg.R, cfg.P = 16384, 8, 1
	}

	s := &format.NodeScrypt{
		Label: "node-scrypt",
		N:     cfg.N, R: cfg.R, P: cfg.P,
		SaltIsText: cfg.SaltIsText, Form: cfg.Form,
	}
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("legacy: NodeScryptConfig: %w", err)
	}
	return []hash.Scheme{s}, nil
}

// BetterAuth returns the formats of better-auth and of Lucia, scrypt with
// N=16384 and r=16. Pass normalize.NFKC of package hash/normalize, as both do.
// With nil, passwords of other than ASCII letters may not verify.
func BetterAuth(nfkc func(string) string) []hash.Scheme {
	return append([]hash.Scheme{betterAuth(nfkc)}, plain()...)
}

func betterAuth(nfkc func(string) string) hash.Scheme {
	return &format.NodeScrypt{
		Label: "better-auth",
		N:     16384, R: 16, P: 1,
		SaltIsText: true, Form: nfkc,
	}
}
