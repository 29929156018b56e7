package format

import "fmt"

// Bounds are what a stored string may ask for at most. It is documented as
// hash.Bounds.
type Bounds struct {
	Argon2MemoryKiB int
	Argon2Time      int
	Argon2Work      int
	BcryptCost      int
	ScryptMemoryKiB int
	ScryptWork      int
	PBKDF2Rounds    int
	SHACryptRounds  int
	PhpassLog2      int
}

// DefaultBounds returns what the zero fields of Bounds mean.
func DefaultBounds() Bounds {
	return Bounds{
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

// Ceilings returns what even a configuration may not exceed. Beyond them a
// number no longer fits the algorithm, or one row blocks a core for minutes.
func Ceilings() Bounds {
	return Bounds{
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

// ResolveBounds fills the defaults in and refuses values that bound nothing.
func ResolveBounds(b Bounds) (Bounds, error) {
	def, top := DefaultBounds(), Ceilings()

	fields := []struct {
		name     string
		value    *int
		def, top int
	}{
		{
			"Argon2MemoryKiB", &b.Argon2MemoryKiB,
			def.Argon2MemoryKiB, top.Argon2MemoryKiB,
		},
		{"Argon2Time", &b.Argon2Time, def.Argon2Time, top.Argon2Time},
		{"Argon2Work", &b.Argon2Work, def.Argon2Work, top.Argon2Work},
		{"BcryptCost", &b.BcryptCost, def.BcryptCost, top.BcryptCost},
		{
			"ScryptMemoryKiB", &b.ScryptMemoryKiB,
			def.ScryptMemoryKiB, top.ScryptMemoryKiB,
		},
		{"ScryptWork", &b.ScryptWork, def.ScryptWork, top.ScryptWork},
		{"PBKDF2Rounds", &b.PBKDF2Rounds, def.PBKDF2Rounds, top.PBKDF2Rounds},
		{
			"SHACryptRounds", &b.SHACryptRounds,
			def.SHACryptRounds, top.SHACryptRounds,
		},
		{"PhpassLog2", &b.PhpassLog2, def.PhpassLog2, top.PhpassLog2},
	}

	for _, f := range fields {
		switch {
		case *f.value == 0:
			*f.value = f.def
		case *f.value < 0 || *f.value > f.top:
			return Bounds{}, fmt.Errorf(
				"hash: Config.Bounds.%s is %d, want 0 to %d",
				f.name, *f.value, f.top,
			)
		}
	}

	return b, nil
}
