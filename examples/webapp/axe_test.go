package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

// Every page of the application is readable for everybody, at a desk and on a
// small phone, by day and by night. Ids are as long as they get.
func TestOwnPagesPassAxe(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser is too much for a short test")
	}
	axe := axeCore(t)
	tab := openTab(t)
	s := startSite(t, nil)
	tab.base = s.url
	s.fillTrail(t)

	for _, path := range []string{"/", "/register", "/login"} {
		tab.look(axe, path, http.StatusOK)
	}
	tab.open("/register", http.StatusOK)
	tab.fill("#email", ada, "#password", oldPassword)
	tab.press("main form .button", http.StatusOK, "/account")
	s.askForLink(s.browser(t), ada)

	for _, path := range []string{
		"/account", "/account/password", "/forgot-password",
		"/audit", "/inbox", "/inbox/1",
	} {
		tab.look(axe, path, http.StatusOK)
	}
	tab.look(axe, "/audit?network=junk&from=never", http.StatusBadRequest)
	tab.look(axe, "/nothing-here", http.StatusNotFound)
}

// fillTrail puts two weeks of events into the trail and blocks a network.
func (s *site) fillTrail(t *testing.T) {
	t.Helper()
	client := netip.MustParseAddr("2001:db8:1111:2222:3333:4444:5555:6666")
	event := reset.Event{
		UserID: strings.Repeat("0123456789abcdef", 4), Client: client,
		TokenID: strings.Repeat("AbCdEf_-", 8),
	}
	outcomes := []reset.Outcome{
		reset.OutcomeRequested, reset.OutcomeMailed, reset.OutcomeConfirmed,
		reset.OutcomeCheckRejected,
	}

	for day := range chartDays {
		if day > 1 { // the rest as they mostly are
			event.UserID, event.TokenID = rand.Text(), rand.Text()
			event.Client = netip.MustParseAddr("198.51.100.23")
		}
		for i, outcome := range outcomes {
			event.Outcome = outcome
			at := time.Now().AddDate(0, 0, -day).Add(-time.Minute)
			s.record(t, 1+(day*3+i*5)%7, at, event)
		}
	}
	s.browser(t).change("/audit/block", "203.0.113.0/24")
}

// look opens a page and examines it in every look.
func (b *tab) look(axe, path string, status int64) {
	b.t.Helper()
	bare, _, _ := strings.Cut(path, "?")
	b.arrive(chromedp.Navigate(b.base+path), status, bare)
	b.do(chromedp.Evaluate[chromedp.Void](axe))

	for _, scheme := range []string{"light", "dark"} {
		set := emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme},
			},
		}
		_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, set)
		require.NoError(b.t, err)
		for _, width := range []int64{1280, 320} {
			b.do(chromedp.EmulateViewport(width, 800))
			require.Empty(
				b.t, b.violations(), "%s in %s at %d", path, scheme, width,
			)
			require.Empty(b.t, b.clipped(width), "%s at %d", path, width)
		}
	}
	b.shoot(strings.NewReplacer("/", "_", "?", "_").Replace(path))
}

type violation struct {
	ID, Help string
	Nodes    []struct{ HTML string }
}

func (b *tab) violations() []violation {
	b.t.Helper()
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](
		`axe.run(document, {
			runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
				"best-practice"],
			resultTypes: ["violations"]
		}).then(r => JSON.stringify({
			Passes: r.passes.length, Violations: r.violations}))`,
		chromedp.EvalAwaitPromise,
	))
	require.NoError(b.t, err)

	var result struct {
		Passes     int
		Violations []violation
	}
	require.NoError(b.t, json.Unmarshal([]byte(found), &result))
	require.Greater(b.t, result.Passes, 10, "axe looked at the page")
	return result.Violations
}

// clipped returns what can be seen in part only on a desk. On a phone a table
// scrolls in its own frame.
func (b *tab) clipped(width int64) []string {
	b.t.Helper()
	if width < 1280 {
		return nil
	}
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](
		`[...document.querySelectorAll(".scroll, .scroll td, .scroll th")]
			.filter(e => e.scrollWidth > e.clientWidth)
			.map(e => e.outerHTML.slice(0, 200))`,
	))
	require.NoError(b.t, err)
	return found
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

	folder := t.TempDir()
	pack := exec.CommandContext(
		t.Context(), "npm", "pack", "--silent", "axe-core@4.14.1",
	)
	pack.Dir = folder
	if output, err := pack.CombinedOutput(); err != nil {
		reason := "npm cannot fetch axe-core: " + err.Error() + " " +
			string(bytes.TrimSpace(output))
		if os.Getenv("LOSTKEY_REQUIRE_SERVICES") == "1" {
			t.Fatal(reason + ", and LOSTKEY_REQUIRE_SERVICES=1")
		}
		t.Skip(reason)
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
