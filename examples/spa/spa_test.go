package spa_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/spa"
)

func TestDeclarationIsMadeFromTheDocument(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "api.d.ts")
	made, err := exec.CommandContext(t.Context(), "go", "run", "./dts",
		"../../reset/resethttp/openapi.json", out).CombinedOutput()
	require.NoError(t, err, string(made))

	want, err := os.ReadFile(out)
	require.NoError(t, err)
	got, err := os.ReadFile("static/api.d.ts")
	require.NoError(t, err)
	require.True(t, string(want) == string(got), "run go generate ./spa")
}

func TestTypeScriptFindsNothingWrong(t *testing.T) {
	t.Parallel()
	dir := installed(t)
	cmd := exec.CommandContext(t.Context(), "npm", "run", "--silent", "check")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))

	// It does look: a member that no answer has is found.
	file := filepath.Join(dir, "static", "app.js")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, append(text,
		"\n(await client.settings()).password;\n"...), 0o600))
	cmd = exec.CommandContext(t.Context(), "npm", "run", "--silent", "check")
	cmd.Dir = dir
	out, err = cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "'password' does not exist")
}

// installed returns a copy of this folder with TypeScript in it.
func installed(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		missing(t, "npm is not installed")
	}

	dir := t.TempDir()
	require.NoError(t, os.CopyFS(
		filepath.Join(dir, "static"), os.DirFS("static")))
	for _, name := range []string{
		"package.json", "package-lock.json", "tsconfig.json",
	} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}

	cmd := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts",
		"--no-audit", "--no-fund")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		missing(t, "npm cannot install TypeScript: "+string(out))
	}
	return dir
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("LOSTKEY_REQUIRE_TOOLS") == "1" {
		t.Fatal(what + ", and LOSTKEY_REQUIRE_TOOLS=1")
	}
	t.Skip(what)
}

func TestPageNamesItsAPIAndTrustsNothingElse(t *testing.T) {
	t.Parallel()
	for api, source := range map[string]string{
		"/api":                           "'self'",
		"https://api.example:8443/v1":    "https://api.example:8443",
		`https://api.example/"><script>`: "https://api.example",
	} {
		h, err := spa.New(api)
		require.NoError(t, err)
		mux := http.NewServeMux()
		mux.Handle("/spa/", http.StripPrefix("/spa/", h))

		for path, media := range map[string]string{
			"/spa/":          "text/html; charset=utf-8",
			"/spa/dispute/":  "text/html; charset=utf-8",
			"/spa/app.js":    "text/javascript; charset=utf-8",
			"/spa/client.js": "text/javascript; charset=utf-8",
			"/spa/style.css": "text/css; charset=utf-8",
		} {
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
			require.Equal(t, http.StatusOK, w.Code, path)
			require.Equal(t, media, w.Header().Get("Content-Type"))
			require.Equal(t, "default-src 'none'; script-src 'self'; "+
				"style-src 'self'; img-src data:; connect-src "+source+"; "+
				"form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "+
				"require-trusted-types-for 'script'; trusted-types 'none'",
				w.Header().Get("Content-Security-Policy"))
			require.NotContains(t, w.Body.String(), `"><script>`)
		}
	}
}
