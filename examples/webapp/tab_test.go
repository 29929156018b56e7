package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	browserlog "github.com/chromedp/cdproto/log"
	browserpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/internal/chromium"
)

// tab is a tab of a real browser. Every failure ends the test.
type tab struct {
	t     *testing.T
	ctx   context.Context //nolint:containedctx // it holds the browser
	base  string
	shots int
}

func openTab(t *testing.T) *tab {
	t.Helper()
	ctx, cancel := context.WithTimeout(chromium.New(t,
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true),
	), 2*time.Minute)
	t.Cleanup(cancel)

	expectNoComplaints(ctx, t)
	return &tab{t: t, ctx: ctx}
}

// expectNoComplaints fails the test for what the browser has to say about the
// pages.
func expectNoComplaints(ctx context.Context, t *testing.T) {
	t.Helper()
	var (
		mu         sync.Mutex
		complaints []string
	)

	require.NoError(t, chromedp.Listen(ctx, func(ev any) {
		// A refused form makes the browser note its status. Everything else is
		// a fault of the page, such as a breach of its content security policy.
		e, ok := ev.(*browserlog.EventEntryAdded)
		if ok && e.Entry.Source != browserlog.EntrySourceNetwork {
			mu.Lock()
			defer mu.Unlock()
			complaints = append(complaints, e.Entry.Text)
		}
	}))
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		require.Empty(t, complaints)
	})
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, steps...))
}

func (b *tab) open(path string, status int64) {
	b.t.Helper()
	b.arrive(chromedp.Navigate(b.base+path), status, path)
}

// openLink opens a mailed link as if the mail program did: on a fresh page.
func (b *tab) openLink(link string) {
	b.t.Helper()
	b.do(chromedp.Navigate("about:blank"))
	b.arrive(chromedp.Navigate(link), http.StatusOK, "/reset-password")
}

// press clicks and waits for the page at path.
func (b *tab) press(selector string, status int64, path string) {
	b.t.Helper()
	b.arrive(chromedp.Click(chromedp.CSS(selector)), status, path)
}

// pressInFrame clicks in the frame of the page, which has an origin of its own.
func (b *tab) pressInFrame(selector string, status int64, path string) {
	b.t.Helper()
	targets, err := chromedp.Targets(b.ctx)
	require.NoError(b.t, err)
	for _, target := range targets {
		if target.Type != "iframe" {
			continue
		}
		frame, cancel := chromedp.NewContext(
			b.ctx, chromedp.WithTargetID(target.TargetID),
		)
		b.t.Cleanup(cancel) // at the end: it closes the tab

		b.arrive(chromedp.Func(func(context.Context, *chromedp.Target) error {
			return chromedp.Do(frame, chromedp.Click(chromedp.CSS(selector)))
		}), status, path)
		return
	}
	b.t.Fatal("there is no frame")
}

// arrive waits for the load of the page that step leads to.
func (b *tab) arrive(
	step chromedp.Action[chromedp.Void], status int64, path string,
) {
	b.t.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.WaitEvent(
		browserpage.LoadEventFired, nil, step,
	))
	require.NoError(b.t, err)

	at, err := chromedp.Run(b.ctx, chromedp.Evaluate[struct {
		Status     int64
		Path, Hash string
	}](`({
		Status: performance.getEntriesByType('navigation')[0].responseStatus,
		Path: location.pathname, Hash: location.hash})`))
	require.NoError(b.t, err)
	require.Equal(b.t, path, at.Path)
	require.Equal(b.t, status, at.Status)
	require.NotContains(
		b.t, at.Hash, "token", "the token does not stay in the address bar",
	)
}

// fill takes selectors and texts in turn, and replaces what is in the fields.
func (b *tab) fill(pairs ...string) {
	b.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		field := chromedp.CSS(pairs[i])
		b.do(chromedp.Clear(field), chromedp.SendKeys(field, pairs[i+1]))
	}
}

func (b *tab) text(selector string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS(selector)))
	require.NoError(b.t, err)
	return text
}

func (b *tab) value(selector, attribute string) string {
	b.t.Helper()
	found, err := chromedp.Run(
		b.ctx, chromedp.AttributeValue(chromedp.CSS(selector), attribute),
	)
	require.NoError(b.t, err)
	return found.Value
}

// shoot saves the page as it looks on a desk and on a small phone, by day and
// by night, into the folder LOSTKEY_SCREENSHOTS. No page may be wider than its
// window.
func (b *tab) shoot(name string) {
	b.t.Helper()
	b.shots++
	for _, size := range []struct {
		name          string
		width, height int64
	}{{"wide", 1280, 800}, {"narrow", 320, 640}} {
		b.do(chromedp.EmulateViewport(size.width, size.height))
		tooWide, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](
			"document.documentElement.scrollWidth > innerWidth",
		))
		require.NoError(b.t, err)
		require.False(
			b.t, tooWide, "%s at %d pixels scrolls sideways",
			name, size.width,
		)
		b.save(name, size.name)
	}
	b.do(chromedp.EmulateViewport(1280, 800))
}

func (b *tab) save(name, size string) {
	b.t.Helper()
	folder := os.Getenv("LOSTKEY_SCREENSHOTS")
	if folder == "" {
		return
	}

	for _, scheme := range []string{"light", "dark"} {
		set := emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme},
			},
		}
		_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, set)
		require.NoError(b.t, err)
		png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		require.NoError(b.t, err)

		number := string(rune('a' + b.shots - 1))
		file := strings.Join([]string{number, name, size, scheme}, "-")
		path := filepath.Join(folder, file+".png")
		require.NoError(b.t, os.WriteFile(path, png, 0o600))
	}
}
