package smtptest_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
)

// axeCore takes axe-core from the npm registry, or from the file that
// LOSTKEY_AXE names. It is not kept here: its licence is MPL-2.0.
func axeCore(t *testing.T) string {
	t.Helper()
	if name := os.Getenv("LOSTKEY_AXE"); name != "" {
		content, err := os.ReadFile(name)
		require.NoError(t, err)
		return string(content)
	}

	folder := t.TempDir()
	pack := exec.CommandContext(t.Context(), program(t, "npm"), "pack",
		"--silent", "axe-core@4.14.1")
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
			content, err := io.ReadAll(files)
			require.NoError(t, err)
			return string(content)
		}
	}
}

// Every mail, as mail programs show it: light and dark, wide and 320 pixels.
func TestHTMLPartsPassAxeAndNeverScrollSideways(t *testing.T) {
	axe := axeCore(t)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program(t, "chromium", "chromium-browser",
			"google-chrome")), chromedp.NoSandbox,
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("hide-scrollbars", true))
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(),
		options...)
	t.Cleanup(stopAllocator)
	ctx, stop := chromedp.NewContext(allocator)

	t.Cleanup(stop)
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancel)

	var shown string
	show := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, shown)
	}
	server := httptest.NewServer(http.HandlerFunc(show))
	t.Cleanup(server.Close)

	templates, err := mail.NewTemplates(mail.TemplatesConfig{})
	require.NoError(t, err)

	for _, locale := range templates.Locales() {
		for _, kind := range mail.Kinds() {
			shown = sample(t, kind, locale).HTML
			for _, scheme := range []string{"light", "dark"} {
				for _, width := range []int64{700, 320} {
					name := locale + "-" + string(kind) + "-" + scheme +
						map[bool]string{true: "-narrow"}[width == 320]
					_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia,
						emulation.SetEmulatedMediaParams{
							Features: []*emulation.MediaFeature{{
								Name:  "prefers-color-scheme",
								Value: scheme,
							}},
						})
					require.NoError(t, err)
					require.NoError(t,
						chromedp.Do(ctx, chromedp.EmulateViewport(width, 900)))

					_, err = chromedp.Run(ctx,
						chromedp.NavigateResponse(server.URL))
					require.NoError(t, err)
					sideways, err := chromedp.Run(ctx,
						chromedp.Evaluate[int]("document.documentElement.scrollWidth"))
					require.NoError(t, err)
					require.LessOrEqual(t, sideways, int(width), name)
					picture(ctx, t, name)

					require.Empty(t, violations(ctx, t, axe), name)
				}
			}
		}
	}
}

func picture(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	folder := os.Getenv("LOSTKEY_SCREENSHOTS")
	if folder == "" {
		return
	}
	shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	require.NoError(t, err)
	require.NoError(t,
		os.WriteFile(filepath.Join(folder, "mail-"+name+".png"), shot, 0o600))
}

type violation struct {
	ID, Help string
	Nodes    []struct{ HTML string }
}

func violations(ctx context.Context, t *testing.T, axe string) []violation {
	t.Helper()
	require.NoError(t, chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](axe)))

	const look = `axe.run(document, {
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
			"best-practice"],
	}).then(r => JSON.stringify({
		violations: r.violations, passes: r.passes.length,
	}))`
	found, err := chromedp.Run(ctx,
		chromedp.Evaluate[string](look, chromedp.EvalAwaitPromise))
	require.NoError(t, err)

	var result struct {
		Violations []violation
		Passes     int
	}
	require.NoError(t, json.Unmarshal([]byte(found), &result))
	require.Greater(t, result.Passes, 10, "axe looked at the mail")
	return result.Violations
}
