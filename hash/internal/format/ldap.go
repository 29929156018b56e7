package format

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	stdhash "hash"
	"strings"
)

// ldapScheme reads {SMD5} and {SSHA} of RFC 2307's userPassword, and the kin of
// {SSHA} with SHA-2 that OpenLDAP's pw-sha2 and Dovecot write. Each is base64
// of one digest over password and salt, and the salt behind it.
type ldapScheme struct{}

// maxLDAPSalt is twice the longest salt that a directory is known to make.
// OpenLDAP writes 8 bytes, and 4 before 2.4. passlib takes up to 16.
const maxLDAPSalt = 32

// An ldapKind is one of the schemes in braces.
type ldapKind struct {
	name string
	size int
	new  func() stdhash.Hash
}

// ldapKindOf returns what stands in braces, or a kind without a name.
func ldapKindOf(encoded string) ldapKind {
	head, _, _ := strings.Cut(encoded, "}")
	switch head {
	case "{SMD5":
		return ldapKind{"insecure-ldap-smd5", md5.Size, md5.New}
	case "{SSHA":
		return ldapKind{"insecure-ldap-ssha", sha1.Size, sha1.New}
	case "{SSHA256":
		return ldapKind{"insecure-ldap-ssha256", sha256.Size, sha256.New}
	case "{SSHA384":
		return ldapKind{"insecure-ldap-ssha384", sha512.Size384, sha512.New384}
	case "{SSHA512":
		return ldapKind{"insecure-ldap-ssha512", sha512.Size, sha512.New}
	}
	return ldapKind{}
}

func (ldapScheme) Name() string    { return "insecure-ldap" }
func (ldapScheme) Example() string { return "{SSHA}" }

func (ldapScheme) Identify(encoded string) bool {
	return ldapKindOf(encoded).name != "" && strings.Contains(encoded, "}")
}

func (ldapScheme) Parse(encoded string, _ Bounds) (Record, error) {
	kind := ldapKindOf(encoded)
	_, text, _ := strings.Cut(encoded, "}")

	raw, err := paddedBase64.DecodeString(text)
	if err != nil {
		return Record{}, Malformed(kind.name, "base64")
	}
	if len(raw) < kind.size {
		return Record{}, Malformed(kind.name, "digest")
	}
	want, salt := raw[:kind.size], raw[kind.size:]
	if !Within(len(salt), 1, maxLDAPSalt) {
		return Record{}, OutOfBounds(kind.name, "salt")
	}

	return Record{
		Scheme: kind.name,
		Params: "one digest",
		Check: func(password string) (bool, error) {
			d := kind.new()
			d.Write([]byte(password))
			d.Write(salt)
			return SameBytes(want, d.Sum(nil)), nil
		},
	}, nil
}
