// Package hash makes password hashes with argon2id. It verifies them, and what
// other libraries stored as argon2, bcrypt, scrypt or PBKDF2.
//
// Most programs need three calls: [Hasher.Hash] when a password is set, and at
// login [Hasher.VerifyAndUpdate], which also moves old rows to today's
// parameters, or [Hasher.VerifyDummy] when the user is unknown.
//
// # Rows of other frameworks
//
// Package hash/legacy has a preset for each framework:
//
//	hasher, err := hash.New(hash.Config{Accept: legacy.Django()})
//
// The [FormatError] for a row that was not accepted names the preset:
//
//	hash: pbkdf2_sha256 is not accepted; legacy.Django() reads it
//
// Where the framework goes on signing in with the same table, set
// [Config].Params to [Django] or [Spring]. [Hasher.Inspect] tells what a table
// holds, without passwords, and examples/migrate counts it.
//
// # Security
//
//   - Every parameter of a stored string is parsed strictly and held to
//     [Bounds] before anything is derived. A hostile row is an error, never a
//     crash, a stall or a gigabyte.
//   - Passwords are compared in constant time, and every refusal costs at least
//     what [Hasher.VerifyDummy] does. Rows of other parameters than today's add
//     their own cost, which shows. [Config].MinDuration evens that out.
//   - A password that holds a NUL is refused, also for rows of systems that
//     hashed one: bcrypt, PBKDF2 and scrypt cannot tell it from others.
//   - bcrypt rows cut passwords at 72 bytes, as the systems that made them did,
//     until the next login moves the row to argon2id, which does not.
//   - No error, log value or print of a [Hasher] or a [Pepper] holds a
//     password, a stored hash, a salt or a pepper, wherever in a struct of
//     yours it sits.
//
// The package does not throttle logins, judge passwords (see reset/policy),
// keep sessions or wipe memory.
//
// # Compatibility
//
// New hashes are PHC strings of argon2id ("$argon2id$v=19$m=19456,t=2,p=1$…"),
// passlib's spelling of PBKDF2, bcrypt, or what a framework writes. Other tools
// read them, except with a [Pepper], whose hashes begin with
// "$lostkey-pepper$<id>". Every format that one version accepts, later ones
// accept.
package hash
