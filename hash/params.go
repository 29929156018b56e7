package hash

import (
	"crypto/rand"
)

// Params says what new hashes are, [Argon2id], [PBKDF2SHA256] or [Bcrypt]. The
// set is closed, so that a Hasher cannot be made to write anything weak.
type Params interface {
	// resolve fills the defaults in.
	resolve() Params
	// check refuses what is below the floor, unless insecure, and what Verify
	// itself would refuse.
	check(insecure bool) error
	// scheme returns the scheme that reads what create makes.
	scheme() Scheme
	// memoryKiB returns what create needs at its peak.
	memoryKiB() int
	// create derives a new hash with a fresh salt.
	create(password string) (string, error)
	// current reports whether encoded is what create makes, or, with
	// onlyUpgrade, costs at least as much.
	current(encoded string, onlyUpgrade bool) bool
}

// saltBytes is the size of new salts. NIST SP 800-132 and RFC 9106 section 3.1
// ask for 128 bits.
const saltBytes = 16

// newSalt returns fresh random bytes.
func newSalt() []byte {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // Never fails since Go 1.24.
	return salt
}
