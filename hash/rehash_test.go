package hash_test

import (
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/hash/normalize"
	"github.com/stretchr/testify/require"
)

//lostkey:covers PS-CS-5
func TestARowIsRehashedWhenAnythingAboutItDiffers(t *testing.T) {
	t.Parallel()
	base := hash.Argon2id{MemoryKiB: 128, Time: 2, Threads: 2}
	h := insecure(t, hash.Config{Params: base})
	made := func(p hash.Params) string {
		encoded, err := insecure(
			t, hash.Config{Params: p},
		).Hash(t.Context(), phrase)
		require.NoError(t, err)
		return encoded
	}
	tag16 := "$argon2id$v=19$m=128,t=2,p=2$c29tZXNhbHQxMjM0NTY3OA$" +
		strings.Repeat("A", 22)
	reordered := strings.Replace(made(base), "t=2,p=2", "p=2,t=2", 1)

	for name, tt := range map[string]struct {
		stored string
		want   bool
	}{
		"the same":       {made(base), false},
		"less memory":    {made(hash.Argon2id{127, 2, 2}), true},
		"more memory":    {made(hash.Argon2id{129, 2, 2}), true},
		"fewer passes":   {made(hash.Argon2id{128, 1, 2}), true},
		"more passes":    {made(hash.Argon2id{128, 3, 2}), true},
		"other threads":  {made(hash.Argon2id{128, 2, 1}), true},
		"shorter tag":    {tag16, true},
		"npm's order":    {reordered, true},
		"argon2i":        {strings.Replace(tag16, "2id", "2i", 1), true},
		"bcrypt":         {made(hash.Bcrypt{Cost: 4}), true},
		"unknown format": {"hello", false},
		"malformed":      {"$argon2id$v=19$", false},
	} {
		require.Equal(t, tt.want, h.NeedsRehash(tt.stored), name)
	}
}

func TestRawBytesGoFirstAndTheNormalisedFormSecond(t *testing.T) {
	t.Parallel()
	const nfc, nfd = "p\u00e4ssword", "pa\u0308ssword"
	plain := insecure(t, hash.Config{})
	h := insecure(t, hash.Config{Normalize: normalize.NFC})
	foreign, err := plain.Hash(t.Context(), nfc) // as PHP would, from raw bytes
	require.NoError(t, err)
	decomposed, err := plain.Hash(t.Context(), nfd)
	require.NoError(t, err)

	for name, tt := range map[string]struct {
		password, stored string
		ok               bool
		runs             int
	}{
		"ASCII pays once":                   {"password", foreign, false, 1},
		"composed against composed":         {nfc, foreign, true, 1},
		"decomposed against composed":       {nfd, foreign, true, 2},
		"decomposed against decomposed":     {nfd, decomposed, true, 1},
		"composed against decomposed fails": {nfc, decomposed, false, 1},
		"invalid UTF-8 is one candidate":    {"p\xe4ss", foreign, false, 1},
	} {
		var res hash.Result
		runs := derivations(
			h,
			func() { res, err = h.Verify(t.Context(), tt.password, tt.stored) },
		)
		require.NoError(t, err)
		require.Equal(t, tt.ok, res.OK, name)
		require.Equal(t, tt.runs, runs, name)
	}

	// New hashes are made of the normalised form.
	own, err := h.Hash(t.Context(), nfd)
	require.NoError(t, err)
	res, err := plain.Verify(t.Context(), nfc, own)
	require.NoError(t, err)
	require.True(t, res.OK)
}

func TestLegacyRowsOfBytesThatAreNotUTF8StillVerify(t *testing.T) {
	t.Parallel()
	// sha512-crypt of a Latin-1 password, by PHP 8.2.35.
	const stored = "$6$rounds=1000$saltsalt$" +
		"nOacyM0Lg.9CLbzN8EXtjxcPSCtUeOkrsFz/J8wF9rqY" +
		"tcnJMjBgbKcX1Rt1GvXoWg0u277YaS4q3KN7GXGA2/"
	h := insecure(t, hash.Config{Normalize: normalize.NFKC})
	res, err := h.Verify(t.Context(), "p\xe4ssw\xf6rd", stored)
	require.NoError(t, err)
	require.True(t, res.OK)
	var row string
	res, err = h.VerifyAndUpdate(
		t.Context(), "p\xe4ssw\xf6rd", stored, store(&row),
	)
	require.NoError(t, err)
	require.True(t, res.OK)
	require.ErrorIs(t, res.UpdateErr, hash.ErrNotUTF8)
}

func TestNormalisationCannotBeUsedToInflateAPassword(t *testing.T) {
	t.Parallel()
	// NFKC makes eighteen characters, 33 bytes, of U+FDFA's three.
	h := insecure(t, hash.Config{Normalize: normalize.NFKC})
	bomb := strings.Repeat("\ufdfa", 341)
	require.Len(t, bomb, 1023)
	_, err := h.Hash(t.Context(), bomb)
	require.ErrorIs(t, err, hash.ErrPasswordTooLong)
	encoded, err := insecure(t, hash.Config{}).Hash(t.Context(), bomb)
	require.NoError(t, err)
	runs := derivations(h, func() {
		res, err := h.Verify(t.Context(), bomb, encoded)
		require.NoError(t, err)
		require.True(t, res.OK)
	})
	require.Equal(t, 1, runs)
}

func TestInspectTellsWhatIsLeftToMigrate(t *testing.T) {
	t.Parallel()
	h := insecure(
		t, hash.Config{Peppers: []hash.Pepper{pepper(t, "2026-11", 1)}},
	)
	own, err := h.Hash(t.Context(), phrase)
	require.NoError(t, err)
	runs := derivations(h, func() {
		for stored, want := range map[string]hash.Info{
			own: {
				Scheme: "argon2id", Params: "m=64,t=1,p=1",
				Pepper: "2026-11", MemoryKiB: 64,
			},
			legacyPBKDF2: {
				Scheme: "pbkdf2-sha256", Params: "sha256,rounds=29000",
				MemoryKiB: 8, NeedsRehash: true,
			},
			legacySHA512: {
				Scheme: "sha512-crypt", Params: "rounds=5000",
				MemoryKiB: 8, NeedsRehash: true,
			},
			"scrypt:32768:8:1$salt$" + strings.Repeat("0", 128): {
				Scheme: "werkzeug-scrypt", Params: "N=32768,r=8,p=1",
				MemoryKiB: 32768, NeedsRehash: true,
			},
		} {
			info, err := h.Inspect(stored)
			require.NoError(t, err)
			require.Equal(t, want, info)
		}
	})
	require.Zero(t, runs)
}

// A caller who looks at NeedsRehash alone must not store a guess.
func TestAWrongPasswordNeverAsksForARehash(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{Accept: allAndInsecure()})
	for _, stored := range []string{legacyPBKDF2, legacySHA512} {
		require.True(t, h.NeedsRehash(stored))
		res, err := h.Verify(t.Context(), "wrong", stored)
		require.NoError(t, err)
		require.False(t, res.OK)
		require.False(t, res.NeedsRehash)

		res, err = h.Verify(t.Context(), phrase, stored)
		require.NoError(t, err)
		require.True(t, res.OK)
		require.True(t, res.NeedsRehash)
	}
}

func TestZeroFieldsOfArgon2idHaveTheirDefaults(t *testing.T) {
	t.Parallel()
	for want, params := range map[string]hash.Params{
		"m=19456,t=2,p=1": hash.Argon2id{},
		"m=20000,t=2,p=1": hash.Argon2id{MemoryKiB: 20000},
		"m=19456,t=3,p=1": hash.Argon2id{Time: 3},
		"m=19456,t=2,p=2": hash.Argon2id{Threads: 2},
		"m=19457,t=2,p=1": hash.Spring{
			Algorithm: hash.Argon2id{MemoryKiB: 19457},
		},
	} {
		h, err := hash.New(hash.Config{Params: params})
		require.NoError(t, err)
		encoded, err := h.Hash(t.Context(), phrase)
		require.NoError(t, err)
		info, err := h.Inspect(encoded)
		require.NoError(t, err)
		require.Equal(t, want, info.Params)
	}
}
