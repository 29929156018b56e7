package token_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

func derivedKeyOf(
	tb testing.TB, secret []byte, site, label string,
) []byte {
	tb.Helper()
	return derive(tb, secret,
		"lostkey token v1 derived"+field(site)+field(label))
}

func newMAC(tb testing.TB, ring token.Keys, site, label string) token.MAC {
	tb.Helper()
	mac, err := ring.Derive(site, label)
	require.NoError(tb, err)
	return mac
}

// macVector is a message and its sums that testdata/vectors.py made.
type macVector struct {
	Name    string
	Secrets []string // of a key ring, the signing one first
	Site    string
	Label   string
	Message string
	Keys    []string
	Sums    []string
}

func (v macVector) ring(t *testing.T) token.Keys {
	t.Helper()
	var keys []token.Keys
	for i, secret := range v.Secrets {
		keys = append(keys, newKey(t, fmt.Sprint(i), unhex(t, secret)))
	}
	return newRing(t, keys...)
}

//lostkey:covers ASVS-11.2.4
func TestMACsAreThoseOfAnIndependentImplementation(t *testing.T) {
	t.Parallel()
	var all []macVector
	readVectors(t, "macs.json", &all)
	require.NotEmpty(t, all)
	for _, v := range all {
		mac := newMAC(t, v.ring(t), v.Site, v.Label)
		msg := unhex(t, v.Message)
		require.Equal(t, unhex(t, v.Sums[0]), mac.Sum(msg), v.Name)
		for _, sum := range v.Sums {
			require.True(t, mac.Verify(msg, unhex(t, sum)), v.Name)
		}
	}
}

// A message verifies for the label, the site and the secret that it was summed
// for, and for no other, also where only one of them differs.
func TestNoLabelSiteOrSecretTakesAnothersSums(t *testing.T) {
	t.Parallel()

	var macs []token.MAC
	for _, site := range []string{site, staging, "http://app.example"} {
		for _, label := range []string{"jobs", "job", "jobs-", "limits"} {
			for _, secret := range []byte{1, 2} {
				ring := newRing(t, newKey(t, keyID, secretOf(secret)))
				macs = append(macs, newMAC(t, ring, site, label))
			}
		}
	}

	msg := []byte("message")
	for i, from := range macs {
		for j, to := range macs {
			require.Equal(t, i == j, to.Verify(msg, from.Sum(msg)))
		}
	}
}

func TestVerifyOfAMACRefusesForgeries(t *testing.T) {
	t.Parallel()

	mac := newMAC(t, config(t).Keys, site, "jobs")
	msg := []byte("message")
	sum := mac.Sum(msg)
	require.Len(t, sum, 32)
	require.True(t, mac.Verify(msg, sum))

	for bit := range len(sum) * 8 {
		flipped := slices.Clone(sum)
		flipped[bit/8] ^= 1 << (bit % 8)
		require.False(t, mac.Verify(msg, flipped), "bit %d", bit)
	}
	for n := range len(sum) {
		require.False(t, mac.Verify(msg, sum[:n]), "%d bytes", n)
	}
	require.False(t, mac.Verify(msg, append(slices.Clone(sum), 0)))
	require.False(t, mac.Verify(msg, make([]byte, 32)))

	for name, key := range map[string][]byte{
		"the secret":     secretOf(1),
		"without a site": derivedKeyOf(t, secretOf(1), "", "jobs"),
		"without label":  derivedKeyOf(t, secretOf(1), site, ""),
		"of a token":     macKeyOf(t, secretOf(1), site, "jobs"),
	} {
		require.False(t, mac.Verify(msg, hs256(key, "message")), name)
	}
	for _, other := range []string{
		"", "messag", "messages", "Message", "message\x00", " message",
	} {
		require.False(t, mac.Verify([]byte(other), sum), other)
	}
}

// Whoever can have messages summed makes no token with it, and whoever has
// tokens makes no sum: the keys have nothing in common.
func TestMACsAndTokensShareNoKey(t *testing.T) {
	t.Parallel()

	v, s := victimOf(t), newSigner(t, config(t))
	signing := v.header + "." + v.payload
	state := stateText(token.PurposeReset, v.state)
	for _, label := range []string{
		"reset", "invite", "mac", "fingerprint", "derived", "jobs",
	} {
		mac := newMAC(t, config(t).Keys, site, label)

		raw := signing + "." + b64(string(mac.Sum([]byte(signing))))
		claims, err := verify(t, s, raw, token.PurposeReset, v.state)
		requireRejected(t, token.ReasonSignature, claims, err)

		fp := b64(string(mac.Sum([]byte(state))[:16]))
		raw = v.sealed(v.claimsWith(v.exp, v.iat, fp, v.state.UserID))
		claims, err = verify(t, s, raw, token.PurposeReset, v.state)
		requireRejected(t, token.ReasonStale, claims, err)

		sig := []byte(unb64(t, v.signature))
		require.False(t, mac.Verify([]byte(signing), sig))
	}
}

// Servers are rotated one after the other, in two steps, and verify what any
// of them has summed.
func TestMACsSurviveARotationInTwoSteps(t *testing.T) {
	t.Parallel()

	before, after := oldAndNew(t)
	steps := []token.MAC{
		newMAC(t, newRing(t, before), site, "jobs"),
		newMAC(t, newRing(t, before, after), site, "jobs"), // 1
		newMAC(t, newRing(t, after, before), site, "jobs"), // 2
		newMAC(t, newRing(t, after), site, "jobs"),         // retired
	}
	msg := []byte("message")
	for i := range len(steps) - 1 {
		a, b := steps[i], steps[i+1]
		if i < 2 {
			require.True(t, b.Verify(msg, a.Sum(msg)), "step %d", i)
		}
		require.True(t, a.Verify(msg, b.Sum(msg)), "step %d", i)
	}

	// In one step, servers that do not have the new key yet refuse.
	require.False(t, steps[0].Verify(msg, steps[2].Sum(msg)))
	// A retired key is good for nothing.
	require.False(t, steps[3].Verify(msg, steps[0].Sum(msg)))
	require.False(t, steps[3].Verify(msg, steps[1].Sum(msg)))
}

func TestASumIsTheSameUntilTheSigningKeyChanges(t *testing.T) {
	t.Parallel()
	before, after := oldAndNew(t)
	msg := []byte("ann@example.org")
	sumOf := func(ring token.Keys, site string) []byte {
		return newMAC(t, ring, site, "limits").Sum(msg)
	}
	sum := sumOf(newRing(t, before), site)
	require.Equal(t, sum, sumOf(newRing(t, before, after), site))
	require.Equal(t, sum, sumOf(newRing(t, before), "HTTPS://App.Example:443/"))
	require.NotEqual(t, sum, sumOf(newRing(t, after, before), site))
}

func TestDeriveRefuses(t *testing.T) {
	t.Parallel()

	const alphabet = "token: label has characters other than " +
		"lower-case letters, digits and hyphens"
	for _, tt := range []struct {
		ring        token.Keys
		site, label string
		want        string
	}{
		{token.Keys{}, site, "jobs", "token: the key ring is empty"},
		{config(t).Keys, "", "jobs", "token: site is empty"},
		{
			config(t).Keys, "app.example", "jobs",
			"token: site is not an absolute http or https URL",
		},
		{
			config(t).Keys, site, "",
			"token: label has 0 characters, want 1 to 32",
		},
		{
			config(t).Keys, site, repeat("l", 33),
			"token: label has 33 characters, want 1 to 32",
		},
		{config(t).Keys, site, "Jobs", alphabet},
		{config(t).Keys, site, "jobs\x00", alphabet},
		{config(t).Keys, site, "jobs mac", alphabet},
	} {
		mac, err := tt.ring.Derive(tt.site, tt.label)
		require.EqualError(t, err, tt.want)
		require.Zero(t, mac)
	}
}

func TestTheZeroMACVerifiesNothing(t *testing.T) {
	t.Parallel()
	var mac token.MAC
	require.Nil(t, mac.Sum([]byte("message")))
	require.False(t, mac.Verify([]byte("message"), nil))
	require.False(t, mac.Verify([]byte("message"), make([]byte, 32)))
	require.False(t, mac.Verify(nil, nil))
}

// Meant for the race detector.
func TestAMACIsUsedByManyAtOnce(t *testing.T) {
	t.Parallel()

	before, after := oldAndNew(t)
	mac := newMAC(t, newRing(t, after, before), site, "jobs")
	old := newMAC(t, newRing(t, before), site, "jobs")
	var users sync.WaitGroup
	good := make([]bool, 8)
	for i := range good {
		users.Go(func() {
			good[i] = true
			for n := range 200 {
				msg := []byte(strings.Repeat(fmt.Sprint(i), n))
				good[i] = good[i] && mac.Verify(msg, mac.Sum(msg)) &&
					mac.Verify(msg, old.Sum(msg))
			}
		})
	}

	users.Wait()
	require.Equal(t, slices.Repeat([]bool{true}, len(good)), good)
}
