package token_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

func TestParseKeysReadsWhatRevealWrites(t *testing.T) {
	t.Parallel()
	a := newKey(t, "2026-11", secretOf(1))
	b := newKey(t, "2026-05", longSecret(64))
	ring, err := token.ParseKeys(a.Reveal() + "," + b.Reveal())
	require.NoError(t, err)
	require.Equal(t, []string{"2026-11", "2026-05"}, ring.IDs())
	require.Equal(t, a.Reveal()+","+b.Reveal(), ring.Reveal())

	first := newSignerWith(t, func(cfg *token.Config) { cfg.Keys = ring })
	alone := newSignerWith(t, func(cfg *token.Config) {
		cfg.Keys = newRing(t, a)
	})
	require.Equal(t, issue(t, alone, token.PurposeReset, ann(), 0).Reveal(),
		issue(t, first, token.PurposeReset, ann(), 0).Reveal(),
		"the first key signs")
}

func TestGeneratedKeysAreReadAgain(t *testing.T) {
	t.Parallel()
	made, err := token.GenerateKeys("2026-11")
	require.NoError(t, err)
	read, err := token.ParseKeys(made.Reveal())
	require.NoError(t, err)

	signer := newSignerWith(t, func(cfg *token.Config) { cfg.Keys = made })
	other := newSignerWith(t, func(cfg *token.Config) { cfg.Keys = read })
	raw := issue(t, signer, token.PurposeReset, ann(), 0).Reveal()
	_, err = verify(t, other, raw, token.PurposeReset, ann())
	require.NoError(t, err)
}

func TestParseKeysRefusesAllButOneSpelling(t *testing.T) {
	t.Parallel()

	secret := append(secretOf(1), secretOf(40)...)[:40]
	good := base64.StdEncoding.EncodeToString(secret)
	url := base64.URLEncoding.EncodeToString(secret)
	require.Contains(t, good, "=")
	require.NotEqual(t, good, url, "it has neither '+' nor '/'")
	b := "b:" + base64.StdEncoding.EncodeToString(secretOf(2))
	_, err := token.ParseKeys("a:" + good + "," + b)
	require.NoError(t, err)

	spare := good[:len(good)-3] + nextStdChar(good[len(good)-3]) + "=="
	short := base64.StdEncoding.EncodeToString(secretOf(1)[:31])
	long := base64.StdEncoding.EncodeToString(longSecret(96))
	zeros := base64.StdEncoding.EncodeToString(make([]byte, 32))
	for name, text := range map[string]string{
		"empty":                       "",
		"a colon":                     ":",
		"a comma":                     ",",
		"no id":                       ":" + good,
		"no secret":                   "a:",
		"no colon":                    good,
		"comma behind":                "a:" + good + ",",
		"comma in front":              ",a:" + good,
		"two commas":                  "a:" + good + ",," + b,
		"semicolon":                   "a:" + good + ";" + b,
		"space behind the comma":      "a:" + good + ", " + b,
		"space in front":              " a:" + good,
		"space behind":                "a:" + good + " ",
		"line break behind":           "a:" + good + "\n",
		"line break inside":           "a:" + good[:20] + "\n" + good[20:],
		"carriage return inside":      "a:" + good[:20] + "\r" + good[20:],
		"quotes":                      `"a:` + good + `"`,
		"URL alphabet":                "a:" + url,
		"no padding":                  "a:" + strings.TrimRight(good, "="),
		"too much padding":            "a:" + good + "=",
		"spare bits":                  "a:" + spare,
		"hexadecimal":                 "a:" + repeat("0f", 32),
		"second colon":                "a:b:" + good,
		"short secret":                "a:" + short,
		"long secret":                 "a:" + long,
		"1 MB secret":                 "a:" + repeat("A", 1<<20),
		"weak secret":                 "a:" + zeros,
		"the same id twice":           "a:" + good + ",a" + b[1:],
		"the same secret twice":       "a:" + good + ",b:" + good,
		"17 keys":                     manyKeys(t, 17),
		"a million commas":            repeat(",", 1<<20),
		"NUL":                         "a:" + good + "\x00",
		"invalid UTF-8":               "a\xff:" + good,
		"a percent sign":              "a:" + good + "%",
		"the variable's name as well": "LOSTKEY_KEYS=a:" + good,
	} {
		requireNoKeys(t, name, text, good[:8])
	}
}

func requireNoKeys(t *testing.T, name, text, secret string) {
	t.Helper()
	ring, err := token.ParseKeys(text)
	require.Error(t, err, name)
	require.Zero(t, ring, name)
	require.True(t, strings.HasPrefix(err.Error(), "token: "), err)
	require.Less(t, len(err.Error()), 200, name)
	require.NotContains(t, err.Error(), secret, name)
}

func manyKeys(t *testing.T, n int) string {
	t.Helper()
	var entries []string
	for i := range n {
		k := newKey(t, "k"+string(rune('a'+i)), secretOf(byte(i+1)))
		entries = append(entries, k.Reveal())
	}
	return strings.Join(entries, ",")
}

// nextStdChar returns the character after c in the standard alphabet.
func nextStdChar(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" +
		"abcdefghijklmnopqrstuvwxyz0123456789+/"
	return string(alphabet[strings.IndexByte(alphabet, c)+1])
}

func TestARotationThatRotatesNothingIsRefused(t *testing.T) {
	t.Parallel()
	a := keyText("a", secretOf(1))
	parse := func(other string) error {
		_, err := token.ParseKeys(a + "," + other)
		return err
	}

	require.EqualError(t, parse(keyText("b", secretOf(1))),
		`token: the keys "a" and "b" have the same secret`)
	require.EqualError(t, parse(keyText("a", secretOf(2))),
		`token: the ring has two keys with the id "a"`)
	require.Error(t, parse(a))
	require.NoError(t, parse(keyText("A", secretOf(2))))
}

func TestTheRingIsBounded(t *testing.T) {
	t.Parallel()
	_, err := token.ParseKeys(manyKeys(t, 17))
	require.EqualError(t, err, "token: the ring has 17 keys, want at most 16")
	ring, err := token.ParseKeys(manyKeys(t, 16))
	require.NoError(t, err)
	require.Len(t, ring.IDs(), 16)
}

func TestTheZeroRingIsEmpty(t *testing.T) {
	t.Parallel()
	var ring token.Keys
	require.Empty(t, ring.IDs())
	require.Empty(t, ring.Reveal())
	cfg := config(t)
	cfg.Keys = ring
	_, err := token.New(cfg)
	require.EqualError(t, err, "token: Config.Keys is empty")
}
