package format

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// djangoScheme reads what django.contrib.auth.hashers writes: PBKDF2, argon2,
// bcrypt, bcrypt over SHA-256, and scrypt. Its unusable passwords, "!" and
// random text, are understood by every Hasher.
type djangoScheme struct{}

func (djangoScheme) Name() string    { return "django" }
func (djangoScheme) Example() string { return "pbkdf2_sha256$1000000$" }

func (djangoScheme) Identify(encoded string) bool {
	return djangoKind(encoded) != ""
}

// djangoKind returns the algorithm's name, which ends at the first '$'.
func djangoKind(encoded string) string {
	for _, kind := range [...]string{
		"pbkdf2_sha256", "pbkdf2_sha1", "argon2",
		"bcrypt_sha256", "bcrypt", "scrypt",
	} {
		if len(encoded) > len(kind) &&
			encoded[len(kind)] == '$' && encoded[:len(kind)] == kind {
			return kind
		}
	}
	return ""
}

func (djangoScheme) Parse(encoded string, bounds Bounds) (Record, error) {
	kind := djangoKind(encoded)
	rest := encoded[len(kind)+1:]
	name := "django-" + strings.ReplaceAll(kind, "_", "-")

	switch kind {
	case "argon2":
		// Only the "argon2" is Django's. The '$' belongs to the PHC string.
		rec, err := argon2Scheme{}.Parse("$"+rest, bounds)
		rec.Scheme = "django-" + rec.Scheme
		return rec, err
	case "bcrypt":
		return bcryptRecord(name, rest, bounds, nil)
	case "bcrypt_sha256":
		return bcryptRecord(name, rest, bounds, HexSHA256)
	case "scrypt":
		return djangoScrypt(name, rest, bounds)
	case "pbkdf2_sha1":
		return djangoPBKDF2(name, rest, bounds, prfSHA1)
	default:
		return djangoPBKDF2(name, rest, bounds, prfSHA256)
	}
}

func djangoPBKDF2(name, rest string, bounds Bounds, f prf) (Record, error) {
	parts := strings.Split(rest, "$")
	if len(parts) != 3 {
		return Record{}, Malformed(name, "parts")
	}
	rounds, ok := number(parts[0])
	if !ok {
		return Record{}, Malformed(name, "rounds")
	}
	key, err := paddedBase64.DecodeString(parts[2])
	if err != nil {
		return Record{}, Malformed(name, "key")
	}

	row := PBKDF2Row{prf: f, Rounds: rounds, Salt: []byte(parts[1]), Key: key}
	return row.record(name, bounds)
}

// djangoScrypt reads N$salt$r$p$key. The salt is used as the text it is.
func djangoScrypt(name, rest string, bounds Bounds) (Record, error) {
	parts := strings.Split(rest, "$")
	if len(parts) != 5 {
		return Record{}, Malformed(name, "parts")
	}
	n, okN := number(parts[0])
	r, okR := number(parts[2])
	p, okP := number(parts[3])
	if !okN || !okR || !okP {
		return Record{}, Malformed(name, "N, r or p")
	}
	key, err := paddedBase64.DecodeString(parts[4])
	if err != nil {
		return Record{}, Malformed(name, "key")
	}

	return scryptRow{
		n: n, r: r, p: p, salt: []byte(parts[1]), key: key,
	}.record(name, bounds)
}

// HexSHA256 is what Django and Flask-Bcrypt give bcrypt in place of the
// password, to get past its 72 bytes.
func HexSHA256(password string) string {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:])
}
