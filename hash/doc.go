// Package hash makes password hashes with argon2id and verifies what other
// systems stored: Django, Werkzeug, passlib, Rails, Laravel, WordPress, ASP.NET
// Core Identity, Spring Security, better-auth and plain libraries.
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
//   - A [Slots] bounds how many derivations run at once and what memory they
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
// # Formats that are not read
//
// No preset reads these yet. Rows of them are ErrUnknownFormat, with the name
// in a [FormatError] where the text tells it, and their owners cannot log in.
// Keep the old check beside this package for them, write a [Scheme], or let
// them reset their passwords.
//
//   - $1$, crypt(3)'s MD5, and Apache's $apr1$
//   - {SMD5} and {SSHA} of LDAP, and the kin of {SSHA} with SHA-256, SHA-384
//     and SHA-512
//   - $7$, scrypt as crypt(3) writes it
//   - $y$, yescrypt, which Debian, Fedora and others have in their shadow files
//     today, and $gy$, yescrypt with GOST
//   - $S$, Drupal 7's SHA-512
//   - $sha1$, NetBSD's, and DES crypt, 13 characters without a prefix
//
// argon2d, Argon2 of version 1.0 and bcrypt's $2x$ are claimed, and refused as
// ErrUnsupported. [Hasher.Inspect] finds all of them without a password, and
// examples/migrate counts them.
//
// # Compatibility
//
// New hashes are PHC strings of argon2id ("$argon2id$v=19$m=19456,t=2,p=1$…"),
// passlib's spelling of PBKDF2, or bcrypt. Other tools read them. With a
// [Pepper] they bear the prefix "$lostkey-pepper$<id>", which no other tool
// reads, on purpose. Every format that one version accepts, later ones accept.
package hash
