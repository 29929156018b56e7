// Package legacy has the formats in which other frameworks store passwords, one
// function for each. What it returns goes into Accept of hash.Config. The users
// of such a framework then log in with the passwords they have and are moved to
// argon2id as they do:
//
//	hasher, err := hash.New(hash.Config{Accept: legacy.Django()})
//
// Join presets with slices.Concat. What the Hasher itself makes is accepted
// without being named. A framework that goes on using the table needs its form
// in Params of hash.Config, hash.Django for example. To learn what a table
// holds, accept [All] and ask Inspect of hash.Hasher.
//
// A preset reads the text of a row. It does not tell rows of two systems with
// one spelling apart, and changes nothing about the passwords: a bcrypt row
// cuts them at 72 bytes here as it did there.
//
// # Which preset reads what
//
//	begins with, or looks like              preset
//	$argon2id$ $argon2i$ $2a$ $2b$ $2y$     hash.Modern, and most below
//	$scrypt$ $pbkdf2$ $pbkdf2-sha256$       hash.Modern, Passlib, Flask
//	$pbkdf2-sha512$                         hash.Modern, Passlib, Flask
//	pbkdf2_sha256$ pbkdf2_sha1$ argon2$     Django
//	bcrypt_sha256$ bcrypt$ scrypt$          Django
//	scrypt: pbkdf2:                         Flask
//	$bcrypt-sha256$                         Passlib, Flask
//	$5$ $6$                                 Unix, Passlib, Flask
//	$7$                                     CryptScrypt
//	$argon2d$, and Argon2 with v=16         Argon2
//	or without a version
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
//	{SSHA} {SMD5} {SSHA256} {SSHA384}       InsecureLDAP
//	{SSHA512}                               InsecureLDAP
//	md5$ of Django                          InsecureDjangoMD5
//	sha1$ of Django                         InsecureDjangoSHA1
//	md5$ of Werkzeug                        InsecureWerkzeugMD5
//	sha1$ of Werkzeug                       InsecureWerkzeugSHA1
//	sha256$ of Werkzeug                     InsecureWerkzeugSHA256
//	32 hex digits                           InsecureBareMD5
//
// # What no preset reads
//
// Owners of rows in these formats cannot log in, and Inspect finds them. Keep
// the old check beside this package for them, write a hash.Scheme, or let them
// reset their passwords.
//
//   - $y$, yescrypt, which Debian, Fedora and others have in their shadow files
//     today, and $gy$, yescrypt with GOST
//   - $sha1$, NetBSD's, and DES crypt, 13 characters without a prefix
//   - {SHA}, {MD5} and {CRYPT} of LDAP, and passwords in clear
//   - bcrypt's $2x$
package legacy

import (
	"slices"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/hash/internal/format"
)

// All returns every scheme that can be told from its text alone, BetterAuth
// with nil. Formats that look like another one ([Prehashed] and what is made by
// it, [NodeScrypt]) or protect next to nothing (the functions named Insecure)
// are not in it.
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

// Drupal returns the formats of Drupal 7 and later, with those of rows that
// Drupal 7 took over from phpBB, and from Drupal 6 when a site was updated. A
// bare MD5 of Drupal 6 itself is [InsecureBareMD5].
func Drupal() []hash.Scheme {
	return append(plain(), format.Drupal(), format.PHPass())
}

// ASPNET returns the formats of ASP.NET Core Identity, version 2 and 3.
func ASPNET() []hash.Scheme { return []hash.Scheme{format.ASPNET()} }

// Unix returns sha256-crypt, sha512-crypt and bcrypt of shadow files. yescrypt
// is not among them.
func Unix() []hash.Scheme {
	return []hash.Scheme{format.SHACrypt(), format.Bcrypt()}
}

// Argon2 returns argon2d, and version 16 of all variants of Argon2, which also
// is what a string without a version means. hash.Modern has the others.
//
// golang.org/x/crypto computes neither. This module does, in the goroutine of
// the caller and without assembly, at about twice the cost of argon2id
// (measured by BenchmarkOtherArgon2).
func Argon2() []hash.Scheme { return []hash.Scheme{format.OtherArgon2()} }

// CryptScrypt returns the format $7$, scrypt as crypt(3) of libxcrypt and older
// libsodium write it. libsodium's "sensitive" rows ask for 1 GiB and are out of
// bounds unless hash.Bounds are raised.
func CryptScrypt() []hash.Scheme {
	return []hash.Scheme{format.CryptScrypt()}
}

// With returns schemes with own in front, and without those that would claim
// the same strings or bear the same name. With(All(), Devise(pepper)...) reads
// bcrypt as Devise made it and everything else as before.
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
