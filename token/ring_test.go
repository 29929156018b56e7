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
	a, b := newKey(t, "2026-11", secretOf(1)), newKey(t, "2026-05", append(secretOf(2), secretOf(9)...))
	ring, err := token.ParseKeys(a.Reveal() + "," + b.Reveal())
	require.NoError(t, err)
	require.Equal(t, []string{"2026-11", "2026-05"}, ring.IDs())
	issued := issue(t, newSigner(t, token.Config{Site: site, Keys: ring, Now: issuedAt}), token.Reset, ann(), 0)
	alone := issue(t, newSigner(t, token.Config{Site: site, Keys: newRing(t, a), Now: issuedAt}), token.Reset, ann(), 0)
	require.Equal(t, alone.Reveal(), issued.Reveal(), "the first key signs")
}

func TestParseKeysRefusesAllButOneSpelling(t *testing.T) {
	t.Parallel()
	secret := append(secretOf(1), secretOf(40)...)[:40] // with padding, and '+' or '/'
	good := base64.StdEncoding.EncodeToString(secret)
	require.Contains(t, good, "=")
	require.NotEqual(t, good, base64.URLEncoding.EncodeToString(secret))
	other := "b:" + base64.StdEncoding.EncodeToString(secretOf(2))
	_, err := token.ParseKeys("a:" + good + "," + other)
	require.NoError(t, err)
	for name, text := range map[string]string{
		"empty":                       "",
		"a colon":                     ":",
		"a comma":                     ",",
		"no id":                       ":" + good,
		"no secret":                   "a:",
		"no colon":                    good,
		"comma behind":                "a:" + good + ",",
		"comma in front":              ",a:" + good,
		"two commas":                  "a:" + good + ",," + other,
		"semicolon":                   "a:" + good + ";" + other,
		"space behind the comma":      "a:" + good + ", " + other,
		"space in front":              " a:" + good,
		"space behind":                "a:" + good + " ",
		"line break behind":           "a:" + good + "\n",
		"line break inside":           "a:" + good[:20] + "\n" + good[20:],
		"carriage return inside":      "a:" + good[:20] + "\r" + good[20:],
		"quotes":                      `"a:` + good + `"`,
		"URL alphabet":                "a:" + base64.URLEncoding.EncodeToString(secret),
		"no padding":                  "a:" + strings.TrimRight(good, "="),
		"too much padding":            "a:" + good + "=",
		"spare bits":                  "a:" + good[:len(good)-3] + spareStd(good[len(good)-3]) + "==",
		"hexadecimal":                 "a:" + repeat("0f", 32),
		"second colon":                "a:b:" + good,
		"short secret":                "a:" + base64.StdEncoding.EncodeToString(secretOf(1)[:31]),
		"long secret":                 "a:" + base64.StdEncoding.EncodeToString([]byte(repeat(string(secretOf(1)), 3))),
		"1 MB secret":                 "a:" + repeat("A", 1<<20),
		"weak secret":                 "a:" + base64.StdEncoding.EncodeToString(make([]byte, 32)),
		"the same id twice":           "a:" + good + ",a:" + base64.StdEncoding.EncodeToString(secretOf(2)),
		"the same secret twice":       "a:" + good + ",b:" + good,
		"17 keys":                     manyKeys(t, 17),
		"a million commas":            repeat(",", 1<<20),
		"NUL":                         "a:" + good + "\x00",
		"invalid UTF-8":               "a\xff:" + good,
		"a percent sign":              "a:" + strings.Replace(good, "+", "%2B", 1) + "%",
		"the variable's name as well": "LOSTKEY_KEYS=a:" + good,
	} {
		ring, err := token.ParseKeys(text)
		require.Error(t, err, name)
		require.Zero(t, ring, name)
		require.True(t, strings.HasPrefix(err.Error(), "token: "), err)
		require.Less(t, len(err.Error()), 200, name)
		require.NotContains(t, err.Error(), good[:8], name)
	}
	_, err = token.ParseKeys(manyKeys(t, 16))
	require.NoError(t, err)
}

func manyKeys(t *testing.T, n int) string {
	t.Helper()
	var entries []string
	for i := range n {
		entries = append(entries, newKey(t, "k"+string(rune('a'+i)), secretOf(byte(i+1))).Reveal())
	}
	return strings.Join(entries, ",")
}

// spareStd returns the character that follows c in the standard alphabet.
func spareStd(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	return string(alphabet[strings.IndexByte(alphabet, c)+1])
}

func TestNewKeysRefusesARotationThatRotatesNothing(t *testing.T) {
	t.Parallel()
	a := newKey(t, "a", secretOf(1))
	_, err := token.NewKeys(a, newKey(t, "b", secretOf(1)))
	require.EqualError(t, err, `token: the keys "a" and "b" have the same secret`)
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
		others = append(others, newKey(t, "k"+string(rune('a'+i)), secretOf(byte(i+2))))
	}
	_, err := token.NewKeys(newKey(t, "a", secretOf(1)), others...)
	require.EqualError(t, err, "token: the ring has 17 keys, at most 16 are useful")
	ring, err := token.NewKeys(newKey(t, "a", secretOf(1)), others[:15]...)
	require.NoError(t, err)
	// The ring has its own list.
	others[0] = token.Key{}
	require.Equal(t, "ka", ring.IDs()[1])
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
