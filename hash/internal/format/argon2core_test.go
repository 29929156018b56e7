package format_test

import (
	"fmt"
	"testing"

	"github.com/lostkey-go/lostkey/hash/internal/format"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/argon2"
)

// Where golang.org/x/crypto computes Argon2 as well, both agree. The vectors of
// foreign tools have the rest.
func TestOwnArgon2AgreesWithGolangsWhereBothCompute(t *testing.T) {
	t.Parallel()
	salt := []byte("a salt of 17 byte")
	for _, row := range []format.Argon2Row{
		{M: 8, T: 1, P: 1},
		{M: 64, T: 3, P: 1},
		{M: 131, T: 2, P: 4},
		{M: 1040, T: 1, P: 2},
		{M: 4200, T: 2, P: 3},
		{M: 256, T: 4, P: 16},
	} {
		for _, size := range []int{4, 32, 64, 65, 97, 200} {
			name := fmt.Sprintf("%+v, %d", row, size)
			m, n, p, k := uint32(row.M), uint32(row.T), uint8(row.P), uint32(size)
			row.Salt, row.Version = salt, format.Argon2Version

			row.Variant = "argon2i"
			require.Equal(t,
				argon2.Key([]byte("secret"), salt, n, m, p, k),
				format.DeriveArgon2(row, "secret", size), name)
			row.Variant = "argon2id"
			require.Equal(t,
				argon2.IDKey([]byte("secret"), salt, n, m, p, k),
				format.DeriveArgon2(row, "secret", size), name)
		}
	}
}

// BenchmarkOtherArgon2 shows what a row costs that golang.org/x/crypto does not
// compute, beside one of the same parameters that it does.
func BenchmarkOtherArgon2(b *testing.B) {
	for _, variant := range []string{"argon2id", "argon2d"} {
		row := format.Argon2Row{
			Variant: variant, Version: format.Argon2Version,
			M: 19456, T: 2, P: 1, Salt: []byte("a salt of 17 byte"),
		}
		b.Run(variant, func(b *testing.B) {
			for b.Loop() {
				row.Derive("secret", 32)
			}
		})
	}
}
