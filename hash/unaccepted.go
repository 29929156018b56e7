package hash

import (
	"strings"

	"github.com/lostkey-go/lostkey/hash/internal/format"
)

// A known format is told by one of its prefixes. Preset is what reads it, or
// empty where nothing does. Prefixes alone stand here, so that a program links
// the readers of a framework's rows only when it names their preset.
type known struct {
	name, preset string
	prefixes     []string
}

// knownFormats lists them. No prefix begins with another.
func knownFormats() []known {
	const (
		modern      = "hash.Modern()"
		flask       = "legacy.Flask()"
		werkzeugOld = " or legacy.InsecureWerkzeug"
	)

	return []known{
		{"argon2", modern, []string{"$argon2id$", "$argon2i$"}},
		{"bcrypt", modern, []string{"$2a$", "$2b$", "$2y$"}},
		{"scrypt", modern, []string{"$scrypt$"}},
		{"pbkdf2", modern, []string{
			"$pbkdf2$", "$pbkdf2-sha256$", "$pbkdf2-sha512$",
		}},

		{"pbkdf2_sha256", "legacy.Django()", []string{"pbkdf2_sha256$"}},
		{"pbkdf2_sha1", "legacy.Django()", []string{"pbkdf2_sha1$"}},
		{"bcrypt_sha256", "legacy.Django()", []string{"bcrypt_sha256$"}},
		{"Django's argon2", "legacy.Django()", []string{"argon2$"}},
		{"Django's bcrypt", "legacy.Django()", []string{"bcrypt$"}},
		{"Django's scrypt", "legacy.Django()", []string{"scrypt$"}},
		{"Werkzeug's scrypt", flask, []string{"scrypt:"}},
		{"Werkzeug's pbkdf2", flask, []string{"pbkdf2:"}},
		{"bcrypt-sha256", "legacy.Passlib()", []string{"$bcrypt-sha256$"}},
		{"sha-crypt", "legacy.Unix()", []string{"$5$", "$6$"}},
		{"scrypt-crypt", "legacy.CryptScrypt()", []string{"$7$"}},
		{"phpass", "legacy.WordPress()", []string{"$P$", "$H$"}},
		{"wordpress", "legacy.WordPress()", []string{"$wp$"}},
		{"drupal", "legacy.Drupal()", []string{"$S$", "U$S$"}},
		{"spring", "legacy.Spring()", []string{
			"{bcrypt}", "{pbkdf2}", "{pbkdf2@", "{scrypt}", "{scrypt@",
			"{argon2}", "{argon2@",
		}},

		{"md5-crypt", "legacy.InsecureMD5Crypt()", []string{"$1$"}},
		{"apr1", "legacy.InsecureMD5Crypt()", []string{"$apr1$"}},
		{"ldap-smd5", "legacy.InsecureLDAP()", []string{"{SMD5}"}},
		{"ldap-ssha", "legacy.InsecureLDAP()", []string{"{SSHA}"}},
		{"ldap-ssha256", "legacy.InsecureLDAP()", []string{"{SSHA256}"}},
		{"ldap-ssha384", "legacy.InsecureLDAP()", []string{"{SSHA384}"}},
		{"ldap-ssha512", "legacy.InsecureLDAP()", []string{"{SSHA512}"}},
		{
			"md5$", "legacy.InsecureDjangoMD5()" + werkzeugOld + "MD5()",
			[]string{"md5$"},
		},
		{
			"sha1$", "legacy.InsecureDjangoSHA1()" + werkzeugOld + "SHA1()",
			[]string{"sha1$"},
		},
		{"sha256$", "legacy.InsecureWerkzeugSHA256()", []string{"sha256$"}},

		{"yescrypt", "", []string{"$y$"}},
		{"gost-yescrypt", "", []string{"$gy$"}},
		{"sha1-crypt", "", []string{"$sha1$"}},
	}
}

// errUnaccepted returns ErrUnknownFormat for what no accepted scheme claims,
// with the names of the format and of its preset where they are known.
func errUnaccepted(encoded string) error {
	if format.IsOtherArgon2(encoded) {
		return unaccepted("argon2-other", "legacy.OtherArgon2()")
	}

	for _, f := range knownFormats() {
		for _, prefix := range f.prefixes {
			if strings.HasPrefix(encoded, prefix) {
				return unaccepted(f.name, f.preset)
			}
		}
	}

	// These have no prefix, only a shape.
	switch {
	case format.IsASPNET(encoded):
		return unaccepted("aspnet", "legacy.ASPNET()")
	case format.IsNodeScrypt(encoded):
		return unaccepted(
			"salt:key in hexadecimal", "legacy.BetterAuth or legacy.NodeScrypt",
		)
	case len(encoded) == 32 && format.IsHex(encoded):
		return unaccepted("bare-md5", "legacy.InsecureBareMD5()")
	}

	return ErrUnknownFormat
}

func unaccepted(name, preset string) error {
	return &FormatError{
		Scheme: name, Field: "format", Preset: preset, Err: ErrUnknownFormat,
	}
}
