package browser_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

// everyPage leads a tab to each page that a visitor can see.
func everyPage(t *testing.T) map[string]func(ctx context.Context, t *testing.T) {
	t.Helper()
	s := newSite(t)
	byQuery := newSite(t, func(c *reset.Config) {
		c.Pages.LinkStyle = reset.LinkQuery
	})
	throttled := newSite(t, func(c *reset.Config) {
		c.Limits = reset.Limits{Client: never{}}
	})
	broken := newSite(t, func(c *reset.Config) {
		c.Queue.Dispatch = func(context.Context, reset.Job) error {
			return errors.New("the queue does not answer")
		}
	})
	ask := func(of *site, addr string) func(context.Context, *testing.T) {
		return func(ctx context.Context, t *testing.T) {
			open(ctx, t, of.base+"/forgot-password")
			eval[bool](ctx, t, "document.forms[0].noValidate = true")
			fill(ctx, t, "#email", addr)
			press(ctx, t, "button")
		}
	}
	show := func(target string) func(context.Context, *testing.T) {
		return func(ctx context.Context, t *testing.T) {
			openAnew(ctx, t, target)
		}
	}
	set := func(link, password string) func(context.Context, *testing.T) {
		return func(ctx context.Context, t *testing.T) {
			openAnew(ctx, t, link)
			fill(ctx, t, "#password", password)
			press(ctx, t, "form .button")
		}
	}
	return map[string]func(context.Context, *testing.T){
		"forgot":       show(s.base + "/forgot-password"),
		"forgot-error": ask(s, "ada"),
		"sent":         show(s.base + "/forgot-password?sent"),
		"reset-paste":  show(s.base + "/reset-password"),
		"reset-link":   show(s.link()),
		"reset-held":   show(byQuery.link()),
		"reset-error":  set(s.link(), guessable),
		"done":         show(s.base + "/reset-password?done"),
		"rejected":     set(s.base+"/reset-password#token=a.b.c", newPassword),
		"throttled":    ask(throttled, account),
		"unavailable":  ask(broken, account),
		"not-found":    show(s.base + "/elsewhere"),
	}
}

// openAnew goes to a link that may differ from the page's address in the
// fragment only, which would load nothing.
func openAnew(ctx context.Context, t *testing.T, link string) {
	t.Helper()
	open(ctx, t, "about:blank")
	open(ctx, t, link)
}

// never is a limiter that allows nothing.
type never struct{}

func (never) Allow(context.Context, string) (time.Duration, bool, error) {
	return 7 * time.Minute, false, nil
}

func TestPagesPassAxeInEitherSchemeAndAtAnyWidth(t *testing.T) {
	axe := axeCore(t)
	for name, reach := range everyPage(t) {
		t.Run(name, func(t *testing.T) {
			ctx := tab(t)
			violations := watchPolicy(ctx, t)
			for _, scheme := range []string{"light", "dark"} {
				for _, width := range []int64{1280, 320} {
					prefers(ctx, t, scheme, width)
					reach(ctx, t)
					require.LessOrEqual(t,
						eval[int](ctx, t,
							"document.documentElement.scrollWidth"), int(width),
						"no scrolling sideways")
					picture(ctx, t, name, scheme, width)
					require.Empty(t, violations(), "content security policy")
					require.Empty(t, check(ctx, t, axe), "%s at %d", scheme,
						width)
				}
			}
		})
	}
}

// picture leaves a picture of the page where LOSTKEY_SCREENSHOTS says.
func picture(ctx context.Context, t *testing.T, name, scheme string, width int64) {
	t.Helper()
	folder := os.Getenv("LOSTKEY_SCREENSHOTS")
	if folder == "" {
		return
	}
	size := "wide"
	if width < 600 {
		size = "narrow"
	}
	require.NoError(t,
		os.WriteFile(filepath.Join(folder, name+"-"+scheme+"-"+size+".png"),
			run(ctx, t, chromedp.FullScreenshot(100)), 0o600))
}

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
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"]
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

func TestContentPolicyBlocksWhatIsNotOurs(t *testing.T) {
	s, ctx := newSite(t), tab(t)
	violations := watchPolicy(ctx, t)
	open(ctx, t, s.link())
	require.Empty(t, violations())
	require.False(t, eval[bool](ctx, t, `(function () {
		var script = document.createElement("script");
		script.textContent = "window.owned = true";
		document.body.append(script);
		document.querySelector("h1").setAttribute("style", "color: red");
		return window.owned === true || getComputedStyle(document.querySelector("h1")).color === "rgb(255, 0, 0)";
	})()`))
	require.Eventually(t, func() bool { return len(violations()) >= 2 },
		10*time.Second, 10*time.Millisecond, "the watch sees what is blocked")
}
