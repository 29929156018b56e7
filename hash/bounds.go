package hash

import "github.com/lostkey-go/lostkey/hash/internal/format"

// MaxPasswordBytes is the longest password that is hashed or verified, in bytes
// before any normalisation. NIST SP 800-63B-4 section 3.1.1.2 asks to permit at
// least 64 characters. The cap keeps a 10 MB form field from costing anything.
const MaxPasswordBytes = 1024

// Bounds are what a stored string may ask for. A row above a bound is
// [ErrOutOfBounds]. The fields are of type int. Zero means the default named
// here:
//
//	Argon2MemoryKiB   the largest m, in KiB: 262144 (256 MiB)
//	Argon2Time        the largest t: 16
//	Argon2Work        the largest m*t, in KiB-passes: 1048576
//	BcryptCost        the largest cost: 16
//	ScryptMemoryKiB   the largest 128*N*r, in KiB: 262144 (256 MiB)
//	ScryptWork        the largest N*r*p: 4194304
//	PBKDF2Rounds      the largest iteration count: 10000000
//	SHACryptRounds    the largest rounds of sha256-crypt and sha512-crypt:
//	                  5000000
//	PhpassLog2        the largest log2 of the rounds of phpass and of Drupal:
//	                  20
type Bounds = format.Bounds
