// Package hash makes password hashes with argon2id, and verifies them and what
// other libraries stored as argon2, bcrypt, scrypt or PBKDF2. Package
// hash/legacy has the formats of Django, Flask, Rails, PHP, WordPress, Drupal,
// ASP.NET, Spring, node and crypt(3).
//
// Most programs need two calls. They are [Hasher.Hash] when a password is set,
// and [Hasher.VerifyAndUpdate] at login, which also moves old rows to today's
// parameters. At login, call [Hasher.VerifyDummy] when the user is unknown.
//
// # Security
//
//   - Every parameter of a stored string is parsed strictly and bounded before
//     anything is derived. See [Bounds]. A damaged or hostile row is an error,
//     never a crash, a stall or a gigabyte.
//   - [Slots] bound how many derivations run at once and what memory they
//     hold, so that a burst of logins cannot exhaust the process.
//   - Passwords are compared in constant time. Every refusal derives what
//     [Hasher.VerifyDummy] does for an unknown user, whatever the reason. It
//     may be a wrong password or one that cannot be right, a row that marks an
//     account without a password, or one that cannot be read. Rows of other
//     parameters than today's add their own cost. Config.MinDuration evens that
//     out.
//   - What marks an account without a password is decided in one place. See
//     [HasPassword] and Config.Unusable. Package reset asks the same. Store
//     [Unusable] to lock an account.
//   - A password that holds a NUL is refused in every format. [Hasher.Hash]
//     returns ErrNUL and [Hasher.Verify] calls it wrong, also for rows of
//     systems that hashed one. bcrypt ends or repeats a password at a NUL, and
//     PBKDF2 and scrypt cannot tell one at the end from none.
//   - A row is replaced by compare-and-swap only, so that a login that overlaps
//     a reset never brings the old password back.
//   - No error, no printed Hasher and no log value holds a password, a stored
//     hash, a salt or a pepper, wherever in a struct of yours it sits.
//
// The package does not throttle logins, judge passwords (see reset/policy),
// keep sessions or wipe memory. Go gives no promise about copies of a string.
// bcrypt rows cut passwords at 72 bytes, as the systems that made them did. The
// next login of such a user moves the row to argon2id, which does not.
//
// # Rows of other frameworks
//
// Config.Accept nil reads the modern formats, see [Modern]. What else a users
// table holds is said once, with a preset of package legacy:
//
//	hash.New(hash.Config{Accept: legacy.Django()})
//
// Rows of a format that was not accepted are ErrUnknownFormat, as a
// [FormatError] that names the format, and the preset that reads it:
//
//	hash: pbkdf2_sha256 is not accepted; legacy.Django() reads it
//
// Where that framework goes on signing in with the same rows, Config.Params is
// its own form, with its own figures, and neither side takes the other's rows
// for outdated:
//
//	hash.New(hash.Config{Params: hash.DjangoPBKDF2{Iterations: 1_000_000}})
//
// [Hasher.Inspect] tells the formats of a table without a password, and
// examples/migrate counts them. A format that neither package has can be added
// as a [Scheme].
//
// Of argon2, this package reads argon2id and argon2i of version 19. argon2d and
// version 16, which also is what a string without a version means, need
// legacy.Argon2. Strings with keyid= or data=, and bcrypt's $2x$, are refused
// as ErrUnsupported.
//
// # Compatibility
//
// New hashes are PHC strings of argon2id ("$argon2id$v=19$m=19456,t=2,p=1$…"),
// passlib's spelling of PBKDF2, or bcrypt, or what a framework writes. Other
// tools read them. With a
// [Pepper] they bear the prefix "$lostkey-pepper$<id>", which no other tool
// reads, on purpose. Every format that one version accepts, later ones accept.
package hash
