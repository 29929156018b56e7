package hash_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/hash/legacy"
	"github.com/stretchr/testify/require"
)

// everything returns each set of schemes that one Hasher can hold; together
// they have every parser of the package.
func everything(t testing.TB) [][]hash.Scheme {
	t.Helper()
	scrypt, err := legacy.NodeScrypt(legacy.NodeScryptConfig{})
	require.NoError(t, err)
	return [][]hash.Scheme{
		legacy.All(),
		legacy.With(legacy.All(), slices.Concat(
			legacy.FlaskSecurity("s", nil), scrypt,
			legacy.InsecureDjangoMD5(), legacy.InsecureDjangoSHA1(),
			legacy.InsecureBareMD5(), legacy.InsecureWerkzeugSHA256(),
			legacy.InsecureMD5Crypt(), legacy.InsecureLDAP(),
		)...),
		legacy.With(
			legacy.SpringWith(legacy.SpringConfig{Default: "pbkdf2"}),
			slices.Concat(
				legacy.InsecureWerkzeugMD5(), legacy.InsecureWerkzeugSHA1(),
			)...,
		),
		legacy.SpringWith(legacy.SpringConfig{Default: "scrypt"}),
		legacy.SpringWith(legacy.SpringConfig{Default: "pbkdf2@SpringSecurity_v5_8"}),
	}
}

// FuzzParse feeds every parser. Whatever comes: no panic, at most one scheme
// claims it, an error is one of the package's and quotes nothing, nothing is
// derived, and what a row asks for stays in bounds.
func FuzzParse(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.stored)
	}
	for _, h := range hostile {
		f.Add(h.stored)
	}
	var hashers []*hash.Hasher
	sets := everything(f)
	for _, schemes := range sets {
		hashers = append(hashers, insecure(f, hash.Config{Accept: schemes, Peppers: []hash.Pepper{pepper(f, "k", 1)}}))
	}
	f.Fuzz(func(t *testing.T, stored string) {
		for i, h := range hashers {
			claims := 0
			for _, s := range sets[i] {
				if s.Identify(stored) {
					claims++
					// Parsers also stand alone, without the Hasher's own checks.
					_, _ = s.Parse(stored, hash.Bounds{})
				}
			}
			require.LessOrEqual(t, claims, 1)
			before := allocated()
			info, err := h.Inspect(stored)
			require.Less(t, allocated()-before, uint64(256<<10))
			require.LessOrEqual(t, info.MemoryKiB, 256<<10)
			require.Equal(t, info.NeedsRehash, h.NeedsRehash(stored))
			require.Equal(t, info.Scheme == "unusable", !h.HasPassword(stored))
			if err == nil {
				continue
			}
			known := false
			for _, sentinel := range []error{
				hash.ErrMalformed, hash.ErrUnknownFormat, hash.ErrUnsupported, hash.ErrOutOfBounds, hash.ErrUnknownPepper,
			} {
				known = known || errors.Is(err, sentinel)
			}
			require.True(t, known, "%v", err)
			if len(stored) > 20 {
				require.NotContains(t, err.Error(), stored)
			}
			require.Zero(t, h.Slots().Stats().Started)
		}
	})
}

// FuzzRoundTrip hashes any password and expects it, and nothing near it, back.
func FuzzRoundTrip(f *testing.F) {
	for _, p := range []string{"", "x", "p\u00e4ss", "x\x00x", "\xff"} {
		f.Add(p)
	}
	hashers := []*hash.Hasher{
		insecure(f, hash.Config{Params: hash.Argon2id{8, 1, 1}}),
		insecure(f, hash.Config{Params: hash.PBKDF2SHA256{Rounds: 1}}),
		insecure(f, hash.Config{Params: hash.PBKDF2SHA256{Rounds: 1}, Peppers: []hash.Pepper{pepper(f, "k", 1)}}),
	}
	f.Fuzz(func(t *testing.T, password string) {
		for _, h := range hashers {
			encoded, err := h.Hash(t.Context(), password)
			if err != nil {
				continue
			}
			res, err := h.Verify(t.Context(), password, encoded)
			require.NoError(t, err)
			require.True(t, res.OK)
			require.False(t, res.NeedsRehash)
			for _, near := range []string{password + "x", password + "\x00"} {
				res, err = h.Verify(t.Context(), near, encoded)
				require.NoError(t, err)
				require.False(t, res.OK)
			}
		}
	})
}
