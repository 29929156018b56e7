// Package hash makes password hashes with argon2id, and verifies them and what
// other libraries stored as argon2, bcrypt, scrypt or PBKDF2.
//
// Most programs need three calls: [Hasher.Hash] when a password is set, and at
// login [Hasher.VerifyAndUpdate], which also moves old rows to today's
// parameters, or [Hasher.VerifyDummy] when the user is unknown.
//
// # Rows of other frameworks
//
// Config.Accept nil reads the modern formats, see [Modern]. What else a users
// table holds is said once, with a preset of package hash/legacy for Django,
// Flask, Rails, PHP, WordPress, Drupal, ASP.NET, Spring, node and crypt(3):
//
//	hasher, err := hash.New(hash.Config{Accept: legacy.Django()})
//
// A row of a format that was not accepted is a [FormatError] that names the
// preset:
//
//	hash: pbkdf2_sha256 is not accepted; legacy.Django() reads it
//
// Where that framework goes on signing in with the same rows, Config.Params is
// its own form, [Django] or [Spring].
//
// [Hasher.Inspect] tells the formats of a table without a password, and
// examples/migrate counts them. Add other formats as a [Scheme].
//
// Of argon2, this package reads argon2id and argon2i of version 19. argon2d and
// version 16, which also is what a string without a version means, need
// legacy.Argon2.
//
// # Security
//
//   - Every parameter of a stored string is parsed strictly and held to
//     [Bounds] before anything is derived. A hostile row is an error, never a
//     crash, a stall or a gigabyte.
//   - [Slots] bound how many derivations run at once and what memory they hold,
//     so that a burst of logins cannot exhaust the process.
//   - Passwords are compared in constant time. Every refusal derives what
//     [Hasher.VerifyDummy] does, whatever the reason: a wrong password or one
//     that cannot be right, a row that marks an account without a password, or
//     one that cannot be read. Rows of other parameters than today's add their
//     own cost, which shows. Config.MinDuration evens that out.
//   - A password that holds a NUL is refused in every format, also for rows of
//     systems that hashed one. bcrypt ends or repeats a password at a NUL, and
//     PBKDF2 and scrypt cannot tell one at the end from none.
//   - No error, no printed Hasher and no log value holds a password, a stored
//     hash, a salt or a pepper, wherever in a struct of yours it sits.
//
// The package does not throttle logins, judge passwords (see reset/policy),
// keep sessions or wipe memory. Go gives no promise about copies of a string.
// bcrypt rows cut passwords at 72 bytes, as the systems that made them did,
// until the next login moves the row to argon2id, which does not.
//
// # Compatibility
//
// New hashes are PHC strings of argon2id ("$argon2id$v=19$m=19456,t=2,p=1$…"),
// passlib's spelling of PBKDF2, or bcrypt, or what a framework writes. Other
// tools read them. With a [Pepper] they bear the prefix "$lostkey-pepper$<id>",
// which no other tool reads, on purpose. Every format that one version accepts,
// later ones accept.
package hash
