package hash_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/hash/normalize"
	"github.com/stretchr/testify/require"
)

var (
	otherVersion = strings.Replace(argon("m=64,t=1,p=1"), "v=19", "v=17", 1)
	otherVariant = strings.Replace(argon("m=64,t=1,p=1"), "2id", "2d", 1)
)

func TestEveryWayToFailCostsADerivationOfTodaysParameters(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{Normalize: normalize.NFKC})
	current, err := h.Hash(t.Context(), phrase)
	require.NoError(t, err)
	long := func(n int) string { return strings.Repeat("a", n) }

	for name, tt := range map[string]struct {
		password, stored string
		runs             int
		want             error
	}{
		"right password":             {phrase, current, 1, nil},
		"wrong password":             {"wrong", current, 1, nil},
		"wrong password, two forms":  {"\ufb01sh", current, 2, nil},
		"legacy row, right password": {phrase, legacyPBKDF2, 1, nil},
		"legacy row, wrong password": {"wrong", legacyPBKDF2, 2, nil},
		"empty password":             {"", current, 1, nil},
		"empty password, legacy row": {"", legacyPBKDF2, 1, nil},
		"longest password":           {long(1024), current, 1, nil},
		"over-long password":         {long(1025), current, 1, nil},
		"megabyte password":          {long(1 << 20), current, 1, nil},
		"too long for the row alone": {long(257), legacySHA512, 1, nil},

		"no password stored":         {phrase, "", 1, nil},
		"Django's unusable password": {phrase, "!9QF0rHZAGoB0XCNIG0K", 1, nil},
		"locked in a shadow file":    {phrase, "*", 1, nil},
		"failure of crypt":           {phrase, "*0", 1, nil},
		"shadowed":                   {phrase, "x", 1, nil},
		"locked over a good hash":    {phrase, "!" + legacySHA512, 1, nil},

		"unknown format": {phrase, "plain text", 1, hash.ErrUnknownFormat},
		"malformed row":  {phrase, "$argon2id$v=19$", 1, hash.ErrMalformed},
		"out of bounds": {
			phrase, argon("m=4294967295,t=1,p=1"), 1, hash.ErrOutOfBounds,
		},
		"unsupported row":         {phrase, otherVersion, 1, hash.ErrUnsupported},
		"argon2d, wrong password": {phrase, otherVariant, 2, nil},
		"row of a pepper that was removed": {
			phrase, "$lostkey-pepper$gone" + current, 1, hash.ErrUnknownPepper,
		},
		"row longer than any stored string": {
			phrase, current + long(1024), 1, hash.ErrUnknownFormat,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var res hash.Result
			var err error
			runs := derivations(h, func() {
				res, err = h.Verify(t.Context(), tt.password, tt.stored)
			})

			require.ErrorIs(t, err, tt.want)
			right := strings.HasPrefix(name, "right") ||
				strings.HasSuffix(name, "right password")
			require.Equal(t, right, res.OK)
			require.Equal(t, tt.runs, runs)
		})
	}
}

func TestAnEmptyOrOverLongPasswordReachesNoDerivation(t *testing.T) {
	t.Parallel()
	fake := &fakeScheme{check: func(string) (bool, error) { return true, nil }}
	h := insecure(t, hash.Config{Accept: []hash.Scheme{fake}})
	for length, want := range map[int]bool{
		0: false, 1: true, 1024: true, 1025: false, 1 << 20: false,
	} {
		res, err := h.Verify(t.Context(), strings.Repeat("a", length), "fake:1")
		require.NoError(t, err)
		require.Equal(t, want, res.OK, length)
	}
}

//lostkey:covers CWE-208
func TestDummyCostsWhatAFailureOnACurrentRowCosts(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{Normalize: normalize.NFKC})
	current, err := h.Hash(t.Context(), phrase)
	require.NoError(t, err)
	for _, password := range []string{
		"wrong", "\ufb01sh", "", "p\xe4ss", strings.Repeat("a", 2000),
	} {
		want := derivations(
			h, func() { _, err = h.Verify(t.Context(), password, current) },
		)
		require.NoError(t, err)
		got := derivations(
			h, func() { err = h.VerifyDummy(t.Context(), password) },
		)
		require.NoError(t, err)
		require.Equal(t, want, got, "%.10q", password)
	}
}

func TestUnusableRowsNeverBecomeAHash(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{})

	for _, stored := range []string{
		"", "x", "*", "*0", "*1", "!", "!!", "!abc", "*LK*",
	} {
		require.False(t, h.NeedsRehash(stored), stored)
		res, err := h.VerifyAndUpdate(
			t.Context(), "x", stored,
			func(context.Context, string, string) (bool, error) {
				require.Fail(t, "swapped")
				return true, nil
			},
		)
		require.NoError(t, err)
		require.Equal(t, hash.Result{Scheme: "unusable"}, res)
		info, err := h.Inspect(stored)
		require.NoError(t, err)
		require.Equal(t, hash.Info{Scheme: "unusable"}, info)
	}
}

//lostkey:covers PS-CS-5 PS-CS-6
func TestUpgradeReplacesALegacyRowOnce(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{})
	row := legacyPBKDF2
	runs := derivations(h, func() {
		res, err := h.VerifyAndUpdate(t.Context(), phrase, row, store(&row))
		require.NoError(t, err)
		require.Equal(
			t, hash.Result{OK: true, Scheme: "pbkdf2-sha256", Updated: true},
			res,
		)
	})

	require.Equal(t, 2, runs, "one of the old, one of the new")
	require.True(t, strings.HasPrefix(row, "$argon2id$"))
	res, err := h.VerifyAndUpdate(
		t.Context(), phrase, row,
		func(context.Context, string, string) (bool, error) {
			require.Fail(t, "a current row is not written")
			return false, nil
		},
	)
	require.NoError(t, err)
	require.Equal(t, hash.Result{OK: true, Scheme: "argon2id"}, res)
}

func TestAWrongPasswordNeverReachesTheSwap(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{})
	res, err := h.VerifyAndUpdate(
		t.Context(), "wrong", legacyPBKDF2,
		func(context.Context, string, string) (bool, error) {
			require.Fail(t, "swapped")
			return true, nil
		},
	)
	require.NoError(t, err)
	require.False(t, res.OK)
	_, err = h.VerifyAndUpdate(t.Context(), phrase, legacyPBKDF2, nil)
	require.ErrorContains(t, err, "SwapFunc")
}

func TestNothingAfterTheVerificationFailsTheLogin(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{})
	broken := errors.New("disk full")
	answering := func(err error) hash.SwapFunc {
		return func(context.Context, string, string) (bool, error) {
			return false, err
		}
	}

	for name, tt := range map[string]struct {
		swap hash.SwapFunc
		want error
	}{
		"lost swap":   {answering(nil), nil},
		"store error": {answering(broken), broken},
	} {
		res, err := h.VerifyAndUpdate(
			t.Context(), phrase, legacyPBKDF2, tt.swap,
		)
		require.NoError(t, err, name)
		require.True(t, res.OK)
		require.True(t, res.NeedsRehash)
		require.False(t, res.Updated)
		require.ErrorIs(t, res.UpdateErr, tt.want)
	}

	// The ctx ends between the verification and the new hash.
	ctx, cancel := context.WithCancel(t.Context())
	fake := &fakeScheme{
		check: func(string) (bool, error) { cancel(); return true, nil },
	}
	h = insecure(t, hash.Config{Accept: []hash.Scheme{fake}})
	res, err := h.VerifyAndUpdate(
		ctx,
		phrase,
		"fake:1",
		func(context.Context, string, string) (bool, error) {
			require.Fail(t, "swapped after the end")
			return false, nil
		},
	)
	require.NoError(t, err)
	require.True(t, res.OK)
	require.ErrorIs(t, res.UpdateErr, context.Canceled)
}

func TestALoginThatRacesAResetNeverBringsTheOldPasswordBack(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{})
	u := &users{row: legacyPBKDF2}
	fresh, err := h.Hash(t.Context(), "the new password")
	require.NoError(t, err)

	res, err := h.VerifyAndUpdate(
		t.Context(), phrase, u.row,
		func(ctx context.Context, old, encoded string) (bool, error) {
			// The reset lands after the verification and before the swap.
			swapped, err := u.swap(ctx, legacyPBKDF2, fresh)
			require.NoError(t, err)
			require.True(t, swapped)
			return u.swap(ctx, old, encoded)
		},
	)
	require.NoError(t, err)
	require.True(t, res.OK)
	require.False(t, res.Updated)
	require.Equal(t, fresh, u.row)
}

func TestTwoLoginsOnOneLegacyRowBothSucceedAndOneWrites(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{})
	u := &users{row: legacyPBKDF2}
	var barrier, done sync.WaitGroup
	barrier.Add(2)
	updated := make(chan bool, 2)

	for range 2 {
		done.Go(func() {
			res, err := h.VerifyAndUpdate(
				t.Context(), phrase, legacyPBKDF2,
				func(ctx context.Context, old, encoded string) (bool, error) {
					barrier.Done()
					barrier.Wait()
					return u.swap(ctx, old, encoded)
				},
			)
			if err == nil && res.OK && res.UpdateErr == nil {
				updated <- res.Updated
			}
		})
	}

	done.Wait()
	require.NotEqual(t, <-updated, <-updated)
	res, err := h.Verify(t.Context(), phrase, u.row)
	require.NoError(t, err)
	require.True(t, res.OK)
}
