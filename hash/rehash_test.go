package hash_test

import (
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/hash/normalize"
	"github.com/stretchr/testify/require"
)

func TestARowIsRehashedWhenAnythingAboutItDiffers(t *testing.T) {
	t.Parallel()
	base := hash.Argon2id{MemoryKiB: 128, Time: 2, Threads: 2}
	h := insecure(t, hash.Config{Params: base})
	up := insecure(t, hash.Config{Params: base, OnlyUpgrade: true})
	made := func(p hash.Params) string {
		encoded, err := insecure(t, hash.Config{Params: p}).Hash(t.Context(), phrase)
		require.NoError(t, err)
		return encoded
	}
	tag16 := "$argon2id$v=19$m=128,t=2,p=2$c29tZXNhbHQxMjM0NTY3OA$" + strings.Repeat("A", 22)
	for name, tt := range map[string]struct {
		stored             string
		exact, onlyOnwards bool
	}{
		"the same":       {made(base), false, false},
		"less memory":    {made(hash.Argon2id{127, 2, 2}), true, true},
		"more memory":    {made(hash.Argon2id{129, 2, 2}), true, false},
		"fewer passes":   {made(hash.Argon2id{128, 1, 2}), true, true},
		"more passes":    {made(hash.Argon2id{128, 3, 2}), true, false},
		"other threads":  {made(hash.Argon2id{128, 2, 1}), true, false},
		"shorter tag":    {tag16, true, true},
		"npm's order":    {strings.Replace(made(base), "m=128,t=2,p=2", "m=128,p=2,t=2", 1), true, true},
		"argon2i":        {strings.Replace(tag16, "argon2id", "argon2i", 1), true, true},
		"bcrypt":         {made(hash.Bcrypt{Cost: 4}), true, true},
		"unknown format": {"hello", false, false},
		"malformed":      {"$argon2id$v=19$", false, false},
	} {
		require.Equal(t, tt.exact, h.NeedsRehash(tt.stored), name)
		require.Equal(t, tt.onlyOnwards, up.NeedsRehash(tt.stored), name)
	}
}

func TestTwoVersionsSideBySideDoNotRewriteEachOthersRows(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]hash.Params{
		{hash.Argon2id{64, 1, 1}, hash.Argon2id{128, 2, 1}},
		{hash.Bcrypt{Cost: 4}, hash.Bcrypt{Cost: 5}},
		{hash.PBKDF2SHA256{Rounds: 10}, hash.PBKDF2SHA256{Rounds: 11}},
	} {
		older := insecure(t, hash.Config{Params: pair[0], OnlyUpgrade: true})
		newer := insecure(t, hash.Config{Params: pair[1], OnlyUpgrade: true})
		low, err := older.Hash(t.Context(), phrase)
		require.NoError(t, err)
		high, err := newer.Hash(t.Context(), phrase)
		require.NoError(t, err)
		require.True(t, newer.NeedsRehash(low))
		require.False(t, older.NeedsRehash(high))
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
		runs := derivations(h, func() { res, err = h.Verify(t.Context(), tt.password, tt.stored) })
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
		"nOacyM0Lg.9CLbzN8EXtjxcPSCtUeOkrsFz/J8wF9rqYtcnJMjBgbKcX1Rt1GvXoWg0u277YaS4q3KN7GXGA2/"
	h := insecure(t, hash.Config{Normalize: normalize.NFKC})
	res, err := h.Verify(t.Context(), "p\xe4ssw\xf6rd", stored)
	require.NoError(t, err)
	require.True(t, res.OK)
	var row string
	res, err = h.VerifyAndUpdate(t.Context(), "p\xe4ssw\xf6rd", stored, store(&row))
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

func TestSeveralPresetsJoinIntoOne(t *testing.T) {
	t.Parallel()
	var all []hash.Scheme
	for _, preset := range [][]hash.Scheme{
		hash.Modern(), hash.Django(), hash.Flask(), hash.Passlib(), hash.Rails(), hash.Laravel(), hash.Node(),
		hash.WordPress(), hash.ASPNET(), hash.Spring(), hash.Unix(), hash.BetterAuth(nil),
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
	h := insecure(t, hash.Config{Accept: hash.With(hash.All(), hash.Devise("devise-pepper")...)})
	res, err := h.Verify(t.Context(), phrase, "$2a$11$9G44Mj6MigsGwdvVkETuJeu2ZvIUa13UrsX7LJF3bLLKly4EzyZ5i")
	require.NoError(t, err)
	require.True(t, res.OK)
	require.Equal(t, "devise-bcrypt", res.Scheme)
	res, err = h.Verify(t.Context(), phrase, legacyPBKDF2)
	require.NoError(t, err)
	require.True(t, res.OK)
	// A plain bcrypt row is not Devise's.
	res, err = h.Verify(t.Context(), phrase, "$2b$10$PDK0iSW8XewdU1h7K40sKesIwzv6VT0k/UszZFn1GcSdDp4COp0qy")
	require.NoError(t, err)
	require.False(t, res.OK)
}

func TestInspectTellsWhatIsLeftToMigrate(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{Peppers: []hash.Pepper{pepper(t, "2026-11", 1)}})
	own, err := h.Hash(t.Context(), phrase)
	require.NoError(t, err)
	runs := derivations(h, func() {
		for stored, want := range map[string]hash.Info{
			own:          {Scheme: "argon2id", Params: "m=64,t=1,p=1", Pepper: "2026-11", MemoryKiB: 64},
			legacyPBKDF2: {Scheme: "pbkdf2-sha256", Params: "sha256,rounds=29000", MemoryKiB: 8, NeedsRehash: true},
			legacySHA512: {Scheme: "sha512-crypt", Params: "rounds=5000", MemoryKiB: 8, NeedsRehash: true},
			"scrypt:32768:8:1$salt$" + strings.Repeat("0", 128): {Scheme: "werkzeug-scrypt", Params: "N=32768,r=8,p=1", MemoryKiB: 32768, NeedsRehash: true},
		} {
			info, err := h.Inspect(stored)
			require.NoError(t, err)
			require.Equal(t, want, info)
		}
	})
	require.Zero(t, runs)
}
