package browser_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/internal/chromium"
)

// One browser for all tests.
var (
	browserOnce sync.Once
	browser     context.Context
	stopBrowser = func() {}
	errBrowser  error
)

func TestMain(m *testing.M) {
	code := m.Run()
	stopBrowser()
	os.Exit(code)
}

func start(path string) {
	browser, stopBrowser, errBrowser = chromium.Start(path,
		chromedp.Flag("disable-quic", true),
		// For the certificates of httptest.
		chromedp.Flag("ignore-certificate-errors", true),
		// Sites that are not localhost, which browsers treat kindlier than
		// others.
		chromedp.Flag("host-resolver-rules",
			"MAP app.test 127.0.0.1, MAP *.app.test 127.0.0.1, "+
				"MAP front.test 127.0.0.1, MAP mail.test 127.0.0.1"))
}

// tab opens a page with a profile of its own.
func tab(t *testing.T) context.Context {
	t.Helper()
	path := chromium.Path(t)
	browserOnce.Do(func() { start(path) })
	require.NoError(t, errBrowser)
	ctx, closeTab := chromedp.NewContext(browser,
		chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// do runs steps that return nothing.
func do(ctx context.Context, t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	require.NoError(t, chromedp.Do(ctx, steps...))
}

// run runs one step.
func run[T any](ctx context.Context, t *testing.T, step chromedp.Action[T]) T {
	t.Helper()
	value, err := chromedp.Run(ctx, step)
	require.NoError(t, err)
	return value
}

// eval evaluates an expression in the page.
func eval[T any](ctx context.Context, t *testing.T, expression string) T {
	t.Helper()
	return run(ctx, t, chromedp.Evaluate[T](expression))
}

// open goes to a page and returns its status.
func open(ctx context.Context, t *testing.T, target string) int64 {
	t.Helper()
	response := run(ctx, t, chromedp.NavigateResponse(target))
	if response == nil { // about:blank
		return 0
	}
	return response.Status
}

// press clicks and waits for the page that follows.
func press(ctx context.Context, t *testing.T, selector string) *network.Response {
	t.Helper()
	response, err := chromedp.RunResponse(ctx,
		chromedp.Click(chromedp.CSS(selector)))
	require.NoError(t, err)
	return response
}

// arrives waits for a page with this heading, also where the driver has lost
// sight of the page: after going back, for instance.
func arrives(ctx context.Context, t *testing.T, heading string) {
	t.Helper()
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		got, err := chromedp.Run(ctx,
			chromedp.Evaluate[string]("document.querySelector('h1').textContent"))
		return err == nil && got == heading
	}, 20*time.Second, 20*time.Millisecond)
}

func fill(ctx context.Context, t *testing.T, selector, text string) {
	t.Helper()
	do(ctx, t, chromedp.SendKeys(chromedp.CSS(selector), text))
}

// text returns the text of an element.
func text(ctx context.Context, t *testing.T, selector string) string {
	t.Helper()
	return run(ctx, t, chromedp.TextContent(chromedp.CSS(selector)))
}

// withoutScripts switches scripts off for the tab, as a visitor would.
func withoutScripts(ctx context.Context, t *testing.T) {
	t.Helper()
	_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true})
	require.NoError(t, err)
}
