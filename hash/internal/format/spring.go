package format

import (
	"strconv"
	"strings"
)

// springScheme reads the strings of DelegatingPasswordEncoder, {id} and the
// encoder's own text. The ids that store a password in clear or as one bare
// digest are claimed, to be refused as unsupported.
type springScheme struct {
	fallback string // The id of rows without one.
	secret   *springSecret
	makes    string // The id of new rows, if a Hasher makes any.
}

// NewSpring returns the scheme of an application whose rows without an {id} are
// of the encoder fallback, and whose Pbkdf2PasswordEncoder has secret.
func NewSpring(fallback, secret string) Scheme {
	s := springScheme{fallback: fallback}
	if secret != "" {
		s.secret = &springSecret{func() string { return secret }}
	}
	return s
}

// SpringOf returns the scheme of a Hasher that itself makes rows of this id,
// without a secret.
func SpringOf(id string) Scheme { return springScheme{makes: id} }

// covers reports whether other only makes rows that s reads too. The secret
// goes into PBKDF2 alone.
func (s springScheme) covers(other Scheme) bool {
	o, ok := other.(springScheme)
	return ok && o.makes != "" &&
		(s.secret == nil || !strings.HasPrefix(o.makes, "pbkdf2"))
}

// springSecret is in a function because no printer can look into one, and
// behind a pointer so that a springScheme can be compared.
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
func (springScheme) Example() string { return "{bcrypt}$2a$10$" }

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
		return len(encoded) == 80 && IsHex(encoded)
	case "pbkdf2" + springV58:
		return len(encoded) == 96 && IsHex(encoded)
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
	return Within(end, 5, 7) && IsHex(encoded[1:1+end])
}

func (s springScheme) Parse(encoded string, bounds Bounds) (Record, error) {
	id, rest, ok := springID(encoded)
	if !ok {
		id, rest = s.fallback, encoded
	}
	name := "spring-" + strings.TrimSuffix(id, springV58)

	switch id {
	case "bcrypt":
		return bcryptRecord(name, rest, bounds, nil)
	case "argon2", "argon2" + springV58:
		if !(argon2Scheme{}).Identify(rest) {
			return Record{}, Malformed(name, "inner hash")
		}
		rec, err := argon2Scheme{}.Parse(rest, bounds)
		rec.Scheme = "spring-" + rec.Scheme
		return rec, err
	case "scrypt", "scrypt" + springV58:
		return springScrypt(name, rest, bounds)
	case "pbkdf2":
		return s.pbkdf2(name, rest, bounds, prfSHA1, 8, 185_000)
	case "pbkdf2" + springV58:
		return s.pbkdf2(name, rest, bounds, prfSHA256, 16, 310_000)
	}

	return Record{}, Unsupported("spring", "id")
}

// pbkdf2 reads hex(salt, key). The parameters are not in the string. The id
// stands for them. The secret goes behind the salt.
func (s springScheme) pbkdf2(
	name, text string,
	bounds Bounds,
	f prf,
	salt, rounds int,
) (Record, error) {
	raw, ok := unhex(text)
	if !ok || len(raw) != salt+32 {
		return Record{}, Malformed(name, "salt or key")
	}
	row := PBKDF2Row{
		prf: f, Rounds: rounds, Key: raw[salt:],
		Salt: s.secret.season(raw[:salt:salt]),
	}
	return row.record(name, bounds)
}

// springScrypt reads $params$salt$key, params being log2(N)<<16|r<<8|p in
// hexadecimal.
func springScrypt(name, text string, bounds Bounds) (Record, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 4 || parts[0] != "" || !IsHex(parts[1]) {
		return Record{}, Malformed(name, "parts")
	}

	params, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil || parts[1][0] == '0' {
		return Record{}, Malformed(name, "parameters")
	}
	log2 := params >> 16
	if log2 > 30 {
		return Record{}, OutOfBounds(name, "N")
	}

	row := scryptRow{
		n: 1 << log2,
		r: int(params >> 8 & 0xff),
		p: int(params & 0xff),
	}
	if row.salt, err = paddedBase64.DecodeString(parts[2]); err != nil {
		return Record{}, Malformed(name, "salt")
	}
	if row.key, err = paddedBase64.DecodeString(parts[3]); err != nil {
		return Record{}, Malformed(name, "key")
	}
	return row.record(name, bounds)
}
