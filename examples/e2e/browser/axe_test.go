package browser_test

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
	"sync"
	"testing"

	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// watchPolicy collects what the browser reports as blocked.
func watchPolicy(ctx context.Context, t *testing.T) func() []string {
	t.Helper()
	var mu sync.Mutex
	var blocked []string
	do(ctx, t)
	require.NoError(t, chromedp.Listen(ctx, func(ev any) {
		if entry, ok := ev.(*cdplog.EventEntryAdded); ok &&
			entry.Entry.Source == "security" {
			mu.Lock()
			defer mu.Unlock()
			blocked = append(blocked, entry.Entry.Text)
		}
	}))
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return blocked
	}
}

type violation struct {
	ID, Help string
	Nodes    []struct{ HTML string }
}

// check runs axe-core over the page and returns what it objects to.
func check(ctx context.Context, t *testing.T, axe string) []violation {
	t.Helper()
	do(ctx, t, chromedp.Evaluate[chromedp.Void](axe))
	found := run(ctx, t, chromedp.Evaluate[string](`axe.run(document, {
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
			"best-practice"],
		resultTypes: ["violations"]
	}).then(function (r) { return JSON.stringify({Passes: r.passes.length, Violations: r.violations}) })`, chromedp.EvalAwaitPromise))
	var result struct {
		Passes     int
		Violations []violation
	}
	require.NoError(t, json.Unmarshal([]byte(found), &result))
	require.Greater(t, result.Passes, 10, "axe looked at the page")
	return result.Violations
}

// axeCore takes axe-core from the npm registry, or from the file that
// LOSTKEY_AXE names. It is not kept here: its licence is MPL-2.0.
func axeCore(t *testing.T) string {
	t.Helper()
	if file := os.Getenv("LOSTKEY_AXE"); file != "" {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		return string(source)
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		missing(t, "no npm in the path")
	}

	folder := t.TempDir()
	pack := exec.CommandContext(t.Context(), npm, "pack", "--silent",
		"axe-core@4.14.1")
	pack.Dir = folder
	if output, err := pack.CombinedOutput(); err != nil {
		missing(t,
			"npm cannot fetch axe-core: "+string(bytes.TrimSpace(output)))
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
