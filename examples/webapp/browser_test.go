package main

import (
	"context"
	"net/http"
	"os"
	"os/exec"
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
)

// A browser goes through the whole story of a lost password against the
// program as users build and start it.
func TestBrowserResetsAPassword(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser is too much for a short test")
	}
	tab := openTab(t)
	program := startProgram(t)
	tab.base = program.url

	tab.open("/", 200)
	tab.shoot("home")
	tab.open("/register", 200)
	tab.shoot("register")
	tab.fill("#email", ada, "#password", oldPassword)
	tab.press("main form .button", 200, "/account")
	require.Contains(t, tab.text("main"), ada)
	tab.shoot("account-new")
	tab.press("form[action='/logout'] button", 200, "/login")
	tab.shoot("signed-out")

	tab.press(".field-head a", 200, "/forgot-password")
	tab.shoot("forgot")
	tab.fill("#email", ada)
	tab.press("form .button", 200, "/forgot-password")
	tab.shoot("sent")
	program.logs.wait(t, "password reset mailed")

	tab.open("/inbox", 200)
	tab.shoot("inbox")
	link := tab.value("article.mail a[href*='#token=']", "href")
	tab.press("article.mail a[href*='#token=']", 200, "/reset-password")
	tab.open("/inbox/1", 200)
	tab.shoot("mail")
	tab.pressInFrame("a[href*='#token=']", 200, "/reset-password")
	tab.shoot("reset")
	tab.fill("#password", newPassword)
	tab.press("form .button", 200, "/reset-password")
	tab.shoot("done")

	tab.press("a.button", 200, "/login")
	tab.fill("#email", ada, "#password", oldPassword)
	tab.press("main form .button", 401, "/login")
	tab.shoot("old-password")
	tab.fill("#password", newPassword)
	tab.press("main form .button", 200, "/account")
	require.Contains(t, tab.text("main"), ada)

	// A dead link says so before anybody types.
	tab.openLink(link)
	require.Eventually(t, func() bool {
		heading, err := chromedp.Run(tab.ctx, chromedp.Evaluate[string](
			"document.querySelector('h1').textContent"))
		return err == nil && heading == "This link does not work"
	}, 30*time.Second, 20*time.Millisecond)
	tab.shoot("rejected")

	tab.open("/account/password", 200)
	tab.shoot("change-password")
	tab.fill("#current", oldPassword, "#password", "yet another umbrella")
	tab.press("main form .button", 422, "/account/password")
	tab.shoot("change-refused")
	tab.fill("#current", newPassword, "#password", "yet another umbrella")
	tab.press("main form .button", 200, "/account")
	tab.shoot("account-changed")

	tab.open("/inbox", 200)
	tab.shoot("inbox-full")
	tab.open("/audit", 200)
	require.Contains(t, tab.text("main"), "stale")
	tab.shoot("audit")
	tab.open("/nothing-here", 404)
	tab.shoot("not-found")
}

// tab is a tab of a real browser. Every failure ends the test.
type tab struct {
	t     *testing.T
	ctx   context.Context //nolint:containedctx // chromedp keeps the browser in it
	base  string
	shots int
}

func openTab(t *testing.T) *tab {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("LOSTKEY_REQUIRE_SERVICES") == "1" {
			t.Fatal("no chromium in the path, and LOSTKEY_REQUIRE_SERVICES=1")
		}
		t.Skip("no chromium in the path")
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, flags...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)

	var mu sync.Mutex
	var complaints []string
	require.NoError(t, chromedp.Listen(ctx, func(ev any) {
		// A refused form makes the browser note its status; everything else is a
		// fault of the page, such as a breach of its content security policy.
		if e, ok := ev.(*browserlog.EventEntryAdded); ok && e.Entry.Source != browserlog.EntrySourceNetwork {
			mu.Lock()
			defer mu.Unlock()
			complaints = append(complaints, e.Entry.Text)
		}
	}))
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		require.Empty(t, complaints, "what the browser has to say about the pages")
	})
	return &tab{t: t, ctx: ctx}
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
		frame, cancel := chromedp.NewContext(b.ctx, chromedp.WithTargetID(target.TargetID))
		b.t.Cleanup(cancel) // at the end: it closes the tab
		b.arrive(chromedp.Func(func(context.Context, *chromedp.Target) error {
			return chromedp.Do(frame, chromedp.Click(chromedp.CSS(selector)))
		}), status, path)
		return
	}
	b.t.Fatal("there is no frame")
}

// arrive waits for the load of the page that step leads to.
func (b *tab) arrive(step chromedp.Action[chromedp.Void], status int64, path string) {
	b.t.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.WaitEvent(browserpage.LoadEventFired, nil, step))
	require.NoError(b.t, err)
	at, err := chromedp.Run(b.ctx, chromedp.Evaluate[struct {
		Status     int64
		Path, Hash string
	}]("({Status: performance.getEntriesByType('navigation')[0].responseStatus, Path: location.pathname, Hash: location.hash})"))
	require.NoError(b.t, err)
	require.Equal(b.t, path, at.Path)
	require.Equal(b.t, status, at.Status)
	require.NotContains(b.t, at.Hash, "token", "the token does not stay in the address bar")
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
	found, err := chromedp.Run(b.ctx, chromedp.AttributeValue(chromedp.CSS(selector), attribute))
	require.NoError(b.t, err)
	return found.Value
}

// shoot saves the page as it looks on a desk and on a small phone, by day and
// by night, into the folder LOSTKEY_SCREENSHOTS. No page may be wider than its
// window.
func (b *tab) shoot(name string) {
	b.t.Helper()
	b.shots++
	folder := os.Getenv("LOSTKEY_SCREENSHOTS")
	for _, size := range []struct {
		name          string
		width, height int64
	}{{"wide", 1280, 800}, {"narrow", 320, 640}} {
		b.do(chromedp.EmulateViewport(size.width, size.height))
		tooWide, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("document.documentElement.scrollWidth > innerWidth"))
		require.NoError(b.t, err)
		require.False(b.t, tooWide, "%s at %d pixels scrolls sideways", name, size.width)
		if folder == "" {
			continue
		}
		for _, scheme := range []string{"light", "dark"} {
			_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			})
			require.NoError(b.t, err)
			png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
			require.NoError(b.t, err)
			file := strings.Join([]string{string(rune('a' + b.shots - 1)), name, size.name, scheme}, "-") + ".png"
			require.NoError(b.t, os.WriteFile(filepath.Join(folder, file), png, 0o600))
		}
	}
	b.do(chromedp.EmulateViewport(1280, 800))
}
