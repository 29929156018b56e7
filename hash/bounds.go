package hash

import "github.com/lostkey-go/lostkey/hash/internal/format"

// MaxPasswordBytes is the longest password that is hashed or verified, in bytes
// before any normalisation. NIST SP 800-63B-4, section 3.1.1.2, asks to permit
// at least 64 characters.
const MaxPasswordBytes = 1024

// Bounds are what a stored string may ask for. A row above a bound is
// [ErrOutOfBounds]. The fields are of type int, and zero means:
//
//	Argon2MemoryKiB     262144  largest m (256 MiB)
//	Argon2Time              16  largest t
//	Argon2Work         1048576  largest m*t
//	BcryptCost              16
//	ScryptMemoryKiB     262144  largest 128*N*r/1024 (256 MiB)
//	ScryptWork         4194304  largest N*r*p
//	PBKDF2Rounds      10000000
//	SHACryptRounds     5000000  of sha256-crypt and sha512-crypt
//	PhpassLog2              20  log2 of the rounds of phpass and of Drupal
type Bounds = format.Bounds
