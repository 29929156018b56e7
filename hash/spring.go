package hash

import (
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
)

// SpringConfig describes how a Spring Security application was set up where
// its stored strings do not say so.
//
// It prints, logs and marshals without the secret. That protection is lost in
// an unexported field of another struct, and under %p and %w, where the fmt
// package does not call methods. The schemes that are made of it hide the
// secret everywhere.
type SpringConfig struct {
	// Default is the id of the encoder given to
	// setDefaultPasswordEncoderForMatches, "pbkdf2" for example. Rows without
	// an {id} are read as its. Empty means that such rows are not Spring's.
	// Rows of "bcrypt" and "argon2" need no Default, their text says enough.
	Default string

	// PBKDF2Secret is the secret given to Pbkdf2PasswordEncoder. Empty is its
	// default.
	PBKDF2Secret string
}

// String returns a text that names Default alone.
func (c SpringConfig) String() string {
	return "hash.SpringConfig(" + c.Default + ", redacted)"
}

// Format prints what String returns, whatever the verb.
func (c SpringConfig) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, c.String())
}

// LogValue returns what String returns.
func (c SpringConfig) LogValue() slog.Value {
	return slog.StringValue(c.String())
}

// MarshalText returns what String returns, so that JSON holds no secret.
func (c SpringConfig) MarshalText() ([]byte, error) {
	return []byte(c.String()), nil
}

// SpringWith returns the schemes of an application that set the encoders of
// Spring Security up in its own way. See [Spring] for the usual one.
func SpringWith(cfg SpringConfig) []Scheme {
	s := springScheme{fallback: cfg.Default}
	if cfg.PBKDF2Secret != "" {
		s.secret = &springSecret{func() string { return cfg.PBKDF2Secret }}
	}
	return append([]Scheme{s}, standard()...)
}

// springScheme reads the strings of DelegatingPasswordEncoder, {id} and the
// encoder's own text. The ids that store a password in clear or as one bare
// digest are claimed, to be refused as unsupported.
type springScheme struct {
	fallback string // The value of SpringConfig.Default.
	secret   *springSecret
}

// springSecret is in a function for the reason given at pepper, and behind a
// pointer so that a springScheme can be compared.
type springSecret struct{ text func() string }

// season appends the secret to a salt.
func (s *springSecret) season(salt []byte) []byte {
	if s == nil {
		return salt
	}
	return append(salt, s.text()...)
}

const springV58 = "@SpringSecurity_v5_8"

func (springScheme) Name() string    { return "spring" }
func (springScheme) example() string { return "{bcrypt}$2a$10$" }

func (s springScheme) Identify(encoded string) bool {
	id, _, ok := springID(encoded)
	if !ok {
		return s.bare(encoded)
	}

	switch strings.TrimSuffix(id, springV58) {
	case "bcrypt", "pbkdf2", "scrypt", "argon2",
		"sha256", "ldap", "MD4", "MD5", "SHA-1", "SHA-256", "noop":
		return true
	}
	return false
}

// springID splits {id} from the encoder's own text.
func springID(encoded string) (id, rest string, ok bool) {
	if encoded == "" || encoded[0] != '{' {
		return "", "", false
	}
	return strings.Cut(encoded[1:], "}")
}

// bare reports whether encoded has the shape of the default encoder's text.
func (s springScheme) bare(encoded string) bool {
	switch s.fallback {
	case "pbkdf2":
		return len(encoded) == 80 && isHex(encoded)
	case "pbkdf2" + springV58:
		return len(encoded) == 96 && isHex(encoded)
	case "scrypt", "scrypt" + springV58:
		return springScryptShape(encoded)
	}
	return false
}

// springScryptShape tells $e0801$salt$key from every modular crypt string. Its
// first part is five to seven hexadecimal digits.
func springScryptShape(encoded string) bool {
	if len(encoded) < 8 || encoded[0] != '$' {
		return false
	}
	end := strings.IndexByte(encoded[1:], '$')
	return within(end, 5, 7) && isHex(encoded[1:1+end])
}

func (s springScheme) Parse(encoded string, limits Limits) (Record, error) {
	id, rest, ok := springID(encoded)
	if !ok {
		id, rest = s.fallback, encoded
	}
	name := "spring-" + strings.TrimSuffix(id, springV58)

	switch id {
	case "bcrypt":
		return bcryptRecord(name, rest, limits, nil)
	case "argon2", "argon2" + springV58:
		if !(argon2Scheme{}).Identify(rest) {
			return Record{}, malformed(name, "inner hash")
		}
		rec, err := argon2Scheme{}.Parse(rest, limits)
		rec.Scheme = "spring-" + rec.Scheme
		return rec, err
	case "scrypt", "scrypt" + springV58:
		return springScrypt(name, rest, limits)
	case "pbkdf2":
		return s.pbkdf2(name, rest, limits, prfSHA1, 8, 185_000)
	case "pbkdf2" + springV58:
		return s.pbkdf2(name, rest, limits, prfSHA256, 16, 310_000)
	}

	return Record{}, unsupported("spring", "id")
}

// pbkdf2 reads hex(salt, key). The parameters are not in the string. The id
// stands for them. The secret goes behind the salt.
func (s springScheme) pbkdf2(
	name, text string,
	limits Limits,
	f prf,
	salt, rounds int,
) (Record, error) {
	raw, ok := unhex(text)
	if !ok || len(raw) != salt+32 {
		return Record{}, malformed(name, "salt or key")
	}
	row := pbkdf2Row{
		prf: f, rounds: rounds, key: raw[salt:],
		salt: s.secret.season(raw[:salt:salt]),
	}
	return row.record(name, limits)
}

// springScrypt reads $params$salt$key, params being log2(N)<<16|r<<8|p in
// hexadecimal.
func springScrypt(name, text string, limits Limits) (Record, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 4 || parts[0] != "" || !isHex(parts[1]) {
		return Record{}, malformed(name, "parts")
	}

	params, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil || parts[1][0] == '0' {
		return Record{}, malformed(name, "parameters")
	}
	log2 := params >> 16
	if log2 > 30 {
		return Record{}, overLimit(name, "N")
	}

	row := scryptRow{
		n: 1 << log2,
		r: int(params >> 8 & 0xff),
		p: int(params & 0xff),
	}
	if row.salt, err = paddedBase64.DecodeString(parts[2]); err != nil {
		return Record{}, malformed(name, "salt")
	}
	if row.key, err = paddedBase64.DecodeString(parts[3]); err != nil {
		return Record{}, malformed(name, "key")
	}
	return row.record(name, limits)
}
