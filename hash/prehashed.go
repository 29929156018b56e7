package hash

import (
	"crypto/hmac"
	"crypto/sha512"
)

// Prehashed returns schemes that read the same strings as the given ones, made
// from what shape turns the password into. It is for a framework that adds a
// pepper, or digests the password before bcrypt. Nothing in such a row tells
// so, which is why one Hasher accepts a format either prehashed or plain, never
// both.
//
// The new schemes are named name, '-' and the old name. shape must be safe for
// concurrent use. What it returns is cut nowhere but in bcrypt, at 72 bytes.
func Prehashed(
	name string,
	shape func(password string) string,
	schemes ...Scheme,
) []Scheme {
	wrapped := make([]Scheme, len(schemes))
	for i, s := range schemes {
		wrapped[i] = &prehashed{
			name: name + "-" + s.Name(), inner: s, shape: shape,
		}
	}
	return wrapped
}

// A prehashed passes the shaped password on to inner.
type prehashed struct {
	name  string
	inner Scheme
	shape func(string) string
}

func (p *prehashed) Name() string { return p.name }

func (p *prehashed) Identify(encoded string) bool {
	return p.inner.Identify(encoded)
}

func (p *prehashed) example() string {
	if ex, ok := p.inner.(exampler); ok {
		return ex.example()
	}
	return ""
}

func (p *prehashed) Parse(encoded string, limits Limits) (Record, error) {
	rec, err := p.inner.Parse(encoded, limits)
	if err != nil {
		return Record{}, err
	}
	rec.Scheme = p.name
	return shaped(rec, p.shape), nil
}

// shaped puts shape before rec's check. The cap on the password's length then
// is about what shape returns.
func shaped(rec Record, shape func(string) string) Record {
	check, limit := rec.Check, rec.MaxPassword
	rec.MaxPassword = 0
	rec.Check = func(password string) (bool, error) {
		password = shape(password)
		if len(password) > maxNormalizedBytes ||
			limit > 0 && len(password) > limit {
			return false, nil
		}
		return check(password)
	}
	return rec
}

// Devise returns the schemes of a Rails application whose Devise has
// config.pepper set. The rows are bcrypt over the password with the pepper
// behind it. Without a pepper they are plain bcrypt, see [Rails].
func Devise(pepper string) []Scheme {
	return Prehashed("devise", func(password string) string {
		return password + pepper
	}, bcryptScheme{})
}

// FlaskBcrypt returns the schemes of an application with Flask-Bcrypt and
// BCRYPT_HANDLE_LONG_PASSWORDS on, bcrypt over the SHA-256 of the password.
func FlaskBcrypt() []Scheme {
	return append(
		Prehashed("flask", hexSHA256, bcryptScheme{}),
		werkzeugScheme{},
		argon2Scheme{},
	)
}

// FlaskSecurity returns the schemes of an application with Flask-Security,
// passlib's formats over an HMAC of the password. salt is the value of
// SECURITY_PASSWORD_SALT. nfkd is what SECURITY_PASSWORD_NORMALIZE_FORM names,
// NFKD by default, normalize.NFKD of package hash/normalize. Nil passes the
// password as received, which is the same for ASCII.
//
// Its argon2 rows look like plain argon2id. With Params of [Argon2id], New asks
// for Config.Peppers, by which new rows are told from old ones.
func FlaskSecurity(salt string, nfkd func(string) string) []Scheme {
	return Prehashed("flask-security", func(password string) string {
		if nfkd != nil {
			password = nfkd(password)
		}

		mac := hmac.New(sha512.New, []byte(salt))
		mac.Write([]byte(password))
		return paddedBase64.EncodeToString(mac.Sum(nil))
	},
		argon2Scheme{},
		bcryptScheme{},
		pbkdf2Scheme{},
		scryptScheme{},
		shaCryptScheme{},
	)
}
