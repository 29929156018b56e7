package interop_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/hash"
)

// springClassPath returns a class path with spring-security-crypto and what it
// needs. No Debian package has it, so its absence is never a failure.
func springClassPath(t *testing.T) string {
	t.Helper()
	path := os.Getenv("LOSTKEY_SPRING")
	if path == "" {
		t.Skip("LOSTKEY_SPRING is no class path with spring-security-crypto," +
			" spring-core, commons-logging and bcprov")
	}
	return path
}

// askSpring gives each line to Spring.java and returns the lines it answers.
func askSpring(t *testing.T, lines []string) []string {
	t.Helper()
	cmd := exec.CommandContext(
		t.Context(), "java", "-cp", springClassPath(t), "Spring.java",
	)
	var stderr bytes.Buffer
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())

	answers := strings.Split(strings.TrimSpace(string(out)), "\n")
	require.Len(t, answers, len(lines))
	return answers
}

// springRows are what is written here, beside the encoder of an application
// that has the same figures.
var springRows = map[string]hash.Spring{
	"bcrypt 10":      {},
	"bcrypt 12":      {Algorithm: hash.Bcrypt{Cost: 12}},
	"argon2 19456 2": {Algorithm: hash.Argon2id{}},
	"argon2 16384 2": {
		Algorithm: hash.Argon2id{MemoryKiB: 16384, Time: 2, Threads: 1},
	},
	"pbkdf2": {Algorithm: hash.PBKDF2SHA256{}},
}

var springPasswords = []string{
	"correct horse battery staple", "äöü✓ 9", "🔑🔑🔑", strings.Repeat("a", 72),
}

// Spring's defaults for Argon2 and PBKDF2 are below the floor.
func springHasher(t *testing.T, params hash.Params) *hash.Hasher {
	t.Helper()
	h, err := hash.NewInsecure(hash.Config{Params: params})
	require.NoError(t, err)
	return h
}

func TestSpringVerifiesOurRowsAndCallsThemCurrent(t *testing.T) {
	t.Parallel()
	var lines, want []string
	add := func(answer string, fields ...string) {
		lines = append(lines, strings.Join(fields, "\t"))
		want = append(want, answer)
	}

	for encoder, params := range springRows {
		h := springHasher(t, params)
		for _, password := range springPasswords {
			row, err := h.Hash(t.Context(), password)
			require.NoError(t, err)
			add("true false", encoder, password, row)
			add("false false", encoder, password[1:]+"b", row)
		}
	}

	// More memory than Spring's own default is current for it too. Less is not,
	// and neither is a lower strength.
	ours := springHasher(t, hash.Spring{Algorithm: hash.Argon2id{}})
	row, err := ours.Hash(t.Context(), "x")
	require.NoError(t, err)
	add("true false", "argon2 16384 2", "x", row)
	add("true true", "argon2 20000 2", "x", row)
	row, err = springHasher(t, hash.Spring{}).Hash(t.Context(), "x")
	require.NoError(t, err)
	add("true true", "bcrypt 12", "x", row)

	require.Equal(t, want, askSpring(t, lines))
}

func TestSpringsRowsVerifyHereAndAreCurrent(t *testing.T) {
	t.Parallel()
	var lines, passwords []string
	var hashers []*hash.Hasher
	for encoder, params := range springRows {
		for _, password := range springPasswords {
			lines = append(lines, encoder+"\t"+password)
			passwords = append(passwords, password)
			hashers = append(hashers, springHasher(t, params))
		}
	}

	for i, row := range askSpring(t, lines) {
		res, err := hashers[i].Verify(t.Context(), passwords[i], row)
		require.NoError(t, err, row)
		require.True(t, res.OK, row)
		require.False(t, res.NeedsRehash, row)
		res, err = hashers[i].Verify(t.Context(), passwords[i][1:]+"b", row)
		require.NoError(t, err, row)
		require.False(t, res.OK, row)
	}
}
