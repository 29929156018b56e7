package hash_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/hash/legacy"
	"github.com/lostkey-go/lostkey/hash/normalize"
	"github.com/stretchr/testify/require"
)

// vector is one row of testdata/vectors, made by a tool that is not ours.
type vector struct {
	reader   string // which configuration reads it
	scheme   string // what Verify must report, or "!" and the refusal
	tool     string
	detail   string
	password string
	stored   string
}

func vectors(t testing.TB) []vector {
	t.Helper()
	files, err := filepath.Glob("testdata/vectors/*.tsv")
	require.NoError(t, err)
	var out []vector

	for _, name := range files {
		f, err := os.Open(name)
		require.NoError(t, err)
		lines := bufio.NewScanner(f)

		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "#") {
				continue
			}

			c := strings.Split(lines.Text(), "\t")
			require.Len(t, c, 6, lines.Text())
			v := vector{
				reader: c[0],
				scheme: c[1],
				tool:   c[2],
				detail: c[3],
				stored: c[5],
			}

			require.NoError(t, json.Unmarshal([]byte(c[4]), &v.password))
			out = append(out, v)
		}

		require.NoError(t, lines.Err())
		require.NoError(t, f.Close())
	}

	require.Greater(t, len(out), 100)
	return out
}

// onePerScheme returns the first row of each scheme and reader, for tests that
// need every format and not every cost.
func onePerScheme(t testing.TB) []vector {
	t.Helper()
	seen := make(map[string]bool)
	var out []vector
	for _, v := range vectors(t) {
		key := v.reader + v.scheme
		if strings.HasPrefix(v.scheme, "!") || v.scheme == "unusable" ||
			seen[key] {
			continue
		}
		seen[key] = true
		out = append(out, v)
	}
	require.Greater(t, len(out), 30)
	return out
}

// accept is what an application that holds such rows would configure.
func (v vector) accept(t testing.TB) []hash.Scheme {
	t.Helper()
	kind, arg, _ := strings.Cut(v.reader, ":")
	nodeScrypt := func(text bool) []hash.Scheme {
		schemes, err := legacy.NodeScrypt(
			legacy.NodeScryptConfig{SaltIsText: text},
		)
		require.NoError(t, err)
		return schemes
	}

	switch kind {
	case "all":
		return legacy.All()
	case "devise":
		return legacy.Devise(arg)
	case "flask-bcrypt":
		return legacy.FlaskBcrypt()
	case "flask-security":
		return legacy.FlaskSecurity(arg, normalize.NFKD)
	case "better-auth":
		return legacy.BetterAuth(normalize.NFKC)
	case "node-scrypt":
		return nodeScrypt(false)
	case "node-scrypt-text":
		return nodeScrypt(true)
	case "spring":
		return legacy.SpringWith(legacy.SpringConfig{Default: arg})
	}
	for _, schemes := range [][]hash.Scheme{
		legacy.InsecureDjangoMD5(), legacy.InsecureDjangoSHA1(),
		legacy.InsecureBareMD5(), legacy.InsecureWerkzeugMD5(),
		legacy.InsecureWerkzeugSHA1(), legacy.InsecureWerkzeugSHA256(),
		legacy.InsecureMD5Crypt(), legacy.InsecureLDAP(),
	} {
		if schemes[0].Name() == kind {
			return schemes
		}
	}
	require.Fail(t, "no such reader", kind)
	return nil
}

func (v vector) config(t testing.TB) hash.Config {
	t.Helper()
	cfg := hash.Config{Accept: v.accept(t)}
	if strings.HasPrefix(v.reader, "flask-security") {
		cfg.Peppers = []hash.Pepper{pepper(t, "2026-11", 1)}
	}
	return cfg
}

func TestHashesOfOtherToolsVerify(t *testing.T) {
	t.Parallel()
	rows := vectors(t)
	if raceEnabled {
		rows = onePerScheme(
			t,
		) // derivations share nothing, and the detector slows them tenfold
	}
	for _, v := range rows {
		t.Run(v.scheme+" by "+v.tool+": "+v.detail, func(t *testing.T) {
			t.Parallel()
			h := insecure(t, v.config(t))
			res, err := h.Verify(t.Context(), v.password, v.stored)
			switch v.scheme {
			case "!unsupported":
				require.ErrorIs(t, err, hash.ErrUnsupported)
				return
			case "!unknown":
				require.ErrorIs(t, err, hash.ErrUnknownFormat)
				return
			case "!wrong", "unusable":
				require.NoError(t, err)
				require.False(t, res.OK)
				return
			}
			require.NoError(t, err)
			require.True(t, res.OK)
			require.Equal(t, v.scheme, res.Scheme)
			require.True(t, res.NeedsRehash)
			require.True(t, h.NeedsRehash(v.stored))

			// At the front: bcrypt does not read past 72 bytes.
			res, err = h.Verify(t.Context(), "x"+v.password, v.stored)
			require.NoError(t, err)
			require.False(t, res.OK)
		})
	}
}

func TestOneChangedCharacterOfTheDigestFailsOrIsMalformed(t *testing.T) {
	t.Parallel()
	rows := onePerScheme(t)
	if raceEnabled {
		rows = rows[:8]
	}

	for _, v := range rows {
		h := insecure(t, v.config(t))
		last := strings.TrimRight(v.stored, "=")
		at := len(last) - 4 // whole bits of the digest in every encoding
		swapped := byte('1')
		if v.stored[at] == swapped {
			swapped = '2'
		}

		changed := v.stored[:at] + string(swapped) + v.stored[at+1:]
		res, err := h.Verify(t.Context(), v.password, changed)
		require.False(t, res.OK, v.stored)
		if err != nil {
			require.ErrorIs(t, err, hash.ErrMalformed)
		}
	}
}
