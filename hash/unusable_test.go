package hash_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/stretchr/testify/require"
)

// marks are what systems store for an account without a password.
var marks = []string{
	"",
	"!",
	"!!",
	"!*",
	"!abc",
	"!" + legacySHA512,
	"*",
	"*0",
	"*1",
	"**",
	"*LK*",
	"*LK*" + legacySHA512,
	"*AL*" + legacySHA512,
	"*NP*",
	"*LOCKED*" + legacySHA512,
	"*************",
	"*THISISNOTAVALIDPASSWORDTHATCANBEUSEDHERE",
	"*" + strings.Repeat("a", 40),
	"*" + strings.Repeat("A", 39),
	"*" + strings.Repeat("A", 41),
	"x",
	"X",
	"NP",
	"np",
	"UP",
	"not cached",
	"disabled",
	"Disabled",
	"DISABLED",
	"invalid",
	"INVALID",
	"locked",
	"LOCKED",
	"nologin",
	"NOLOGIN",
}

// hashes are stored hashes, read here or not, that come near a mark.
var hashes = []string{
	"xx1LtbDbOY4/E",
	"NPmA5R8gZyKMA",
	"UPqQ0s4Ic5nYE",
	"xDUPasswordXX",
	"..UZoIyj/Hy/c",        // DES crypt
	"_J9..rasmBYk8r9AiWNc", // BSDi's DES crypt
	"*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19", // MySQL's PASSWORD()
	"5f4dcc3b5aa765d61d8327deb882cf99",
	"NULL",
	"none",
	"plain",
	"secret",
	"xx",
	"xyz",
	"np1",
	"disabled1",
	"not disabled",
	" x",
	"x ",
	"disabled\n",
	" ",
	"{noop}disabled",
	"{noop}x",
	"{noop}!",
	"plain:x",
	"$plaintext$x",
	"$0$x",
	"disabled$",
	"nologin$abc",
	"$1$abcdefgh$4/U5.w6NPtLkJ2WyrTwm91",
	"{SSHA}9KDjHHZ0+l6o33onu7kRBPsodJG1FsK4",
	"{SSHA}",
	"{SMD5}x",
	"$7$",
	"$7$C6..../....x$",
	"$S$",
	"$S$DeGLbw.lhnnmGdFyMFM.wsMnIs9IEkHpOUeRDfDbfw8yCdFZMzzn",
	"U$S$x",
	"$y$j9T$RsqIWvVJUgZbnOBah1JEc/$dsuChvN6DaOu4BgHlc96yLrB7YbepRGoxt8Kgt.zAr5",
}

func TestWhatMarksAnAccountWithoutAPassword(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{})
	for _, stored := range marks {
		require.True(t, hash.IsUnusable(stored), stored)
		require.False(t, h.HasPassword(stored), stored)
	}
}

func TestNoStoredHashIsTakenForAMark(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{})
	all := slices.Clone(hashes)

	for _, v := range vectors(t) {
		if v.scheme != "unusable" {
			all = append(all, v.stored)
		}
	}

	for _, params := range []hash.Params{
		cheap, hash.Bcrypt{Cost: 4}, hash.PBKDF2SHA256{Rounds: 1},
	} {
		for _, peppers := range [][]hash.Pepper{nil, {pepper(t, "x", 1)}} {
			encoded, err := insecure(
				t, hash.Config{Params: params, Peppers: peppers},
			).Hash(t.Context(), phrase)
			require.NoError(t, err)
			all = append(all, encoded)
		}
	}

	for _, stored := range all {
		require.False(t, hash.IsUnusable(stored), stored)
		require.True(t, h.HasPassword(stored), stored)
	}
}

func TestNoMethodTreatsAMarkAsAHash(t *testing.T) {
	t.Parallel()
	fake := &claimsAll{}
	h := insecure(t, hash.Config{
		Accept: []hash.Scheme{fake},
		IsUnusable: func(encoded string) bool {
			return strings.HasPrefix(encoded, "sso:")
		},
	})
	for _, stored := range append(slices.Clone(marks), "sso:", "sso:google") {
		require.False(t, h.HasPassword(stored), stored)
		require.False(t, h.NeedsRehash(stored), stored)
		info, err := h.Inspect(stored)
		require.NoError(t, err)
		require.Equal(t, hash.Info{Scheme: "unusable"}, info, stored)
		res, err := h.Verify(t.Context(), "good", stored)
		require.NoError(t, err)
		require.Equal(t, hash.Result{Scheme: "unusable"}, res, stored)
		res, err = h.VerifyAndUpdate(
			t.Context(), "good", stored,
			func(context.Context, string, string) (bool, error) {
				require.Fail(t, "swapped")
				return true, nil
			},
		)
		require.NoError(t, err)
		require.Equal(t, hash.Result{Scheme: "unusable"}, res, stored)
	}
	require.Zero(t, fake.runs.Load())
	require.False(
		t, hash.IsUnusable("sso:google"), "the default knows nothing of it",
	)

	res, err := h.Verify(t.Context(), "good", "sso")
	require.NoError(t, err)
	require.True(t, res.OK, "no mark")
}

func TestAPanicInConfigIsUnusableIsAMark(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	fake := &fakeScheme{}
	h := insecure(
		t,
		hash.Config{
			Accept: []hash.Scheme{fake},
			IsUnusable: func(encoded string) bool {
				asked.Add(1)
				panic("cannot read " + encoded)
			},
		},
	)
	require.False(t, h.HasPassword("fake:1"))
	require.False(t, h.NeedsRehash("fake:1"))
	_, err := h.Inspect("fake:1")
	require.NoError(t, err)
	res, err := h.Verify(t.Context(), "good", "fake:1")
	require.NoError(t, err)
	require.Equal(t, hash.Result{Scheme: "unusable"}, res)
	require.Zero(t, fake.runs.Load())
	require.EqualValues(t, 4, asked.Load())

	// Nobody is asked about what is a mark anyway, and it cannot be unmarked.
	require.False(t, h.HasPassword("!"))
	require.EqualValues(t, 4, asked.Load())
	no := insecure(t, hash.Config{IsUnusable: func(string) bool { return false }})
	require.False(t, no.HasPassword("disabled"))
	require.True(t, no.HasPassword(legacySHA512))
}

func TestNewUnusableIsNeverTheSameTwice(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 10_000 {
		mark := hash.NewUnusable()
		require.Regexp(t, `^![A-Za-z0-9]{40}$`, mark)
		require.False(t, seen[mark])
		require.True(t, hash.IsUnusable(mark))
		seen[mark] = true
	}
}
