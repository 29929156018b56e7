package hash_test

import (
	"encoding/base64"
	"strings"
)

// outOfBoundsRows ask for more than a row may have, or for too little.
var outOfBoundsRows = map[string]string{
	"argon2 of four terabytes":              argon("m=4294967295,t=1,p=1"),
	"argon2 just above the bound of memory": argon("m=262145,t=1,p=1"),
	"argon2 for centuries":                  argon("m=64,t=4294967295,p=1"),
	"argon2 of 17 passes":                   argon("m=64,t=17,p=1"),
	"argon2 above the bound of work":        argon("m=262144,t=5,p=1"),
	"argon2 of 17 threads":                  argon("m=65536,t=1,p=17"),
	"argon2d of four terabytes":             otherArgon("m=4294967295,t=1,p=1"),
	"argon2d of 17 passes":                  otherArgon("m=64,t=17,p=1"),
	"argon2d of much work":                  otherArgon("m=262144,t=5,p=1"),
	"argon2d of 17 threads":                 otherArgon("m=65536,t=1,p=17"),
	"argon2 with an empty tag": "$argon2id$v=19$m=64,t=1,p=1$" + salt16 +
		"$",
	"argon2 with a tag of one byte": "$argon2id$v=19$m=64,t=1,p=1$" + salt16 +
		"$AA",
	"argon2 with an empty salt": "$argon2id$v=19$m=64,t=1,p=1$$" + tag32,

	"bcrypt of cost 31": "$2b$31$" + bc53,
	"bcrypt of cost 17": "$2b$17$" + bc53,

	"scrypt of N=2^40": "$scrypt$ln=40,r=8,p=1$" + salt16 + "$" + tag32,
	"scrypt of N=2^24": "$scrypt$ln=24,r=8,p=1$" + salt16 + "$" + tag32,
	"scrypt that shifts to nothing": "$scrypt$ln=64,r=8,p=1$" + salt16 + "$" +
		tag32,
	"scrypt of a million lanes": "$scrypt$ln=1,r=1,p=1000000$" + salt16 + "$" +
		tag32,
	"scrypt of much work": "$scrypt$ln=16,r=32,p=16$" + salt16 + "$" +
		tag32,
	"scrypt with an empty key":  "$scrypt$ln=14,r=8,p=1$" + salt16 + "$",
	"Werkzeug's scrypt of 2^31": "scrypt:2147483648:8:1$salt$" + hex64,
	"Django's scrypt of p=2^32-1": "scrypt$16384$salt$8$4294967295$" +
		base64.StdEncoding.EncodeToString(make([]byte, 64)),

	"PBKDF2 of ten million and one": "$pbkdf2-sha256$10000001$" + salt16 +
		"$" + strings.Repeat("A", 43),
	"PBKDF2 with an endless key": "$pbkdf2-sha256$1000$" + salt16 + "$" +
		strings.Repeat("A", 86),
	"PBKDF2 with an empty key": "$pbkdf2-sha256$1000$" + salt16 + "$",
	"Django's argon2 of four terabytes": "argon2" +
		argon("m=4294967295,t=1,p=1"),

	"sha-crypt of a billion rounds": "$5$rounds=999999999$saltsalt$" + h6432,
	"sha-crypt of 999 rounds":       "$5$rounds=999$saltsalt$" + h6432,
	"phpass of 2^31 rounds":         "$P$TK9x6p/MnQPHL8yRAPznMyM0u8Nh3o/",
	"phpass of 2^6 rounds":          "$P$4K9x6p/MnQPHL8yRAPznMyM0u8Nh3o/",

	"ASP.NET of 2^32-1 rounds": aspnetV3(1, 1<<32-1, 16, 48),

	"Spring's scrypt of 2^255": "{scrypt}$ff0801$" + salt16 + "==$" + tag32 +
		"=",

	"MD5-crypt without a salt":   "$1$$" + md5Digest,
	"MD5-crypt with a long salt": "$1$ninechars$" + md5Digest,
	"MD5-crypt with an endless salt": "$apr1$" + strings.Repeat("a", 900) +
		"$" + md5Digest,

	"LDAP without a salt": "{SSHA}" +
		base64.StdEncoding.EncodeToString(make([]byte, 20)),
	"LDAP with a long salt": "{SSHA}" +
		base64.StdEncoding.EncodeToString(make([]byte, 20+33)),
	"LDAP with an endless salt": "{SSHA512}" +
		base64.StdEncoding.EncodeToString(make([]byte, 700)),

	"crypt's scrypt of N=2^24":      "$7$M6..../....salt$" + cryptKey,
	"crypt's scrypt of N=2^31":      "$7$T6..../....salt$" + cryptKey,
	"crypt's scrypt of N=2^63":      "$7$z6..../....salt$" + cryptKey,
	"crypt's scrypt of r=2^30-1":    "$7$Czzzzz/....salt$" + cryptKey,
	"crypt's scrypt of p=2^30-1":    "$7$/6....zzzzzsalt$" + cryptKey,
	"crypt's scrypt of r=33":        "$7$CV..../....salt$" + cryptKey,
	"crypt's scrypt of p=17":        "$7$16....F....salt$" + cryptKey,
	"crypt's scrypt of much work":   "$7$EU....E....salt$" + cryptKey,
	"crypt's scrypt without a salt": "$7$C6..../....$" + cryptKey,
	"crypt's scrypt with a long salt": "$7$C6..../...." +
		strings.Repeat("a", 129) + "$" + cryptKey,

	"Drupal of 2^21 rounds":  "$S$J" + drupalRest,
	"Drupal of 2^63 rounds":  "$S$z" + drupalRest,
	"Drupal of 2^6 rounds":   "$S$4" + drupalRest,
	"updated Drupal of 2^30": "U$S$S" + drupalRest,

	"passlib's bcrypt-sha256 of cost 31": "$bcrypt-sha256$v=2,t=2b,r=31$" +
		bc53[:22] + "$" + bc53[22:],
}

// unsupportedRows are sound, and of variants that are not computed here.
var unsupportedRows = map[string]string{
	"argon2 with keyid": argon("m=64,t=1,p=1,keyid=YWJj"),
	"argon2 with data":  argon("m=64,t=1,p=1,data=YWJj"),
	"argon2d with data": strings.Replace(
		argon("m=64,t=1,p=1,data=YWJj"), "2id", "2d", 1,
	),
	"argon2 of version 17": strings.Replace(
		argon("m=64,t=1,p=1"), "v=19", "v=17", 1,
	),
	"argon2d of version 0": strings.Replace(
		argon("m=64,t=1,p=1"), "id$v=19", "d$v=0", 1,
	),

	"bcrypt $2x$, which is not $2y$": "$2x$10$" + bc53,
	"bcrypt without a minor version": "$2$10$" + bc53,

	"Werkzeug's PBKDF2 of days of old": "pbkdf2:sha256$salt$" + hex64,

	"ASP.NET of an unknown function": aspnetV3(3, 10000, 16, 48),

	"Spring in clear":   "{noop}" + phrase[:7],
	"Spring's bare MD5": "{MD5}" + hex64[:32],

	"passlib's bcrypt-sha256 of 2x": "$bcrypt-sha256$v=2,t=2x,r=10$" +
		bc53[:22] + "$" + bc53[22:],
}

// unknownRows are of no accepted format.
var unknownRows = map[string]string{
	"bcrypt of an unknown version":     "$2!$10$" + bc53,
	"bcrypt of an unknown main number": "$1b$10$" + bc53,

	"Spring of an unknown id":        "{whirlpool}abc",
	"Spring without a closing brace": "{bcrypt$2b$10$" + bc53,

	"LDAP of an unknown digest":    "{SSHA224}AAAA",
	"LDAP without a closing brace": "{SSHA",
	"LDAP's plain SHA-1, not taken": "{SHA}" +
		base64.StdEncoding.EncodeToString(make([]byte, 20)),

	"Drupal updated more than once": "UU$S$5" + drupalRest,

	"yescrypt": "$y$j9T$NJyWWKeVMKPqFGHF0Ym3T1$" +
		"2fAkDq6D20a6bXcuS5Ii46uJARmPMx8YqnCIj4dEd43",
	"a bare MD5":                 hex64[:32],
	"Django's or Werkzeug's md5": "md5$salt$" + hex64[:32],
	"passlib's plain text":       "$plaintext$secret",
	"binary":                     "\x00\xff\xfe",
}

// otherArgon returns a row of argon2d of version 16.
func otherArgon(params string) string {
	return strings.Replace(argon(params), "id$v=19", "d$v=16", 1)
}
