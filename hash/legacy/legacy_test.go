package legacy_test

import (
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/hash/legacy"
	"github.com/stretchr/testify/require"
)

const (
	phrase = "correct horse battery staple"

	// Made by passlib 1.7.4 from phrase.
	passlibPBKDF2 = "$pbkdf2-sha256$29000$M8YYg/B.b42REiJECGHs/Q$" +
		"iy.CNIr96P.KkBU.uDO/MjmZV/W9eq4PQEX78oHpCDU"
)

// newHasher returns a cheap Hasher that accepts schemes.
func newHasher(t *testing.T, cfg hash.Config) *hash.Hasher {
	t.Helper()
	cfg.Params = hash.Argon2id{MemoryKiB: 64, Time: 1, Threads: 1}
	h, err := hash.NewInsecure(cfg)
	require.NoError(t, err)
	return h
}

func TestSeveralPresetsJoinIntoOne(t *testing.T) {
	t.Parallel()
	var all []hash.Scheme
	for _, preset := range [][]hash.Scheme{
		hash.Modern(), legacy.Django(), legacy.Drupal(), legacy.CryptScrypt(),
		legacy.Flask(), legacy.Passlib(), legacy.Rails(), legacy.Laravel(),
		legacy.Node(), legacy.WordPress(), legacy.ASPNET(), legacy.Spring(),
		legacy.Unix(), legacy.BetterAuth(nil),
		legacy.InsecureMD5Crypt(), legacy.InsecureLDAP(),
	} {
		_, err := hash.New(hash.Config{Accept: preset})
		require.NoError(t, err)
		all = append(all, preset...)
	}
	_, err := hash.New(hash.Config{Accept: all})
	require.NoError(t, err)
}

func TestWithPutsAnAmbiguousFormatInPlaceOfThePlainOne(t *testing.T) {
	t.Parallel()
	h := newHasher(
		t,
		hash.Config{
			Accept: legacy.With(
				legacy.All(),
				legacy.Devise("devise-pepper")...),
		},
	)
	res, err := h.Verify(
		t.Context(), phrase,
		"$2a$11$9G44Mj6MigsGwdvVkETuJeu2ZvIUa13UrsX7LJF3bLLKly4EzyZ5i",
	)
	require.NoError(t, err)
	require.True(t, res.OK)
	require.Equal(t, "devise-bcrypt", res.Scheme)
	res, err = h.Verify(t.Context(), phrase, passlibPBKDF2)
	require.NoError(t, err)
	require.True(t, res.OK)

	// A plain bcrypt row is not Devise's.
	res, err = h.Verify(
		t.Context(), phrase,
		"$2b$10$PDK0iSW8XewdU1h7K40sKesIwzv6VT0k/UszZFn1GcSdDp4COp0qy",
	)
	require.NoError(t, err)
	require.False(t, res.OK)
}

func TestAllHoldsNothingInsecureAndNothingThatLooksLikeAnother(t *testing.T) {
	t.Parallel()
	for _, s := range legacy.All() {
		require.NotContains(t, s.Name(), "insecure")
	}
	_, err := hash.New(hash.Config{Accept: legacy.All()})
	require.NoError(t, err)
}

func TestEveryInsecureSchemeSaysSoInItsName(t *testing.T) {
	t.Parallel()
	for _, schemes := range [][]hash.Scheme{
		legacy.InsecureMD5Crypt(), legacy.InsecureLDAP(),
		legacy.InsecureDjangoMD5(), legacy.InsecureDjangoSHA1(),
		legacy.InsecureBareMD5(), legacy.InsecureWerkzeugMD5(),
		legacy.InsecureWerkzeugSHA1(), legacy.InsecureWerkzeugSHA256(),
	} {
		for _, s := range schemes {
			require.True(t, strings.HasPrefix(s.Name(), "insecure-"), s.Name())
		}
	}
}

func TestNodeScryptRefusesACostThatNoRowMayHave(t *testing.T) {
	t.Parallel()
	for _, cfg := range []legacy.NodeScryptConfig{
		{N: -1, R: 8, P: 1},
		{N: 16383, R: 8, P: 1},
		{N: 1 << 24, R: 8, P: 1},
		{N: 16384, R: 33, P: 1},
		{N: 16384, R: 8},
	} {
		schemes, err := legacy.NodeScrypt(cfg)
		require.ErrorContains(t, err, "cost of N, R and P", cfg)
		require.Nil(t, schemes)
	}
}
