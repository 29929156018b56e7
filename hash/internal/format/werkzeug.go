package format

import "strings"

// werkzeugScheme reads what werkzeug.security.generate_password_hash writes,
// scrypt:N:r:p$salt$hex and pbkdf2:digest:rounds$salt$hex. The salt is used as
// the text it is.
type werkzeugScheme struct{}

func (werkzeugScheme) Name() string    { return "werkzeug" }
func (werkzeugScheme) Example() string { return "scrypt:32768:8:1$" }

func (werkzeugScheme) Identify(encoded string) bool {
	return strings.HasPrefix(encoded, "scrypt:") ||
		strings.HasPrefix(encoded, "pbkdf2:")
}

func (werkzeugScheme) Parse(encoded string, bounds Bounds) (Record, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 3 {
		return Record{}, Malformed("werkzeug", "parts")
	}

	method, salt := strings.Split(parts[0], ":"), []byte(parts[1])
	key, ok := unhex(parts[2])
	if !ok {
		return Record{}, Malformed("werkzeug", "key")
	}
	if method[0] == "scrypt" {
		return werkzeugScrypt(method, salt, key, bounds)
	}
	return werkzeugPBKDF2(method, salt, key, bounds)
}

// werkzeugScrypt reads a row whose method is scrypt:N:r:p.
func werkzeugScrypt(
	method []string,
	salt, key []byte,
	bounds Bounds,
) (Record, error) {
	const name = "werkzeug-scrypt"
	if len(method) != 4 {
		return Record{}, Malformed(name, "method")
	}
	n, okN := number(method[1])
	r, okR := number(method[2])
	p, okP := number(method[3])
	if !okN || !okR || !okP {
		return Record{}, Malformed(name, "N, r or p")
	}

	return scryptRow{
		n: n, r: r, p: p, salt: salt, key: key,
	}.record(name, bounds)
}

// werkzeugPBKDF2 reads a row whose method is pbkdf2:digest:rounds.
func werkzeugPBKDF2(
	method []string,
	salt, key []byte,
	bounds Bounds,
) (Record, error) {
	name := "werkzeug-pbkdf2"
	if len(method) < 2 {
		return Record{}, Malformed(name, "method")
	}

	digest := method[1]
	var f prf
	switch digest {
	case "sha1":
		f = prfSHA1
	case "sha256":
		f = prfSHA256
	case "sha512":
		f = prfSHA512
	default:
		return Record{}, Unsupported(name, "digest")
	}
	name += "-" + digest

	// Werkzeug before 0.9 left the rounds out and meant its default of the day.
	if len(method) == 2 {
		return Record{}, Unsupported(name, "rounds")
	}
	if len(method) != 3 {
		return Record{}, Malformed(name, "method")
	}
	rounds, ok := number(method[2])
	if !ok {
		return Record{}, Malformed(name, "rounds")
	}

	return PBKDF2Row{
		prf: f, Rounds: rounds, Salt: salt, Key: key,
	}.record(name, bounds)
}
