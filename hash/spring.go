package hash

import (
	"strconv"
	"strings"
)

// SpringConfig describes how a Spring Security application was set up where
// its stored strings do not say so.
type SpringConfig struct {
	// Default is the id of the encoder given to
	// setDefaultPasswordEncoderForMatches, "pbkdf2" for example: rows without
	// an {id} are read as its. Empty means that such rows are not Spring's.
	// Rows of "bcrypt" and "argon2" need no Default, their text says enough.
	Default string
	// PBKDF2Secret is the secret given to Pbkdf2PasswordEncoder. Empty is its
	// default.
	PBKDF2Secret string
}

// SpringWith returns the schemes of an application that set the encoders of
// Spring Security up in its own way; see [Spring] for the usual one.
func SpringWith(cfg SpringConfig) []Scheme {
	return append([]Scheme{springScheme{cfg}}, standard()...)
}

// springScheme reads the strings of DelegatingPasswordEncoder: {id} and the
// encoder's own text. The ids that store a password in clear or as one bare
// digest are claimed, to be refused as unsupported.
type springScheme struct{ cfg SpringConfig }

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

func springID(encoded string) (id, rest string, ok bool) {
	if encoded == "" || encoded[0] != '{' {
		return "", "", false
	}
	return strings.Cut(encoded[1:], "}")
}

// bare reports whether encoded has the shape of the default encoder's text.
func (s springScheme) bare(encoded string) bool {
	switch s.cfg.Default {
	case "pbkdf2":
		return len(encoded) == 80 && isHex(encoded)
	case "pbkdf2" + springV58:
		return len(encoded) == 96 && isHex(encoded)
	case "scrypt", "scrypt" + springV58:
		return springScryptShape(encoded)
	}
	return false
}

// springScryptShape tells $e0801$salt$key from every modular crypt string: its
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
		id, rest = s.cfg.Default, encoded
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

// pbkdf2 reads hex(salt, key). The parameters are not in the string: the id
// stands for them. The secret goes behind the salt.
func (s springScheme) pbkdf2(name, text string, limits Limits, f prf, salt, rounds int) (Record, error) {
	raw, ok := unhex(text)
	if !ok || len(raw) != salt+32 {
		return Record{}, malformed(name, "salt or key")
	}
	row := pbkdf2Row{
		prf: f, rounds: rounds, key: raw[salt:],
		salt: append(raw[:salt:salt], s.cfg.PBKDF2Secret...),
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
	row := scryptRow{n: 1 << log2, r: int(params >> 8 & 0xff), p: int(params & 0xff)}
	if row.salt, err = paddedBase64.DecodeString(parts[2]); err != nil {
		return Record{}, malformed(name, "salt")
	}
	if row.key, err = paddedBase64.DecodeString(parts[3]); err != nil {
		return Record{}, malformed(name, "key")
	}
	return row.record(name, limits)
}
