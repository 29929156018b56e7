package hash_test

import (
	"encoding/base64"
	"strings"
)

// malformedRows have the mark of a format and a broken rest.
var malformedRows = map[string]string{
	"argon2 without passes":              argon("m=64,t=0,p=1"),
	"argon2 without threads":             argon("m=64,t=1,p=0"),
	"argon2 of less than 8 KiB a thread": argon("m=15,t=1,p=2"),
	"argon2 with m twice":                argon("m=64,t=1,p=1,m=65"),
	"argon2 without p":                   argon("m=64,t=1"),
	"argon2 with an unknown parameter":   argon("m=64,t=1,p=1,q=1"),
	"argon2 with a sign":                 argon("m=+64,t=1,p=1"),
	"argon2 with a leading zero":         argon("m=064,t=1,p=1"),
	"argon2 in hexadecimal":              argon("m=0x40,t=1,p=1"),
	"argon2 with trailing text":          argon("m=64,t=1,p=1xyz"),
	"argon2 with an empty value":         argon("m=,t=1,p=1"),
	"argon2 with an empty parameter":     argon("m=64,t=1,p=1,"),
	"argon2 of 2^32 KiB":                 argon("m=4294967296,t=1,p=1"),
	"argon2 of 2^64+64 KiB": argon(
		"m=18446744073709551680,t=1,p=1",
	),
	"argon2 with a blank in its version": strings.Replace(
		argon("m=64,t=1,p=1"), "v=19", "v=19 ", 1,
	),
	"argon2 of a bare 19": strings.Replace(
		argon("m=64,t=1,p=1"), "v=19", "19", 1,
	),
	"argon2 without a tag":     "$argon2id$v=19$m=64,t=1,p=1$" + salt16,
	"argon2 with a third part": argon("m=64,t=1,p=1") + "$" + tag32,
	"argon2 with padding":      argon("m=64,t=1,p=1") + "=",
	"argon2 with a line break": argon("m=64,t=1,p=1") + "\n",
	"argon2 with a line break inside": strings.Replace(
		argon("m=64,t=1,p=1"), "iqbH", "iq\r\nbH", 1,
	),
	"argon2 with bits that encode naught": strings.TrimSuffix(
		argon("m=64,t=1,p=1"), "w",
	) + "x",
	"argon2 in the URL alphabet": strings.Replace(
		argon("m=64,t=1,p=1"), "/l6I", "_l6I", 1,
	),
	"argon2 in passlib's alphabet": strings.Replace(
		argon("m=64,t=1,p=1"), "I+m", "I.m", 1,
	),

	"bcrypt of cost 03":           "$2b$03$" + bc53,
	"bcrypt of cost +5":           "$2b$+5$" + bc53,
	"bcrypt of cost 5":            "$2b$5$" + bc53,
	"bcrypt of cost 005":          "$2b$005$" + bc53,
	"bcrypt of 59 characters":     "$2b$10$" + bc53[1:],
	"bcrypt of 61 characters":     "$2b$10$" + bc53 + "a",
	"bcrypt with a line break":    "$2b$10$" + bc53 + "\n",
	"bcrypt with a blank":         "$2b$10$" + bc53 + " ",
	"bcrypt outside its alphabet": "$2b$10$" + bc53[:52] + "+",

	"scrypt of N=1": "$scrypt$ln=0,r=8,p=1$" + salt16 + "$" + tag32,
	"scrypt without r": "$scrypt$ln=14,r=0,p=1$" + salt16 +
		"$" + tag32,
	"Werkzeug's scrypt of no square": "scrypt:32767:8:1$salt$" + hex64,
	"Werkzeug's scrypt of r twice":   "scrypt:16384:8:1:1$salt$" + hex64,

	"PBKDF2 of 2^31-1 rounds": "$pbkdf2-sha256$2147483647$" + salt16 + "$" +
		tag32[:42] + ".",
	"PBKDF2 of no rounds": "$pbkdf2-sha256$0$" + salt16 + "$" +
		strings.Repeat("A", 43),
	"PBKDF2 in the standard alphabet": "$pbkdf2-sha256$1000$" + salt16 + "$" +
		strings.Repeat("+", 43),
	"PBKDF2 of another length than l": "$pbkdf2-sha256$i=1000,l=31$" + salt16 +
		"$" + strings.Repeat("A", 43),
	"Werkzeug's PBKDF2 of an odd digit": "pbkdf2:sha256:1000$salt$" +
		hex64[1:],
	"Werkzeug's PBKDF2 in upper case": "pbkdf2:sha256:1000$salt$" +
		strings.ToUpper(hex64),
	"Django's PBKDF2 of -1 rounds": "pbkdf2_sha256$-1$salt$" +
		"rzw39Hw+WgJ3Jp043Iy36Dorkv5dY62dVzJPsgvA0uY=",
	"Django's PBKDF2 without padding": "pbkdf2_sha256$1$salt$" +
		"rzw39Hw+WgJ3Jp043Iy36Dorkv5dY62dVzJPsgvA0uY",
	"Django's bcrypt with one dollar": "bcrypt$2b$10$" + bc53,

	"sha-crypt of 01000 rounds":     "$5$rounds=01000$saltsalt$" + h6432,
	"sha-crypt with a long salt":    "$5$seventeen-letters$" + h6432,
	"sha-crypt without a salt":      "$5$" + h6432,
	"sha-crypt with a short digest": "$6$saltsalt$" + h6432,
	"phpass cut short":              "$P$BK9x6p/MnQPHL8yRAPznMyM0u8Nh3o",

	"ASP.NET with a salt beyond the blob": aspnetV3(1, 10000, 1000, 48),
	"ASP.NET with a salt of 2^32-1":       aspnetV3(1, 10000, 1<<32-1, 48),
	"ASP.NET with a salt of one byte":     aspnetV3(1, 10000, 1, 48),
	"ASP.NET with a salt of 12 bytes":     aspnetV3(1, 10000, 12, 44),
	"ASP.NET with a key of 12 bytes":      aspnetV3(1, 10000, 36, 48),
	"ASP.NET of no rounds":                aspnetV3(1, 0, 16, 48),
	"ASP.NET with a key of 15 bytes":      aspnetV3(1, 10000, 20, 35),
	"ASP.NET with a byte too many":        aspnetV3(2, 10000, 16, 49),
	"ASP.NET cut short":                   aspnetV3(1, 10000, 16, 48)[:80],

	"Spring nested": "{bcrypt}{bcrypt}$2b$10$" + bc53,
	"Spring's scrypt of no parameter": "{scrypt}$0$" + salt16 + "==$" + tag32 +
		"=",
	"Spring's PBKDF2 cut short": "{pbkdf2}" + hex64,
	"Spring's argon2 of bcrypt": "{argon2}$2b$10$" + bc53,

	"MD5-crypt without a digest":      "$1$saltsalt",
	"MD5-crypt with an empty digest":  "$1$saltsalt$",
	"MD5-crypt cut short":             "$1$saltsalt$" + md5Digest[1:],
	"MD5-crypt with a tail":           "$1$saltsalt$" + md5Digest + "$x",
	"MD5-crypt with a NUL":            "$1$salt\x00alt$" + md5Digest,
	"MD5-crypt outside its alphabet":  "$apr1$saltsalt$" + md5Digest[1:] + "+",
	"MD5-crypt with rounds, as Sun's": "$1$rounds=904$salt$" + md5Digest,

	"LDAP with a short digest": "{SSHA256}" +
		base64.StdEncoding.EncodeToString(make([]byte, 31)),
	"LDAP of nothing":           "{SMD5}",
	"LDAP without padding":      "{SMD5}jNoSMNY0cybfuBWiaGlFw3Mfi/U",
	"LDAP in the URL alphabet":  "{SMD5}jNoSMNY0cybfuBWiaGlFw3Mfi_U=",
	"LDAP with a line break":    "{SMD5}jNoSMNY0cybfuBWi\naGlFw3Mfi/U=",
	"LDAP with bits for naught": "{SMD5}jNoSMNY0cybfuBWiaGlFw3Mfi/V=",

	"crypt's scrypt of N=1":        "$7$.6..../....salt$" + cryptKey,
	"crypt's scrypt without r":     "$7$C...../....salt$" + cryptKey,
	"crypt's scrypt without p":     "$7$C6.........salt$" + cryptKey,
	"crypt's scrypt with a NUL":    "$7$C6..../....sa\x00t$" + cryptKey,
	"crypt's scrypt without a key": "$7$C6..../....salt$",
	"crypt's scrypt cut short":     "$7$C6..../....salt$" + cryptKey[1:],
	"crypt's scrypt with a tail":   "$7$C6..../....salt$" + cryptKey + ".",
	"crypt's scrypt, bits for naught": "$7$C6..../....salt$" + cryptKey[1:] +
		"z",
	"crypt's scrypt out of alphabet": "$7$C6..+./....salt$" + cryptKey,
	"crypt's scrypt of a head alone": "$7$C6",

	"Drupal cut short":          "$S$5" + drupalRest[1:],
	"Drupal with a tail":        "$S$5" + drupalRest + "a",
	"Drupal with a NUL":         "$S$5" + drupalRest[1:] + "\x00",
	"Drupal out of alphabet":    "$S$5" + drupalRest[1:] + "+",
	"updated Drupal, cut short": "U$S$5" + drupalRest[1:],
	"updated Drupal of nothing": "U$S$",

	"passlib's bcrypt-sha256 of version 3": "$bcrypt-sha256$v=3,t=2b,r=10$" +
		bc53[:22] + "$" + bc53[22:],
	"WordPress with a tail": "$wp$2y$10$" + bc53 + "x",
	"a pepper over nothing": "$lostkey-pepper$",
}
