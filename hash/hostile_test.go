package hash_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/stretchr/testify/require"
)

// hostile are stored strings that crashed, stalled or fooled other
// implementations, by the error that each must have.
func hostile() map[error]map[string]string {
	return map[error]map[string]string{
		hash.ErrMalformed:     malformedRows,
		hash.ErrOutOfBounds:   outOfBoundsRows,
		hash.ErrUnsupported:   unsupportedRows,
		hash.ErrUnknownFormat: unknownRows,
	}
}

//lostkey:covers ASVS-15.2.2 CWE-400
func TestDamagedAndHostileRowsAreTypedErrorsAndDeriveNothing(t *testing.T) {
	h := insecure(t, hash.Config{Accept: allAndInsecure()})
	for want, rows := range hostile() {
		for name, stored := range rows {
			t.Run(
				name, func(t *testing.T) { derivesNothing(t, h, stored, want) },
			)
		}
	}
}

// derivesNothing checks that a row is refused before its own derivation.
func derivesNothing(t *testing.T, h *hash.Hasher, stored string, want error) {
	t.Helper()
	before := allocated()
	var info hash.Info
	var err error
	runs := derivations(h, func() { info, err = h.Inspect(stored) })
	require.ErrorIs(t, err, want)
	require.Zero(t, info)
	require.Zero(t, runs)
	require.Less(t, allocated()-before, uint64(64<<10))

	runs = derivations(h, func() {
		var res hash.Result
		res, err = h.Verify(t.Context(), phrase, stored)
		require.Zero(t, res)
	})
	require.ErrorIs(t, err, want)
	require.Equal(t, 1, runs, "the dummy alone")
	require.False(t, h.NeedsRehash(stored), "as Inspect and Verify")
}

func TestArgon2ParametersInAnyOrderAreOneHash(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{Params: hash.Argon2id{19456, 2, 1}})
	for _, params := range []string{
		"m=19456,t=2,p=1", "m=19456,p=1,t=2", "t=2,m=19456,p=1",
		"t=2,p=1,m=19456", "p=1,m=19456,t=2", "p=1,t=2,m=19456",
	} {
		res, err := h.Verify(t.Context(), phrase, argon(params))
		require.NoError(t, err, params)
		require.True(t, res.OK, params)
		require.Equal(t, params != "m=19456,t=2,p=1", res.NeedsRehash, params)
	}
}

func TestBoundsCanBeRaisedAndLowered(t *testing.T) {
	t.Parallel()
	// A right digest is not needed.
	const row = "pbkdf2_sha256$1000$saltsaltsalt$"
	stored := row + base64.StdEncoding.EncodeToString(make([]byte, 32))
	for rounds, want := range map[int]error{
		999: hash.ErrOutOfBounds, 1000: nil, 1001: nil,
	} {
		_, err := insecure(
			t, hash.Config{Bounds: hash.Bounds{PBKDF2Rounds: rounds}},
		).Inspect(stored)
		require.ErrorIs(t, err, want)
	}
}

func TestMemoryIsBoundedWhateverTheSlotsHave(t *testing.T) {
	t.Parallel()
	l, err := hash.NewSlots(hash.SlotsConfig{MemoryKiB: 1 << 30})
	require.NoError(t, err)
	h := insecure(t, hash.Config{Slots: l})
	for _, stored := range []string{
		argon("m=262145,t=1,p=1"),
		"$scrypt$ln=19,r=8,p=1$" + salt16 + "$" + tag32,
	} {
		_, err := h.Inspect(stored)
		require.ErrorIs(t, err, hash.ErrOutOfBounds, stored)
	}
}

func TestDefaultBoundsHoldAtTheirExactEdge(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{Accept: allAndInsecure()})
	for _, stored := range []string{
		argon("m=262144,t=4,p=16"), argon("m=65536,t=16,p=1"),
		"$2b$16$" + bc53, "$2b$04$" + bc53,
		"$scrypt$ln=18,r=8,p=1$" + salt16 + "$" + tag32,
		"$scrypt$ln=17,r=8,p=4$" + salt16 + "$" + tag32,
		"$pbkdf2-sha256$10000000$" + salt16 + "$" + strings.Repeat("A", 43),
		"$5$rounds=5000000$saltsalt$" + h6432,
		"$5$rounds=1000$saltsalt$" + h6432, "$7$G6..../....salt$" + cryptKey,
		"$7$C6..../...." + strings.Repeat("a", 128) + "$" + cryptKey,
		"$S$I" + drupalRest, "$S$5" + drupalRest, "U$S$I" + drupalRest,
		"$1$s$" + md5Digest, "$apr1$saltsalt$" + md5Digest,
		"{SSHA}" + base64.StdEncoding.EncodeToString(make([]byte, 20+1)),
		"{SSHA512}" + base64.StdEncoding.EncodeToString(make([]byte, 64+32)),
		"$P$IK9x6p/MnQPHL8yRAPznMyM0u8Nh3o/",
		"$P$5K9x6p/MnQPHL8yRAPznMyM0u8Nh3o/",
	} {
		_, err := h.Inspect(stored)
		require.NoError(t, err, stored)
	}
}

func TestARowHeavierThanTheWholeBudgetIsAnErrorAtOnce(t *testing.T) {
	t.Parallel()
	l, err := hash.NewSlots(hash.SlotsConfig{MemoryKiB: 1024})
	require.NoError(t, err)
	h := insecure(t, hash.Config{Slots: l})
	_, err = h.Verify(t.Context(), phrase, argon("m=1025,t=1,p=1"))
	require.ErrorIs(t, err, hash.ErrOutOfBounds)
	_, err = h.Inspect(argon("m=1025,t=1,p=1"))
	require.ErrorIs(t, err, hash.ErrOutOfBounds)
	_, err = h.Verify(t.Context(), phrase, argon("m=1024,t=1,p=1"))
	require.NoError(t, err)
}

func TestAPanicInAParserIsAMalformedRow(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{Accept: []hash.Scheme{&panickyParser{}}})
	_, err := h.Verify(t.Context(), phrase, "fake:S3CR3T")
	require.ErrorIs(t, err, hash.ErrMalformed)
	require.NotContains(t, err.Error(), "S3CR3T")
	require.False(t, h.NeedsRehash("fake:S3CR3T"))
}

//lostkey:covers ASVS-16.5.4
func TestAPanicInASchemeIsAnErrorAndFreesTheSlot(t *testing.T) {
	t.Parallel()
	l, err := hash.NewSlots(hash.SlotsConfig{Count: 1, Queue: 1})
	require.NoError(t, err)
	fake := &fakeScheme{
		check: func(password string) (bool, error) {
			panic("cannot hash " + password)
		},
	}
	h := insecure(t, hash.Config{Accept: []hash.Scheme{fake}, Slots: l})
	for range 1000 {
		res, err := h.Verify(t.Context(), "secret", "fake:1")
		require.Error(t, err)
		require.NotContains(t, err.Error(), "secret")
		require.False(t, res.OK)
	}
	require.Zero(t, l.Stats().Running)
	require.Zero(t, l.Stats().MemoryKiB)
	require.NoError(t, h.VerifyDummy(t.Context(), "x"))
}
