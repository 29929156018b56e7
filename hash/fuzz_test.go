package hash_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/stretchr/testify/require"
)

// FuzzParse feeds every parser. Whatever comes: no panic, at most one scheme
// claims it, an error is one of the package's and quotes nothing, nothing is
// derived, and what a row asks for stays in bounds.
func FuzzParse(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.stored)
	}
	for _, rows := range hostile() {
		for _, stored := range rows {
			f.Add(stored)
		}
	}

	sets := everything(f)
	hashers := make([]*hash.Hasher, len(sets))
	for i, schemes := range sets {
		hashers[i] = insecure(f, hash.Config{
			Accept:  schemes,
			Peppers: []hash.Pepper{pepper(f, "k", 1)},
		})
	}

	f.Fuzz(func(t *testing.T, stored string) {
		for i, h := range hashers {
			claims := 0
			for _, s := range sets[i] {
				if s.Identify(stored) {
					claims++
					// Parsers also stand alone, without the Hasher's checks.
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

			if err != nil {
				saysLittle(t, err, stored)
				require.Zero(t, h.Slots().Stats().Started)
			}
		}
	})
}

// saysLittle checks that err is one of the package's and quotes nothing.
func saysLittle(t *testing.T, err error, stored string) {
	t.Helper()
	known := slices.ContainsFunc([]error{
		hash.ErrMalformed, hash.ErrUnknownFormat, hash.ErrUnsupported,
		hash.ErrOutOfBounds, hash.ErrUnknownPepper,
	}, func(sentinel error) bool { return errors.Is(err, sentinel) })

	require.True(t, known, "%v", err)
	if len(stored) > 20 {
		require.NotContains(t, err.Error(), stored)
	}
}

// FuzzRoundTrip hashes any password and expects it, and nothing near it, back.
func FuzzRoundTrip(f *testing.F) {
	for _, p := range []string{"", "x", "p\u00e4ss", "x\x00x", "\xff"} {
		f.Add(p)
	}

	hashers := []*hash.Hasher{
		insecure(f, hash.Config{Params: hash.Argon2id{8, 1, 1}}),
		insecure(f, hash.Config{Params: hash.PBKDF2SHA256{Rounds: 1}}),
		insecure(
			f,
			hash.Config{
				Params:  hash.PBKDF2SHA256{Rounds: 1},
				Peppers: []hash.Pepper{pepper(f, "k", 1)},
			},
		),
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
