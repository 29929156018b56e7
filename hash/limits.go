package hash

import "fmt"

// MaxPasswordBytes is the longest password that is hashed or verified, counted
// in bytes before any normalisation. NIST SP 800-63B-4 section 3.1.1.2 asks to
// permit at least 64 characters. The cap keeps a 10 MB form field from costing
// anything.
const MaxPasswordBytes = 1024

const (
	// maxNormalizedBytes bounds what normalisation may make of a password.
	// NFKC turns U+FDFA into eleven times its bytes.
	maxNormalizedBytes = 4096
	// maxEncodedBytes bounds a stored string before anything looks at it.
	maxEncodedBytes = 1024
	// maxChainPassword caps passwords for schemes whose cost grows with the
	// password's length (sha-crypt, phpass).
	maxChainPassword = 256
	// smallKiB is the weight of derivations that need next to no memory.
	smallKiB = 8
)

// Limits bounds what a stored string may ask for. Each zero field means the
// default named with it. A row above a limit is [ErrOverLimit] before any
// derivation runs. Otherwise one row with m=4294967295 would end the process.
type Limits struct {
	// Argon2MemoryKiB is the largest m in KiB. Zero means 262144 (256 MiB).
	Argon2MemoryKiB int
	// Argon2Time is the largest t. Zero means 16.
	Argon2Time int
	// Argon2Work is the largest m*t in KiB-passes. Zero means 1048576.
	Argon2Work int

	// BcryptCost is the largest cost. Zero means 16.
	BcryptCost int

	// ScryptMemoryKiB is the largest 128*N*r in KiB. Zero means 262144
	// (256 MiB).
	ScryptMemoryKiB int
	// ScryptWork is the largest N*r*p. Zero means 4194304.
	ScryptWork int

	// PBKDF2Rounds is the largest iteration count. Zero means 10000000.
	PBKDF2Rounds int
	// SHACryptRounds is the largest rounds of sha256-crypt and sha512-crypt.
	// Zero means 5000000.
	SHACryptRounds int
	// PhpassLog2 is the largest log2 of phpass rounds. Zero means 20.
	PhpassLog2 int
}

// defaultLimits returns what the zero fields of Limits mean.
func defaultLimits() Limits {
	return Limits{
		Argon2MemoryKiB: 256 << 10,
		Argon2Time:      16,
		Argon2Work:      1 << 20,
		BcryptCost:      16,
		ScryptMemoryKiB: 256 << 10,
		ScryptWork:      1 << 22,
		PBKDF2Rounds:    10_000_000,
		SHACryptRounds:  5_000_000,
		PhpassLog2:      20,
	}
}

// ceilings returns what even a configuration may not exceed. Beyond them a
// number no longer fits the algorithm, or one row blocks a core for minutes.
func ceilings() Limits {
	return Limits{
		Argon2MemoryKiB: 4 << 20,
		Argon2Time:      1 << 10,
		Argon2Work:      1 << 26,
		BcryptCost:      20,
		ScryptMemoryKiB: 4 << 20,
		ScryptWork:      1 << 27,
		PBKDF2Rounds:    200_000_000,
		SHACryptRounds:  100_000_000,
		PhpassLog2:      24,
	}
}

// resolve fills the defaults in and refuses values that bound nothing.
func (l Limits) resolve() (Limits, error) {
	def, top := defaultLimits(), ceilings()

	fields := []struct {
		name     string
		value    *int
		def, top int
	}{
		{
			"Argon2MemoryKiB", &l.Argon2MemoryKiB,
			def.Argon2MemoryKiB, top.Argon2MemoryKiB,
		},
		{"Argon2Time", &l.Argon2Time, def.Argon2Time, top.Argon2Time},
		{"Argon2Work", &l.Argon2Work, def.Argon2Work, top.Argon2Work},
		{"BcryptCost", &l.BcryptCost, def.BcryptCost, top.BcryptCost},
		{
			"ScryptMemoryKiB", &l.ScryptMemoryKiB,
			def.ScryptMemoryKiB, top.ScryptMemoryKiB,
		},
		{"ScryptWork", &l.ScryptWork, def.ScryptWork, top.ScryptWork},
		{"PBKDF2Rounds", &l.PBKDF2Rounds, def.PBKDF2Rounds, top.PBKDF2Rounds},
		{
			"SHACryptRounds", &l.SHACryptRounds,
			def.SHACryptRounds, top.SHACryptRounds,
		},
		{"PhpassLog2", &l.PhpassLog2, def.PhpassLog2, top.PhpassLog2},
	}

	for _, f := range fields {
		switch {
		case *f.value == 0:
			*f.value = f.def
		case *f.value < 0:
			return Limits{}, fmt.Errorf(
				"hash: Config.Limits.%s is negative", f.name,
			)
		case *f.value > f.top:
			return Limits{}, fmt.Errorf(
				"hash: Config.Limits.%s is above %d", f.name, f.top,
			)
		}
	}

	return l, nil
}
