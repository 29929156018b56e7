package hashvectors_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/hash/normalize"
)

const script = "../../../hash/testdata/vectors/make.sh"

// makeVectors runs the script and returns what it printed. Tools that are not there
// are left out, unless LOSTKEY_REQUIRE_TOOLS=1.
func makeVectors(t *testing.T, args ...string) string {
	t.Helper()
	var out, complaints bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{script}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &complaints
	cmd.Env = os.Environ()
	if os.Getenv("LOSTKEY_REQUIRE_TOOLS") == "1" {
		cmd.Env = append(cmd.Env, "VECTORS_STRICT=1")
	}
	require.NoError(t, cmd.Run(), "%s", complaints.String())
	if complaints.Len() > 0 {
		t.Logf("%s", complaints.String())
	}
	return out.String()
}

// accept is what an application with such rows would configure.
func accept(t *testing.T, reader string) hash.Config {
	t.Helper()
	kind, arg, _ := strings.Cut(reader, ":")
	one := func(s hash.Scheme) hash.Config { return hash.Config{Accept: []hash.Scheme{s}} }
	switch kind {
	case "all":
		return hash.Config{}
	case "devise":
		return hash.Config{Accept: hash.Devise(arg)}
	case "flask-bcrypt":
		return hash.Config{Accept: hash.FlaskBcrypt()}
	case "flask-security":
		pepper, err := hash.NewPepper("test", []byte("a pepper for the tests, of 32 bytes or more"))
		require.NoError(t, err)
		return hash.Config{Accept: hash.FlaskSecurity(arg, normalize.NFKD), Peppers: []hash.Pepper{pepper}}
	case "better-auth":
		return hash.Config{Accept: hash.BetterAuth(normalize.NFKC)}
	case "node-scrypt", "node-scrypt-text":
		s, err := hash.NodeScrypt(hash.NodeScryptConfig{SaltIsText: kind == "node-scrypt-text"})
		require.NoError(t, err)
		return one(s)
	}
	for _, s := range []hash.Scheme{
		hash.InsecureDjangoMD5(), hash.InsecureDjangoSHA1(), hash.InsecureBareMD5(),
		hash.InsecureWerkzeugMD5(), hash.InsecureWerkzeugSHA1(), hash.InsecureWerkzeugSHA256(),
	} {
		if s.Name() == kind {
			return one(s)
		}
	}
	require.Fail(t, "no such reader", reader)
	return hash.Config{}
}

func TestHashesThatOtherToolsMakeNowVerifyHere(t *testing.T) {
	counts := map[string]int{}
	for line := range strings.Lines(makeVectors(t)) {
		c := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		require.Len(t, c, 6, line)
		want, tool, detail, stored := c[1], c[2], c[3], c[5]
		var password string
		require.NoError(t, json.Unmarshal([]byte(c[4]), &password))

		cfg := accept(t, c[0])
		cfg.Params = hash.Argon2id{MemoryKiB: 64, Time: 1, Threads: 1}
		h, err := hash.NewInsecure(cfg)
		require.NoError(t, err)
		res, err := h.Verify(t.Context(), password, stored)
		switch want {
		case "!unsupported":
			require.ErrorIs(t, err, hash.ErrUnsupported, line)
		case "!unknown":
			require.ErrorIs(t, err, hash.ErrUnknownFormat, line)
		case "!wrong", "unusable":
			require.NoError(t, err, line)
			require.False(t, res.OK, line)
		default:
			require.NoError(t, err, line)
			require.True(t, res.OK, "%s %s: %s", tool, detail, stored)
			require.Equal(t, want, res.Scheme)
			res, err = h.Verify(t.Context(), "x"+password, stored)
			require.NoError(t, err)
			require.False(t, res.OK, line)
		}
		counts[tool]++
	}
	if len(counts) == 0 {
		t.Skip("none of the tools is there")
	}
	for _, tool := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%3d by %s", counts[tool], tool)
	}
}

func TestOurHashesVerifyInOtherTools(t *testing.T) {
	var rows strings.Builder
	for kind, params := range map[string]hash.Params{
		"argon2id":      hash.Argon2id{},
		"bcrypt":        hash.Bcrypt{Cost: 10},
		"pbkdf2-sha256": hash.PBKDF2SHA256{},
	} {
		h, err := hash.New(hash.Config{Params: params})
		require.NoError(t, err)
		for _, password := range []string{"correct horse battery staple", "p\u00e4ssw\u00f6rd\u2713", "  blanks \" and ' quotes \\ "} {
			encoded, err := h.Hash(t.Context(), password)
			require.NoError(t, err)
			text, err := json.Marshal(password)
			require.NoError(t, err)
			rows.WriteString(kind + "\t" + string(text) + "\t" + encoded + "\n")
		}
	}
	file := filepath.Join(t.TempDir(), "ours.tsv")
	require.NoError(t, os.WriteFile(file, []byte(rows.String()), 0o600))
	agreed := makeVectors(t, "check", file)
	if agreed == "" {
		t.Skip("none of the tools is there")
	}
	t.Log(agreed)
}
