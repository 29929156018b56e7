// Package hash makes password hashes with argon2id and verifies what other
// systems stored: Django, Werkzeug, passlib, Rails, Laravel, WordPress, ASP.NET
// Core Identity, Spring Security, better-auth and plain libraries.
//
// Most programs need two calls: [Hasher.Hash] when a password is set, and
// [Hasher.VerifyAndUpdate] at login, which also moves old rows to today's
// parameters. At login, call [Hasher.VerifyDummy] when the user is unknown.
//
// # Security
//
//   - Every parameter of a stored string is parsed strictly and bounded before
//     anything is derived; see [Limits]. A damaged or hostile row is an error,
//     never a crash, a stall or a gigabyte.
//   - A [Limiter] bounds how many derivations run at once and what memory they
//     hold, so that a burst of logins cannot exhaust the process.
//   - Passwords are compared in constant time. A wrong password, an unknown user,
//     an unusable row and a legacy row cost alike as far as work can make them;
//     Config.MinDuration evens out the rest.
//   - A row is replaced by compare-and-swap only, so that a login that overlaps
//     a reset never brings the old password back.
//   - No error, no printed Hasher and no log value holds a password, a stored
//     hash, a salt or a pepper.
//
// The package does not throttle logins, judge passwords (see reset/policy),
// keep sessions or wipe memory: Go gives no promise about copies of a string.
// bcrypt rows cut passwords at 72 bytes, as the systems that made them did;
// the next login of such a user moves the row to argon2id, which does not.
//
// # Compatibility
//
// New hashes are PHC strings of argon2id ("$argon2id$v=19$m=19456,t=2,p=1$…"),
// passlib's spelling of PBKDF2, or bcrypt: other tools read them. With a
// [Pepper] they bear the prefix "$lostkey-pepper$<id>", which no other tool
// reads, on purpose. Every format that one version accepts, later ones accept.
package hash
