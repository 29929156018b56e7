package legacy

import (
	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/hash/internal/format"
)

// The schemes here store one fast digest of the password, or a thousand.
// Whoever steals such rows reads most passwords within hours, so they are named
// one by one, and should be accepted only while the last of them are moved.

// InsecureMD5Crypt returns $1$ of crypt(3) and $apr1$ of Apache's htpasswd.
func InsecureMD5Crypt() []hash.Scheme {
	return []hash.Scheme{format.MD5Crypt()}
}

// InsecureLDAP returns {SMD5}, {SSHA}, {SSHA256}, {SSHA384} and {SSHA512} of
// LDAP directories, in capitals.
func InsecureLDAP() []hash.Scheme { return []hash.Scheme{format.LDAP()} }

// InsecureDjangoMD5 returns Django's md5$salt$hex.
func InsecureDjangoMD5() []hash.Scheme {
	return []hash.Scheme{format.DjangoMD5()}
}

// InsecureDjangoSHA1 returns Django's sha1$salt$hex, and its unsalted
// sha1$$hex.
func InsecureDjangoSHA1() []hash.Scheme {
	return []hash.Scheme{format.DjangoSHA1()}
}

// InsecureBareMD5 returns 32 hexadecimal digits, the MD5 of the password, as
// Drupal 6, Django's unsalted_md5 and much PHP code store it.
func InsecureBareMD5() []hash.Scheme {
	return []hash.Scheme{format.BareMD5()}
}

// InsecureWerkzeugMD5 returns Werkzeug's md5$salt$hex, which is an HMAC, unlike
// Django's.
func InsecureWerkzeugMD5() []hash.Scheme {
	return []hash.Scheme{format.WerkzeugMD5()}
}

// InsecureWerkzeugSHA1 returns Werkzeug's sha1$salt$hex.
func InsecureWerkzeugSHA1() []hash.Scheme {
	return []hash.Scheme{format.WerkzeugSHA1()}
}

// InsecureWerkzeugSHA256 returns Werkzeug's sha256$salt$hex.
func InsecureWerkzeugSHA256() []hash.Scheme {
	return []hash.Scheme{format.WerkzeugSHA256()}
}
