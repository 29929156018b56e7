package token_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

//lostkey:covers ASVS-11.2.3 RFC8725-3.5 CWE-798
func TestParseKeysRefusesWeakSecrets(t *testing.T) {
	t.Parallel()

	counted := make([]byte, 32)
	backwards := make([]byte, 64)
	for i := range counted {
		counted[i] = byte(i)
	}
	for i := range backwards {
		backwards[i] = byte(255 - 3*i)
	}

	for name, secret := range map[string][]byte{
		"nil":                      nil,
		"empty":                    {},
		"one byte":                 {7},
		"31 bytes":                 secretOf(1)[:31],
		"65 bytes":                 longSecret(65),
		"zeros":                    make([]byte, 32),
		"one byte repeated":        bytes.Repeat([]byte{0xa5}, 48),
		"counted up":               counted,
		"counted down in threes":   backwards,
		"a block of 8, four times": bytes.Repeat(secretOf(1)[:8], 4),
		"a block of 16, twice":     bytes.Repeat(secretOf(1)[:16], 2),
		"a block of 15, cut off":   bytes.Repeat(secretOf(1)[:15], 3)[:40],

		// Text.
		"seven digits":    []byte("13572461735274615327461537264157"),
		"secret":          []byte("this-is-my-very-own-Secret-string-0k"),
		"changeme":        []byte("ChangeMe-in-productionXyZ-1234-abcd"),
		"of jwt.io":       []byte("your-256-bit-secret-goes-here-12345"),
		"hexadecimal":     []byte("0123456789abcdef0123456789abcdeX"),
		"odd upper cases": []byte("PaSsWoRd-zyxwvutsrqponmlkjihgfed"),
	} {
		text := keyText("2026-11", secret)
		ring, err := token.ParseKeys(text)
		require.ErrorContains(t, err,
			"token: key 1 of the ring: the secret ", name)
		require.True(t, strings.HasPrefix(err.Error(), "token: "))
		require.Zero(t, ring)

		if len(secret) > 8 {
			require.NotContains(t, err.Error(), string(secret[:8]))
			require.NotContains(t, err.Error(), text[len("2026-11:"):][:8])
		}
	}
}

// longSecret returns n bytes that are no pattern.
func longSecret(n int) []byte {
	return slices.Concat(secretOf(1), secretOf(9), secretOf(40))[:n]
}

func TestParseKeysTakesRandomData(t *testing.T) {
	t.Parallel()

	for range 2000 {
		_, err := token.GenerateKeys("k")
		require.NoError(t, err)

		// The poorest text that people make of random data.
		digits := make([]byte, 16)
		rand.Read(digits)
		text := keyText("k", []byte(hex.EncodeToString(digits)))
		_, err = token.ParseKeys(text)
		require.NoError(t, err)
	}
	for _, size := range []int{32, 33, 63, 64} {
		_, err := token.ParseKeys(keyText("k", longSecret(size)))
		require.NoError(t, err)
	}
}

func TestKeyIDsAreShortAndPlain(t *testing.T) {
	t.Parallel()

	for _, id := range []string{
		"a", "2026-11", "k.1_2-3", repeat("k", 32), "..", "-", "_",
	} {
		ring, err := token.ParseKeys(keyText(id, secretOf(1)))
		require.NoError(t, err, "%q", id)
		require.Equal(t, []string{id}, ring.IDs())

		ring, err = token.GenerateKeys(id)
		require.NoError(t, err, "%q", id)
		require.Equal(t, []string{id}, ring.IDs())
	}

	for _, id := range []string{
		"", repeat("k", 33), " ", "a b", "a,b", "a:b", "a/b", `a"b`, `a\b`,
		"a\nb", "a\x00b", "é", "a'b", "../../dev/null", "a;b", "a|b", "${a}",
		"a+b", "a=b", "\ufeffa",
	} {
		ring, err := token.GenerateKeys(id)
		require.ErrorContains(t, err, "token: the id has ", "%q", id)
		require.Zero(t, ring)

		ring, err = token.ParseKeys(keyText(id, secretOf(1)))
		require.ErrorContains(t, err, "token: key 1 of the ring: ", "%q", id)
		require.Zero(t, ring)
	}
}

//lostkey:covers ASVS-6.5.3 ASVS-11.5.1 CWE-330
func TestGeneratedKeysDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 10_000 {
		ring, err := token.GenerateKeys("k")
		require.NoError(t, err)
		require.False(t, seen[ring.Reveal()])
		seen[ring.Reveal()] = true
	}
}
