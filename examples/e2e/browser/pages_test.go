package browser_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/internal/chromium"
	"github.com/lostkey-go/lostkey/reset"
)

// never is a limiter that allows nothing.
type never struct{}

func (never) Allow(context.Context, string) (time.Duration, bool, error) {
	return 7 * time.Minute, false, nil
}

// A state is a page as a visitor may find it. It is reached anew for each
// language.
type state func(ctx context.Context, t *testing.T)

// everyState leads a tab to each page that a visitor can see.
func everyState(t *testing.T) map[string]state {
	t.Helper()
	s := newSite(t)
	byQuery := newSite(t, queryLinks)
	throttled := newSite(t, func(c *reset.Config) {
		c.Limits = reset.Limits{
			Client: never{}, ConfirmUser: never{}, Check: never{},
		}
	})
	proven := newSite(t, needsProof)
	returning := newSite(t, returnsTo)
	broken := newSite(t, func(c *reset.Config) {
		c.Queue.Dispatch = func(context.Context, reset.Job) error {
			return errors.New("the queue does not answer")
		}
	})

	states := map[string]state{
		"forgot":               show(s.base + "/forgot-password"),
		"forgot-refused":       ask(s, "ada"),
		"sent":                 show(s.base + "/forgot-password?sent"),
		"reset-paste":          show(s.base + "/reset-password"),
		"reset-damaged":        show(s.base + "/reset-password/?token=a"),
		"reset":                show(s.link()),
		"reset-unchecked":      show(throttled.link()),
		"reset-near-expiry":    show(near(t, s)),
		"reset-in-query":       show(byQuery.link()),
		"reset-in-query-near":  show(near(t, byQuery)),
		"reset-refused":        set(s.link(), guessable),
		"reset-throttled":      set(throttled.link(), newPassword),
		"reset-proof":          show(proven.link()),
		"reset-proof-refused":  set(proven.link(), newPassword),
		"rejected-when-opened": show(s.base + "/reset-password#token=eyJ.b.c"),
		"rejected":             show(byQuery.base + "/reset-password?token=eyJ.b.c"),
		"done":                 show(s.base + "/reset-password?done"),
		"done-return":          show(returning.base + "/reset-password?done&return=cart"),
		"throttled":            ask(throttled, account),
		"unavailable":          ask(broken, account),
		"not-found":            show(s.base + "/elsewhere"),
		"cross-origin": func(ctx context.Context, t *testing.T) {
			open(ctx, t, s.base+"/forgot-password")
			elsewhere(ctx, t, s.base+"/forgot-password")
		},
		"reset-two-errors": func(ctx context.Context, t *testing.T) {
			openAnew(ctx, t, s.base+"/reset-password")
			do(ctx, t, chromedp.Click(chromedp.CSS("form .button")))
		},
		"reset-typing": func(ctx context.Context, t *testing.T) {
			openAnew(ctx, t, s.link())
			settled(ctx, t)
			fill(ctx, t, "#password", "nine char")
		},
	}
	maps.Copy(states, disputeStates(t))
	return states
}

// show opens a page.
func show(target string) state {
	return func(ctx context.Context, t *testing.T) {
		openAnew(ctx, t, target)
		settled(ctx, t)
	}
}

// ask asks for a link.
func ask(of *site, addr string) state {
	return func(ctx context.Context, t *testing.T) {
		open(ctx, t, of.base+"/forgot-password")
		fill(ctx, t, "#email", addr)
		submit(ctx, t)
	}
}

// set sends a new password.
func set(link, password string) state {
	return func(ctx context.Context, t *testing.T) {
		openAnew(ctx, t, link)
		settled(ctx, t)
		fill(ctx, t, "#password", password)
		submit(ctx, t)
	}
}

// near makes a link that expires soon.
func near(t *testing.T, of *site) string {
	t.Helper()
	made, err := of.svc.Link(t.Context(), "u-1",
		reset.LinkOptions{Lifetime: 9 * time.Minute})
	require.NoError(t, err)
	return made.Reveal()
}

// submit sends a form without what its script would refuse before.
func submit(ctx context.Context, t *testing.T) {
	t.Helper()
	_, err := chromedp.RunResponse(ctx,
		chromedp.Evaluate[chromedp.Void]("document.forms[0].submit()"))
	require.NoError(t, err)
	settled(ctx, t)
}

// paste puts a text into the field for a link.
func paste(ctx context.Context, t *testing.T, link string) {
	t.Helper()
	eval[bool](ctx, t, "(function (link) { link.value = '"+link+
		"'; return link.dispatchEvent(new Event('input', "+
		"{bubbles: true})) })(document.querySelector('#link'))")
}

// elsewhere posts a form to a target from a page of another site.
func elsewhere(ctx context.Context, t *testing.T, target string) {
	t.Helper()
	open(ctx, t, "data:text/html,<form method=post action="+target+"><button>x")
	require.EqualValues(t, http.StatusForbidden, press(ctx, t, "button").Status)
}

// settled waits until the check of a link is answered and drawn.
func settled(ctx context.Context, t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		drawn, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`(function () {
			var account = document.querySelector("#account");
			return !account || account.hidden ||
				document.querySelector("#address").textContent !== "";
		})()`))
		return err == nil && drawn
	}, 20*time.Second, 20*time.Millisecond)
}

// openAnew goes to a link that may differ from the page's address in the
// fragment only, which would load nothing.
func openAnew(ctx context.Context, t *testing.T, link string) {
	t.Helper()
	open(ctx, t, "about:blank")
	open(ctx, t, link)
}

// speaks sets the language of the visitor.
func speaks(ctx context.Context, t *testing.T, language string) {
	t.Helper()
	_, err := chromedp.Call(ctx, network.SetExtraHTTPHeaders,
		network.SetExtraHTTPHeadersParams{
			Headers: network.Headers{"Accept-Language": language},
		})
	require.NoError(t, err)
}

// looks sets colours and width of the window.
func looks(ctx context.Context, t *testing.T, scheme string, width int64) {
	t.Helper()
	features := []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme},
	}
	if scheme == "forced" {
		features = []*emulation.MediaFeature{
			{Name: "forced-colors", Value: "active"},
		}
	}
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia,
		emulation.SetEmulatedMediaParams{Features: features})
	require.NoError(t, err)
	do(ctx, t, chromedp.EmulateViewport(width, 800))
}

// A look is how a page may be shown.
type look struct {
	scheme string
	width  int64
}

func TestEveryStatePassesAxeInEveryLanguageAndLook(t *testing.T) {
	axe := chromium.Axe(t)
	all := []look{
		{"light", 1280},
		{"light", 768},
		{"light", 320},
		{"dark", 1280},
		{"dark", 768},
		{"dark", 320},
		{"forced", 1280},
		{"forced", 320},
	}
	some := []look{{"light", 320}, {"dark", 1280}}
	languages := map[string][]look{
		"en": all, "ar": all, "de": some, "es": some, "fr": some, "pt-BR": some,
	}

	for name, reach := range everyState(t) {
		t.Run(name, func(t *testing.T) {
			ctx := tab(t)
			violations := watchPolicy(ctx, t)
			for language, looked := range languages {
				speaks(ctx, t, language)
				reach(ctx, t)
				for _, l := range looked {
					looks(ctx, t, l.scheme, l.width)
					require.LessOrEqual(t, eval[int](ctx, t,
						"document.documentElement.scrollWidth"), int(l.width),
						"%s in %s scrolls sideways", language, l.scheme)
					picture(ctx, t, name+"-"+language, l)
					require.Empty(t, chromium.Violations(ctx, t, axe), "%s in %s at %d",
						language, l.scheme, l.width)
				}
				require.Equal(t, language,
					eval[string](ctx, t, "document.documentElement.lang"))
			}
			require.Empty(t, violations(), "content security policy")
		})
	}
}

// picture leaves a picture of the page where LOSTKEY_SCREENSHOTS says.
func picture(ctx context.Context, t *testing.T, name string, l look) {
	t.Helper()
	folder := os.Getenv("LOSTKEY_SCREENSHOTS")
	if folder == "" {
		return
	}
	// Not a full screenshot, which is drawn beside itself for a page that runs
	// from right to left.
	height := eval[int64](ctx, t, "document.documentElement.scrollHeight")
	do(ctx, t, chromedp.EmulateViewport(l.width, height))
	do(ctx, t, chromedp.Evaluate[chromedp.Void]("new Promise(function (done) {"+
		"requestAnimationFrame(function () { setTimeout(done, 100); }) })",
		chromedp.EvalAwaitPromise))
	width := map[int64]string{320: "narrow", 768: "middle", 1280: "wide"}[l.width]
	require.NoError(t, os.WriteFile(
		filepath.Join(folder, name+"-"+l.scheme+"-"+width+".png"),
		run(ctx, t, chromedp.CaptureScreenshot()), 0o600))
}

//lostkey:covers ASVS-3.4.3
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
		return window.owned === true ||
			getComputedStyle(document.querySelector("h1")).color === "rgb(255, 0, 0)";
	})()`))
	require.Eventually(t, func() bool { return len(violations()) >= 2 },
		10*time.Second, 10*time.Millisecond, "the watch sees what is blocked")
}
