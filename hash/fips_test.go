package hash_test

import (
	"crypto/fips140"
	"os"
	"os/exec"
	"testing"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/stretchr/testify/require"
)

// TestUnderFIPS runs itself again in a process for each setting of GODEBUG.
//
//lostkey:covers PS-CS-9
func TestUnderFIPS(t *testing.T) {
	t.Parallel()
	const child = "LOSTKEY_FIPS_TEST"
	if mode := os.Getenv(child); mode != "" {
		require.Equal(t, mode == "only", fips140.Enforced())
		require.Equal(t, mode != "off", fips140.Enabled())
		if mode == "only" {
			t.Run("makes nothing but PBKDF2", makesNothingButPBKDF2)
			t.Run(
				"refuses legacy rows with typed errors", refusesWithTypedErrors,
			)
		} else {
			t.Run("refuses nothing", refusesNothing)
		}

		return
	}

	modes := []string{"on", "only"}
	if raceEnabled {
		modes = nil // one goroutine each
	}

	for _, mode := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(
				t.Context(), os.Args[0], "-test.run=^TestUnderFIPS$", "-test.v",
				"-test.count=1",
			)
			cmd.Env = append(
				os.Environ(), "GODEBUG=fips140="+mode, child+"="+mode,
			)
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
			require.Contains(t, string(out), "--- PASS: TestUnderFIPS/")
		})
	}
}

func refusesNothing(t *testing.T) {
	for _, v := range onePerScheme(t) {
		res, err := insecure(
			t, v.config(t),
		).Verify(t.Context(), v.password, v.stored)
		require.NoError(t, err, v.stored)
		require.True(t, res.OK, v.stored)
	}
}

func makesNothingButPBKDF2(t *testing.T) {
	for _, p := range []hash.Params{nil, hash.Argon2id{}, hash.Bcrypt{}} {
		_, err := hash.New(hash.Config{Params: p})
		require.ErrorContains(t, err, "Config.Params")
	}
	h, err := hash.New(
		hash.Config{
			Params:  hash.PBKDF2SHA256{},
			Peppers: []hash.Pepper{pepper(t, "k", 1)},
		},
	)
	require.NoError(t, err)
	encoded, err := h.Hash(t.Context(), phrase)
	require.NoError(t, err)
	require.Contains(t, encoded, "$pbkdf2-sha256$600000$")
	require.LessOrEqual(t, len(encoded), 128)
	res, err := h.Verify(t.Context(), phrase, encoded)
	require.NoError(t, err)
	require.True(t, res.OK)
	require.False(t, res.NeedsRehash)
}

func refusesWithTypedErrors(t *testing.T) {
	refused := map[string]int{}
	for _, v := range onePerScheme(t) {
		cfg := v.config(t)
		cfg.Params = hash.PBKDF2SHA256{Rounds: 1}
		res, err := insecure(t, cfg).Verify(t.Context(), v.password, v.stored)
		if err == nil {
			require.True(t, res.OK, v.stored)
			continue
		}

		require.ErrorIs(t, err, hash.ErrFIPS, v.stored)
		refused[v.scheme]++
		cfg.LegacyInFIPS = true
		res, err = insecure(t, cfg).Verify(t.Context(), v.password, v.stored)
		require.NoError(t, err, v.stored)
		require.True(t, res.OK, v.stored)
	}

	for _, scheme := range []string{
		"phpass", "wordpress", "pbkdf2-sha1", "aspnet-v2",
		"django-pbkdf2-sha1", "spring-pbkdf2", "insecure-bare-md5",
		"insecure-md5-crypt", "insecure-apr1", "insecure-ldap-smd5",
		"insecure-ldap-ssha", "drupal-updated",
	} {
		require.NotZero(t, refused[scheme], scheme)
	}

	t.Log("refused:", refused)
}
