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

	first := newSignerWith(t, func(cfg *token.Config) { cfg.Keys = ring })
	alone := newSignerWith(t, func(cfg *token.Config) {
		cfg.Keys = newRing(t, a)
	})
	require.Equal(t, issue(t, alone, token.PurposeReset, ann(), 0).Reveal(),
		issue(t, first, token.PurposeReset, ann(), 0).Reveal(), "the first key signs")
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
	_, err = token.ParseKeys(manyKeys(t, 16))
	require.NoError(t, err)
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

func TestNewKeysRefusesARotationThatRotatesNothing(t *testing.T) {
	t.Parallel()
	a := newKey(t, "a", secretOf(1))
	_, err := token.NewKeys(a, newKey(t, "b", secretOf(1)))
	require.EqualError(t, err,
		`token: the keys "a" and "b" have the same secret`)
	_, err = token.NewKeys(a, newKey(t, "a", secretOf(2)))
	require.EqualError(t, err, `token: the ring has two keys with the id "a"`)

	_, err = token.NewKeys(a, a)
	require.Error(t, err)
	_, err = token.NewKeys(a, newKey(t, "A", secretOf(2)))
	require.NoError(t, err)
}

func TestNewKeysBoundsTheRing(t *testing.T) {
	t.Parallel()
	var others []token.Key
	for i := range 16 {
		id := "k" + string(rune('a'+i))
		others = append(others, newKey(t, id, secretOf(byte(i+2))))
	}
	_, err := token.NewKeys(newKey(t, "a", secretOf(1)), others...)
	require.EqualError(t, err, "token: the ring has 17 keys, want at most 16")

	ring, err := token.NewKeys(newKey(t, "a", secretOf(1)), others[:15]...)
	require.NoError(t, err)
	others[0] = token.Key{}
	require.Equal(t, "ka", ring.IDs()[1], "the ring has a list of its own")
}

func TestTheZeroRingIsEmpty(t *testing.T) {
	t.Parallel()
	var ring token.Keys
	require.Empty(t, ring.IDs())
	cfg := config(t)
	cfg.Keys = ring
	_, err := token.New(cfg)
	require.EqualError(t, err, "token: Config.Keys is empty")
}
