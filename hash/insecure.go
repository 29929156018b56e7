package hash

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	stdhash "hash"
	"strings"
)

// The schemes here store one fast digest of the password. Whoever steals such
// rows reads most passwords within hours, so they are named one by one, and
// should be accepted only while the last of them are being moved.

// InsecureDjangoMD5 returns a scheme for Django's md5$salt$hex.
func InsecureDjangoMD5() Scheme {
	return &digestScheme{
		name: "insecure-django-md5", prefix: "md5$", new: md5.New,
	}
}

// InsecureDjangoSHA1 returns a scheme for Django's sha1$salt$hex, and for
// sha1$$hex of its unsalted variant.
func InsecureDjangoSHA1() Scheme {
	return &digestScheme{
		name: "insecure-django-sha1", prefix: "sha1$",
		new: sha1.New, unsalted: true,
	}
}

// InsecureBareMD5 returns a scheme for 32 hexadecimal digits, the MD5 of the
// password, as Django's unsalted_md5 and much PHP code store it.
func InsecureBareMD5() Scheme {
	return &digestScheme{name: "insecure-bare-md5", new: md5.New}
}

// InsecureWerkzeugMD5 returns a scheme for Werkzeug's md5$salt$hex, which is an
// HMAC and not what Django writes under the same prefix.
func InsecureWerkzeugMD5() Scheme {
	return &digestScheme{
		name: "insecure-werkzeug-md5", prefix: "md5$",
		new: md5.New, keyed: true,
	}
}

// InsecureWerkzeugSHA1 returns a scheme for Werkzeug's sha1$salt$hex.
func InsecureWerkzeugSHA1() Scheme {
	return &digestScheme{
		name: "insecure-werkzeug-sha1", prefix: "sha1$",
		new: sha1.New, keyed: true,
	}
}

// InsecureWerkzeugSHA256 returns a scheme for Werkzeug's sha256$salt$hex.
func InsecureWerkzeugSHA256() Scheme {
	return &digestScheme{
		name: "insecure-werkzeug-sha256", prefix: "sha256$",
		new: sha256.New, keyed: true,
	}
}

// digestScheme reads prefix salt '$' hex, the digest being of salt and
// password, or an HMAC keyed with the salt. Without a prefix there is no salt.
type digestScheme struct {
	name, prefix string
	new          func() stdhash.Hash
	keyed        bool
	unsalted     bool // An empty salt is allowed.
}

func (s *digestScheme) Name() string { return s.name }

func (s *digestScheme) example() string {
	return s.prefix + strings.Repeat("0", 32)
}

func (s *digestScheme) Identify(encoded string) bool {
	if s.prefix == "" {
		return len(encoded) == 2*md5.Size && isHex(encoded)
	}
	return strings.HasPrefix(encoded, s.prefix)
}

func (s *digestScheme) Parse(encoded string, _ Limits) (Record, error) {
	salt, text := "", encoded
	if s.prefix != "" {
		var ok bool
		salt, text, ok = strings.Cut(encoded[len(s.prefix):], "$")
		if !ok || salt == "" && !s.unsalted || len(salt) > 128 {
			return Record{}, malformed(s.name, "salt")
		}
	}

	want, ok := unhex(text)
	if !ok || len(want) != s.new().Size() {
		return Record{}, malformed(s.name, "digest")
	}

	return Record{
		Scheme: s.name,
		Params: "one digest",
		Check: func(password string) (bool, error) {
			d := s.new()
			if s.keyed {
				d = hmac.New(s.new, []byte(salt))
			} else {
				d.Write([]byte(salt))
			}
			d.Write([]byte(password))
			return sameBytes(want, d.Sum(nil)), nil
		},
	}, nil
}
