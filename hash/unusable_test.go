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
	"", "!", "!!", "!*", "!abc", "!" + legacySHA512,
	"*", "*0", "*1", "**", "*LK*", "*LK*" + legacySHA512, "*AL*" + legacySHA512, "*NP*", "*LOCKED*" + legacySHA512, "*************",
	"*THISISNOTAVALIDPASSWORDTHATCANBEUSEDHERE", "*" + strings.Repeat("a", 40), "*" + strings.Repeat("A", 39), "*" + strings.Repeat("A", 41),
	"x", "X", "NP", "np", "UP", "not cached", "disabled", "Disabled", "DISABLED", "invalid", "INVALID", "locked", "LOCKED", "nologin", "NOLOGIN",
}

// hashes are stored hashes, read here or not, that come near a mark.
var hashes = []string{
	"xx1LtbDbOY4/E", "NPmA5R8gZyKMA", "UPqQ0s4Ic5nYE", "xDUPasswordXX", "..UZoIyj/Hy/c", // DES crypt
	"_J9..rasmBYk8r9AiWNc",                      // BSDi's DES crypt
	"*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19", // MySQL's PASSWORD()
	"5f4dcc3b5aa765d61d8327deb882cf99", "NULL", "none", "plain", "secret", "xx", "xyz", "np1", "disabled1", "not disabled", " x", "x ", "disabled\n", " ",
	"{noop}disabled", "{noop}x", "{noop}!", "plain:x", "$plaintext$x", "$0$x", "disabled$", "nologin$abc",
	"$1$abcdefgh$4/U5.w6NPtLkJ2WyrTwm91", "{SSHA}9KDjHHZ0+l6o33onu7kRBPsodJG1FsK4", "$y$j9T$RsqIWvVJUgZbnOBah1JEc/$dsuChvN6DaOu4BgHlc96yLrB7YbepRGoxt8Kgt.zAr5",
}

func TestWhatMarksAnAccountWithoutAPassword(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{})
	for _, stored := range marks {
		require.False(t, hash.HasPassword(stored), stored)
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
	for _, params := range []hash.Params{cheap, hash.Bcrypt{Cost: 4}, hash.PBKDF2SHA256{Rounds: 1}} {
		for _, peppers := range [][]hash.Pepper{nil, {pepper(t, "x", 1)}} {
			encoded, err := insecure(t, hash.Config{Params: params, Peppers: peppers}).Hash(t.Context(), phrase)
			require.NoError(t, err)
			all = append(all, encoded)
		}
	}
	for _, stored := range all {
		require.True(t, hash.HasPassword(stored), stored)
		require.True(t, h.HasPassword(stored), stored)
	}
}

// claimsAll claims all that a Hasher does not make itself, as a scheme for
// passwords in clear would.
type claimsAll struct{ fakeScheme }

func (*claimsAll) Identify(encoded string) bool {
	return !strings.HasPrefix(encoded, "$argon2") && !strings.HasPrefix(encoded, "$lostkey-pepper$")
}

func TestNoMethodTreatsAMarkAsAHash(t *testing.T) {
	t.Parallel()
	fake := &claimsAll{}
	h := insecure(t, hash.Config{
		Accept:   []hash.Scheme{fake},
		Unusable: func(encoded string) bool { return strings.HasPrefix(encoded, "sso:") },
	})
	for _, stored := range append(slices.Clone(marks), "sso:", "sso:google") {
		require.False(t, h.HasPassword(stored), stored)
		require.Empty(t, h.Identify(stored), stored)
		require.False(t, h.NeedsRehash(stored), stored)
		info, err := h.Inspect(stored)
		require.NoError(t, err)
		require.Equal(t, hash.Info{Scheme: "unusable"}, info, stored)
		res, err := h.Verify(t.Context(), "good", stored)
		require.NoError(t, err)
		require.Equal(t, hash.Result{Scheme: "unusable"}, res, stored)
		res, err = h.VerifyAndUpdate(t.Context(), "good", stored, func(context.Context, string, string) (bool, error) {
			require.Fail(t, "swapped")
			return true, nil
		})
		require.NoError(t, err)
		require.Equal(t, hash.Result{Scheme: "unusable"}, res, stored)
	}
	require.Zero(t, fake.runs.Load())
	require.True(t, hash.HasPassword("sso:google"), "the default knows nothing of it")

	res, err := h.Verify(t.Context(), "good", "sso")
	require.NoError(t, err)
	require.True(t, res.OK, "no mark")
}

func TestAPanicInConfigUnusableIsAMark(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	fake := &fakeScheme{}
	h := insecure(t, hash.Config{Accept: []hash.Scheme{fake}, Unusable: func(encoded string) bool {
		asked.Add(1)
		panic("cannot read " + encoded)
	}})
	require.False(t, h.HasPassword("fake:1"))
	require.False(t, h.NeedsRehash("fake:1"))
	require.Empty(t, h.Identify("fake:1"))
	res, err := h.Verify(t.Context(), "good", "fake:1")
	require.NoError(t, err)
	require.Equal(t, hash.Result{Scheme: "unusable"}, res)
	require.Zero(t, fake.runs.Load())
	require.EqualValues(t, 4, asked.Load())
	// Nobody is asked about what is a mark anyway, and it cannot be unmarked.
	require.False(t, h.HasPassword("!"))
	require.EqualValues(t, 4, asked.Load())
	no := insecure(t, hash.Config{Unusable: func(string) bool { return false }})
	require.False(t, no.HasPassword("disabled"))
	require.True(t, no.HasPassword(legacySHA512))
}

func TestUnusableIsNeverTheSameTwice(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 10_000 {
		mark := hash.Unusable()
		require.Regexp(t, `^![A-Za-z0-9]{40}$`, mark)
		require.False(t, seen[mark])
		require.False(t, hash.HasPassword(mark))
		seen[mark] = true
	}
}

// Nobody should have to guess why rows of these cannot log in.
func TestFormatsThatNoPresetReadsAreNamed(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{})
	for stored, name := range map[string]string{
		"$1$abcdefgh$4/U5.w6NPtLkJ2WyrTwm91":                                          "md5-crypt",
		"$apr1$fGfmfbuv$wUw1NzJqTmPG38AkhU9fN.":                                       "apr1",
		"$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D":    "scrypt-crypt",
		"$y$j9T$RsqIWvVJUgZbnOBah1JEc/$dsuChvN6DaOu4BgHlc96yLrB7YbepRGoxt8Kgt.zAr5":   "yescrypt",
		"$gy$j9T$RsqIWvVJUgZbnOBah1JEc/$dsuChvN6DaOu4BgHlc96yLrB7YbepRGoxt8Kgt.zAr5":  "gost-yescrypt",
		"$sha1$48000$stcKzMJo$xeiFe/IrhSDG38NgXWODC.BO4/Q.":                           "sha1-crypt",
		"$S$DeGLbw.lhnnmGdFyMFM.wsMnIs9IEkHpOUeRDfDbfw8yCdFZMzzn":                     "drupal",
		"U$S$9exBM2tkWrlPMxbTy1DtFu1HtV.GjYQFRLUfXfMIeDmr3dP2TFQE":                    "drupal",
		"{SSHA}9KDjHHZ0+l6o33onu7kRBPsodJG1FsK4":                                      "ldap-ssha",
		"{SMD5}jNoSMNY0cybfuBWiaGlFw3Mfi/U=":                                          "ldap-smd5",
		"{SSHA256}" + strings.Repeat("A", 44):                                         "ldap-ssha256",
		"{SSHA512}" + strings.Repeat("A", 92):                                         "ldap-ssha512",
		"$argon2d$v=19$m=1024,t=2,p=2$l9I6B2BsTYkRorT2/n8PYQ$pwJsn1AotaPU7ABfRGsjkQ":  "argon2d",
		"$argon2id$v=16$m=1024,t=2,p=2$l9I6B2BsTYkRorT2/n8PYQ$pwJsn1AotaPU7ABfRGsjkQ": "argon2id",
		"plain text": "", "$8$unheard-of": "", "{whirlpool}abc": "", "xx1LtbDbOY4/E": "",
	} {
		require.True(t, hash.HasPassword(stored), stored)
		_, err := h.Verify(t.Context(), phrase, stored)
		if name == "" {
			require.Equal(t, hash.ErrUnknownFormat, err, stored)
			continue
		}
		var named *hash.FormatError
		require.ErrorAs(t, err, &named, stored)
		require.Equal(t, name, named.Scheme)
		require.Contains(t, err.Error(), name)
		require.NotContains(t, err.Error(), stored[8:])
		want := hash.ErrUnknownFormat
		if strings.HasPrefix(name, "argon2") {
			want = hash.ErrUnsupported
		}
		require.ErrorIs(t, err, want, stored)
	}
	// A scheme of the application's own comes first.
	own := insecure(t, hash.Config{Accept: []hash.Scheme{&claimsAll{}}})
	res, err := own.Verify(t.Context(), "good", "$1$abcdefgh$4/U5.w6NPtLkJ2WyrTwm91")
	require.NoError(t, err)
	require.True(t, res.OK)
}
