package chromium

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// A Violation is what axe-core objects to.
type Violation struct {
	ID, Help string
	Nodes    []struct{ HTML string }
}

// Violations runs axe-core over the page of a tab.
func Violations(ctx context.Context, t testing.TB, axe string) []Violation {
	t.Helper()
	require.NoError(t, chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](axe)))
	const look = `axe.run(document, {
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
			"best-practice"],
		resultTypes: ["violations"],
	}).then((r) => JSON.stringify({
		passes: r.passes.length, violations: r.violations,
	}))`
	found, err := chromedp.Run(ctx,
		chromedp.Evaluate[string](look, chromedp.EvalAwaitPromise))
	require.NoError(t, err)

	var result struct {
		Passes     int
		Violations []Violation
	}
	require.NoError(t, json.Unmarshal([]byte(found), &result))
	require.Greater(t, result.Passes, 10, "axe looked at the page")
	return result.Violations
}

// Axe takes axe-core from the npm registry, or from the file that LOSTKEY_AXE
// names. It is not kept here: its licence is MPL-2.0.
func Axe(t testing.TB) string {
	t.Helper()
	if file := os.Getenv("LOSTKEY_AXE"); file != "" {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		return string(source)
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		Missing(t, "no npm in the path")
	}

	folder := t.TempDir()
	pack := exec.CommandContext(t.Context(), npm, "pack", "--silent",
		"axe-core@4.14.1")
	pack.Dir = folder
	if output, err := pack.CombinedOutput(); err != nil {
		Missing(t, "npm cannot fetch axe-core: "+string(bytes.TrimSpace(output)))
	}

	archive, err := os.Open(filepath.Join(folder, "axe-core-4.14.1.tgz"))
	require.NoError(t, err)
	defer func() { _ = archive.Close() }()
	unpacked, err := gzip.NewReader(archive)
	require.NoError(t, err)

	for files := tar.NewReader(unpacked); ; {
		file, err := files.Next()
		require.NoError(t, err, "axe.min.js is not in the package")
		if file.Name == "package/axe.min.js" {
			source, err := io.ReadAll(files)
			require.NoError(t, err)
			return string(source)
		}
	}
}
