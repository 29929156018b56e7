package format

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	stdhash "hash"
	"strings"
)

// DjangoMD5 reads Django's md5$salt$hex.
func DjangoMD5() Scheme {
	return &digestScheme{
		name: "insecure-django-md5", prefix: "md5$", new: md5.New,
	}
}

// DjangoSHA1 reads Django's sha1$salt$hex, and sha1$$hex without a salt.
func DjangoSHA1() Scheme {
	return &digestScheme{
		name: "insecure-django-sha1", prefix: "sha1$",
		new: sha1.New, unsalted: true,
	}
}

// BareMD5 reads 32 hexadecimal digits.
func BareMD5() Scheme {
	return &digestScheme{name: "insecure-bare-md5", new: md5.New}
}

// WerkzeugMD5 reads Werkzeug's md5$salt$hex, which is an HMAC.
func WerkzeugMD5() Scheme {
	return &digestScheme{
		name: "insecure-werkzeug-md5", prefix: "md5$",
		new: md5.New, keyed: true,
	}
}

// WerkzeugSHA1 reads Werkzeug's sha1$salt$hex.
func WerkzeugSHA1() Scheme {
	return &digestScheme{
		name: "insecure-werkzeug-sha1", prefix: "sha1$",
		new: sha1.New, keyed: true,
	}
}

// WerkzeugSHA256 reads Werkzeug's sha256$salt$hex.
func WerkzeugSHA256() Scheme {
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

func (s *digestScheme) Example() string {
	return s.prefix + strings.Repeat("0", 32)
}

func (s *digestScheme) Identify(encoded string) bool {
	if s.prefix == "" {
		return len(encoded) == 2*md5.Size && IsHex(encoded)
	}
	return strings.HasPrefix(encoded, s.prefix)
}

func (s *digestScheme) Parse(encoded string, _ Bounds) (Record, error) {
	salt, text := "", encoded
	if s.prefix != "" {
		var ok bool
		salt, text, ok = strings.Cut(encoded[len(s.prefix):], "$")
		if !ok || salt == "" && !s.unsalted || len(salt) > 128 {
			return Record{}, Malformed(s.name, "salt")
		}
	}

	want, ok := unhex(text)
	if !ok || len(want) != s.new().Size() {
		return Record{}, Malformed(s.name, "digest")
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
			return SameBytes(want, d.Sum(nil)), nil
		},
	}, nil
}
