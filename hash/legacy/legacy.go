// Package legacy has the formats in which other frameworks store passwords, one
// function for each, for Accept of [hash.Config]. Users then log in with the
// passwords they have, and are moved to argon2id as they do:
//
//	hasher, err := hash.New(hash.Config{Accept: legacy.Django()})
//
// Join presets with slices.Concat. To learn what a table holds, accept [All]
// and ask [hash.Hasher.Inspect].
//
// A preset goes by the text of a row alone: it cannot tell rows of two systems
// with one spelling apart. Formats named Insecure protect next to nothing.
// Accept them only while their last rows are moved.
//
// # Which preset reads what
//
//	begins with, or looks like              preset
//	$argon2id$ $argon2i$ $2a$ $2b$ $2y$     hash.Modern, and most below
//	$scrypt$ $pbkdf2$                       hash.Modern, Passlib, Flask
//	$pbkdf2-sha256$ $pbkdf2-sha512$         hash.Modern, Passlib, Flask
//	pbkdf2_sha256$ pbkdf2_sha1$ argon2$     Django
//	bcrypt_sha256$ bcrypt$ scrypt$          Django
//	scrypt: pbkdf2:                         Flask
//	$bcrypt-sha256$                         Passlib, Flask
//	$5$ $6$                                 Unix, Passlib, Flask
//	$7$                                     CryptScrypt
//	$argon2d$, Argon2 of v=16 or without    OtherArgon2
//	$P$ $H$                                 WordPress, Drupal, Passlib, Flask
//	$wp$2y$                                 WordPress
//	$S$ U$S$                                Drupal
//	{bcrypt} {argon2} {scrypt} {pbkdf2}     Spring
//	AQAAAA and more base64, 68 of base64    ASPNET
//	32 hex digits, a colon, 128 hex digits  BetterAuth or NodeScrypt
//	$2a$, with a pepper                     Devise
//	$2b$, over a SHA-256                    FlaskBcrypt
//	passlib's, over an HMAC                 FlaskSecurity
//	$1$ $apr1$                              InsecureMD5Crypt
//	{SMD5} {SSHA} {SSHA256} and so on       InsecureLDAP
//	md5$ of Django, of Werkzeug             InsecureDjangoMD5, InsecureWerkzeugMD5
//	sha1$ of Django, of Werkzeug            InsecureDjangoSHA1, InsecureWerkzeugSHA1
//	sha256$ of Werkzeug                     InsecureWerkzeugSHA256
//	32 hex digits                           InsecureBareMD5
//
// # What no preset reads
//
// Owners of these rows have to reset their passwords, unless the application
// reads them by a [hash.Scheme] of its own:
//
//   - $y$, yescrypt, in the shadow files of Debian, Fedora and others, and $gy$
//   - $sha1$ of NetBSD, and DES crypt, 13 characters without a prefix
//   - {SHA}, {MD5} and {CRYPT} of LDAP, and passwords in clear
//   - $2x$ of bcrypt
package legacy

import (
	"slices"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/hash/internal/format"
)

// All returns the formats that can be told by their text alone, BetterAuth with
// nil. Formats that look like another one ([Prehashed] and what is made by it,
// [NodeScrypt]) and those named Insecure are not in it.
func All() []hash.Scheme {
	return append(
		hash.Modern(),
		format.Django(),
		format.Werkzeug(),
		format.Passlib(),
		format.SHACrypt(),
		format.CryptScrypt(),
		format.OtherArgon2(),
		format.PHPass(),
		format.WordPress(),
		format.Drupal(),
		format.NewSpring("", ""),
		format.ASPNET(),
		betterAuth(nil),
	)
}

// plain returns what applications write that use a plain library, argon2 and
// bcrypt. It is part of most presets.
func plain() []hash.Scheme {
	return []hash.Scheme{format.Argon2(), format.Bcrypt()}
}

// Django returns the formats of django.contrib.auth.
func Django() []hash.Scheme { return []hash.Scheme{format.Django()} }

// Flask returns the formats of Werkzeug, and those of [Passlib].
func Flask() []hash.Scheme { return append(Passlib(), format.Werkzeug()) }

// Passlib returns the formats that passlib's contexts make by default.
func Passlib() []hash.Scheme {
	return append(
		hash.Modern(),
		format.Passlib(),
		format.SHACrypt(),
		format.PHPass(),
		format.Django(),
	)
}

// Rails returns the formats of has_secure_password, and of Devise without a
// pepper.
func Rails() []hash.Scheme { return plain() }

// Laravel returns the formats of Laravel and of PHP's password_hash.
func Laravel() []hash.Scheme { return plain() }

// Node returns the formats of the npm packages bcrypt, bcryptjs and argon2.
func Node() []hash.Scheme { return plain() }

// WordPress returns the formats of WordPress, before and since 6.8.
func WordPress() []hash.Scheme {
	return append(plain(), format.WordPress(), format.PHPass())
}

// Drupal returns the formats of Drupal 7 and later, also of the rows that
// Drupal 7 took over from phpBB and Drupal 6. For Drupal 6 itself, see
// [InsecureBareMD5].
func Drupal() []hash.Scheme {
	return append(plain(), format.Drupal(), format.PHPass())
}

// ASPNET returns the formats of ASP.NET Core Identity, version 2 and 3.
func ASPNET() []hash.Scheme { return []hash.Scheme{format.ASPNET()} }

// Unix returns sha256-crypt, sha512-crypt and bcrypt of shadow files, not their
// yescrypt.
func Unix() []hash.Scheme {
	return []hash.Scheme{format.SHACrypt(), format.Bcrypt()}
}

// OtherArgon2 returns argon2d, and version 16 of all variants, which is also
// what a string without a version means. [hash.Modern] has argon2id and
// argon2i.
//
// This module computes these itself, without assembly, at about twice the cost
// of argon2id (measured by BenchmarkOtherArgon2).
func OtherArgon2() []hash.Scheme {
	return []hash.Scheme{format.OtherArgon2()}
}

// CryptScrypt returns $7$, scrypt by crypt(3) of libxcrypt and by older
// libsodium. libsodium's "sensitive" rows ask for 1 GiB, above the default
// hash.Bounds.
func CryptScrypt() []hash.Scheme {
	return []hash.Scheme{format.CryptScrypt()}
}

// With returns schemes with own in front, and without those that claim the same
// strings or have the same name. With(All(), Devise(pepper)...) reads bcrypt as
// Devise made it and everything else as before.
func With(schemes []hash.Scheme, own ...hash.Scheme) []hash.Scheme {
	var claimed format.Schemes
	for _, s := range own {
		claimed = append(claimed, s)
	}

	out := slices.Clone(own)
	for _, s := range schemes {
		// Add goes to a copy, because only own may push others out.
		if fits := slices.Clone(claimed); fits.Add(s) == nil {
			out = append(out, s)
		}
	}
	return out
}
