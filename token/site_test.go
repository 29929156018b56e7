package token_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

func TestSitesThatAreSpeltDifferentlyAreOne(t *testing.T) {
	t.Parallel()

	for spelling, want := range map[string]string{
		"https://app.example":              "https://app.example",
		"https://app.example/":             "https://app.example",
		"HTTPS://APP.Example":              "https://app.example",
		"https://app.example:443":          "https://app.example",
		"https://app.example:0443/":        "https://app.example",
		"http://app.example:80":            "http://app.example",
		"http://app.example:443":           "http://app.example:443",
		"https://app.example:8443":         "https://app.example:8443",
		"https://app.example/Path/x/":      "https://app.example/Path/x",
		"https://app.example/a%2Fb":        "https://app.example/a%2Fb",
		"http://localhost:8080":            "http://localhost:8080",
		"http://127.0.0.1:8080":            "http://127.0.0.1:8080",
		"http://[::1]:8080":                "http://[::1]:8080",
		"http://[0:0:0:0:0:0:0:1]":         "http://[::1]",
		"https://[2001:DB8::A]:443/":       "https://[2001:db8::a]",
		"https://xn--bcher-kva.example":    "https://xn--bcher-kva.example",
		"https://a_b.app.example/~x/_y-z.": "https://a_b.app.example/~x/_y-z.",
	} {
		got, err := token.ParseSite(spelling)
		require.NoError(t, err, spelling)
		require.Equal(t, want, got.String(), spelling)
		reparsed, err := token.ParseSite(got.String())
		require.NoError(t, err)
		require.Equal(t, got, reparsed)
	}
}

// What packages that make links of a site need is in its parts.
func TestPartsOfASite(t *testing.T) {
	t.Parallel()

	for spelling, want := range map[string][4]string{
		"HTTPS://App.Example:443/Shop/": {
			"https", "app.example", "app.example", "/Shop",
		},
		"http://[0::1]:8080/": {"http", "[::1]:8080", "::1", ""},
		"https://a.example/b%2Fc/": {
			"https", "a.example", "a.example", "/b%2Fc",
		},
	} {
		u, err := token.ParseSite(spelling)
		require.NoError(t, err)
		require.Equal(t, want, [4]string{
			u.Scheme, u.Host, u.Hostname(), u.EscapedPath(),
		})
	}
}

// A Signer takes any spelling of its site for the same.
func TestTheSpellingOfTheSiteDoesNotMatter(t *testing.T) {
	t.Parallel()
	v := victimOf(t)
	s := newSignerWith(t, func(cfg *token.Config) {
		cfg.Site = "HTTPS://App.Example:443/"
	})
	_, err := verify(t, s, v.raw, token.PurposeReset, v.state)
	require.NoError(t, err)
}

func TestWhatIsNoSiteIsRefused(t *testing.T) {
	t.Parallel()

	for _, site := range []string{
		"", " ", "app.example", "//app.example", "/", "app.example:443",
		"https:", "https://", "https:///path", "https:app.example",
		"ftp://app.example", "javascript://app.example", "file:///etc",
		"https://user@app.example", "https://user:password@app.example",
		"https://@app.example", "https://app.example?",
		"https://app.example?a=b", "https://app.example#",
		"https://app.example/#x", "https://app.example:",
		"https://app.example:0", "https://app.example:65536",
		"https://app.example:x", "https://app.example:-1",
		"https://app..example", "https://.app.example", "https://app.example.",
		"https://app example", "https://app.example\n",
		"https://app.example\x00", "https://bücher.example",
		"https://app.example/../x", "https://app.example/./x",
		"https://app.example//x", "https://app.example//",
		"https://app.example/x//", "https://[::1", "https://[fe80::1%25eth0]",
		"https://[::g]", "https://a\u202eb.example",
		"https://app.example\\evil.example", " https://app.example",
		"https://app.example ", "https://*.app.example",
		"https://%61pp.example!",
	} {
		u, err := token.ParseSite(site)
		require.Error(t, err, "%q", site)
		require.Nil(t, u)
		require.True(t, strings.HasPrefix(err.Error(), "token: site "), err)
		require.NotContains(t, err.Error(), "password", "it is not printed")

		cfg := config(t)
		cfg.Site = site
		s, err := token.New(cfg)
		require.Error(t, err, "%q", site)
		require.Nil(t, s)
		require.True(t, strings.HasPrefix(err.Error(), "token: Config.Site "),
			err)
		require.NotContains(t, err.Error(), "password", "it is not printed")
	}
}
