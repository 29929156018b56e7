package hash

import "strings"

// errUnread returns ErrUnknownFormat, with the name of the format where it is
// a well known one that no scheme of this package reads.
func errUnread(encoded string) error {
	for _, format := range [...]struct{ prefix, name string }{
		{"$1$", "md5-crypt"},
		{"$apr1$", "apr1"},
		{"$7$", "scrypt-crypt"},
		{"$y$", "yescrypt"},
		{"$gy$", "gost-yescrypt"},
		{"$sha1$", "sha1-crypt"},
		{"$S$", "drupal"},
		{"U$S$", "drupal"},
		{"{SMD5}", "ldap-smd5"},
		{"{SSHA}", "ldap-ssha"},
		{"{SSHA256}", "ldap-ssha256"},
		{"{SSHA384}", "ldap-ssha384"},
		{"{SSHA512}", "ldap-ssha512"},
	} {
		if strings.HasPrefix(encoded, format.prefix) {
			return &FormatError{
				Scheme: format.name, Field: "format", Err: ErrUnknownFormat,
			}
		}
	}

	return ErrUnknownFormat
}
