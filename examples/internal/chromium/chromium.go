// Package chromium starts Chromium for tests, and looks at pages with axe-core.
//
// What is not installed skips a test, or fails it where
// LOSTKEY_REQUIRE_SERVICES is 1.
package chromium

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// Missing skips a test for want of a program, or fails it where everything has
// to be there.
func Missing(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("LOSTKEY_REQUIRE_SERVICES") == "1" {
		t.Fatal(reason + ", and LOSTKEY_REQUIRE_SERVICES=1")
	}
	t.Skip(reason)
}

// Path returns the program.
func Path(t testing.TB) string {
	t.Helper()
	for _, name := range []string{
		"chromium", "chromium-browser", "google-chrome",
	} {
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	Missing(t, "no chromium in the path")
	return ""
}

// Start starts a browser, which ends with stop.
func Start(
	path string, further ...chromedp.ExecAllocatorOption,
) (ctx context.Context, stop func(), err error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true))
	allocator, stopAllocator := chromedp.NewExecAllocator(
		context.Background(), append(options, further...)...)
	ctx, stopBrowser := chromedp.NewContext(allocator)
	return ctx, func() { stopBrowser(); stopAllocator() }, chromedp.Do(ctx)
}

// New starts a browser for one test.
func New(
	t testing.TB, further ...chromedp.ExecAllocatorOption,
) context.Context {
	t.Helper()
	ctx, stop, err := Start(Path(t), further...)
	t.Cleanup(stop)
	require.NoError(t, err)
	return ctx
}
