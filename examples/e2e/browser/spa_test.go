package browser_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/e2e/openapi"
	"github.com/lostkey-go/lostkey/examples/spa"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

// frontEnd is the static page of examples/spa on an origin of its own, to which
// the links lead, and the API on another site.
type frontEnd struct {
	*site
	url string
	api *openapi.Recorder
}

// newFrontEnd serves the page. The API lets its origin in, unless the page is a
// stranger.
func newFrontEnd(
	t *testing.T, stranger bool, changes ...func(*reset.Config),
) *frontEnd {
	t.Helper()
	pages, api := unstarted(t, "front.test"), unstarted(t, "api.app.test")
	f := &frontEnd{url: pages.base + "/spa/"}
	f.site = newSite(t, append(changes, func(c *reset.Config) {
		c.Site, c.Pages.Reset = pages.base, "/spa"
		c.Pages.Login = "/login"
	})...)

	cfg := resethttp.APIConfig{BaseURL: api.base, Origins: []string{pages.base}}
	if stranger {
		cfg.Origins = []string{"http://elsewhere.test"}
	}
	handler, err := resethttp.NewAPI(f.svc, cfg)
	require.NoError(t, err)
	f.api, err = openapi.NewRecorder(handler, "/api/openapi.json")
	require.NoError(t, err)
	api.serve(f.api)

	page, err := spa.New(api.base + "/api")
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/spa/", http.StripPrefix("/spa/", page))
	pages.serve(mux)
	return f
}

// host is a server of one name.
type host struct {
	*httptest.Server
	base string
}

func unstarted(t *testing.T, name string) host {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	return host{server, "http://" + name + ":" + port}
}

func (h host) serve(handler http.Handler) {
	h.Config.Handler = handler
	h.Start()
}

// shows waits until the page shows one of its views, and returns its text.
func shows(ctx context.Context, t *testing.T, heading string) string {
	t.Helper()
	return seesText(ctx, t, "main > section:not([hidden])", heading)
}

// seesText waits until an element has a text in it, and returns all of its
// text.
func seesText(
	ctx context.Context, t *testing.T, selector, want string,
) string {
	t.Helper()
	var got string
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		var err error
		got, err = chromedp.Run(ctx, chromedp.Evaluate[string](
			"document.querySelector('"+selector+"').innerText"))
		return err == nil && strings.Contains(got, want)
	}, 20*time.Second, 20*time.Millisecond, "want %q", want)
	return got
}

func click(ctx context.Context, t *testing.T, selector string) {
	t.Helper()
	do(ctx, t, chromedp.Click(chromedp.CSS(selector)))
}

// refill types over what is in a field.
func refill(ctx context.Context, t *testing.T, selector, text string) {
	t.Helper()
	eval[bool](ctx, t,
		"document.querySelector('"+selector+"').value = '', true")
	fill(ctx, t, selector, text)
}

func TestFrontEndOfAnotherOriginResetsAPassword(t *testing.T) {
	f, ctx := newFrontEnd(t, false), tab(t)
	violations := watchPolicy(ctx, t)
	require.EqualValues(t, 200, open(ctx, t, f.url))
	shows(ctx, t, "Forgot your password?")
	fill(ctx, t, "#email", "nobody")
	click(ctx, t, "#ask button")
	seesText(ctx, t, "#alert", "Enter one email address")

	refill(ctx, t, "#email", account)
	click(ctx, t, "#ask button")
	shows(ctx, t, "Check your email")
	link := f.mailed()

	openAnew(ctx, t, link)
	view := shows(ctx, t, "a•••@example.com")
	require.Contains(t, view, "At least 15 characters")
	require.Contains(t, view, "The link works until")
	require.Equal(t, f.url, eval[string](ctx, t, "location.href"),
		"the token is out of the address")

	fill(ctx, t, "#password", "short")
	click(ctx, t, "#choose button")
	seesText(ctx, t, "#alert", "Use at least 15 characters")
	refill(ctx, t, "#password", newPassword)
	click(ctx, t, "#choose button")
	shows(ctx, t, "Your password has been changed")
	require.True(t, f.has(newPassword))
	require.NotEmpty(t, eval[string](ctx, t, "document.querySelector('.login').href"))

	openAnew(ctx, t, link)
	shows(ctx, t, "This link does not work")
	click(ctx, t, "#dead button")
	shows(ctx, t, "Forgot your password?")

	require.Empty(t, violations(), "content security policy")
	require.NoError(t, f.api.Err())
	require.True(t, f.api.Seen()["OPTIONS /api/reset-password 204"],
		"a browser asks before it sends")
}

func TestFrontEndAsksForASecondProof(t *testing.T) {
	f, ctx := newFrontEnd(t, false, needsProof), tab(t)
	openAnew(ctx, t, f.link())
	shows(ctx, t, "Second proof that it is you")
	fill(ctx, t, "#password", newPassword)
	fill(ctx, t, "#proof", "654321")
	click(ctx, t, "#choose button")
	seesText(ctx, t, "#alert", "This proof was not accepted")
	require.False(t, f.has(newPassword))

	refill(ctx, t, "#proof", goodCode)
	click(ctx, t, "#choose button")
	shows(ctx, t, "Your password has been changed")
	require.True(t, f.has(newPassword))
	require.NoError(t, f.api.Err())
}

// The answer about the first of two links comes last. It must not name another
// account than the one whose password the form sets.
func TestFrontEndNamesTheAccountOfItsNewestLink(t *testing.T) {
	asked, hold := make(chan struct{}), make(chan struct{})
	f, ctx := newFrontEnd(t, false, func(c *reset.Config) {
		c.Hooks.ProofKind = func(
			_ context.Context, of reset.Pending,
		) (string, error) {
			if of.UserID == "u-1" {
				close(asked)
				<-hold
			}
			return "", nil
		}
		c.Hooks.BeforeConfirm = func(context.Context, reset.Pending) error {
			return nil
		}
	}), tab(t)
	require.NoError(t, f.users.Add(reset.User{
		ID: "u-2", Email: "bo@example.com", PasswordHash: "$x$", Label: "Mill",
	}))
	first := f.link()
	second, err := f.svc.Link(t.Context(), "u-2", reset.LinkOptions{})
	require.NoError(t, err)

	openAnew(ctx, t, first)
	<-asked
	_, fragment, _ := strings.Cut(second.Reveal(), "#")
	eval[string](ctx, t, "location.hash = '"+fragment+"'")
	shows(ctx, t, "b•••@example.com")
	close(hold)
	require.Eventually(t, func() bool {
		return eval[int](ctx, t, `performance.getEntriesByType("resource").`+
			`filter((e) => e.name.endsWith("/check") && e.responseEnd).length`,
		) == 2
	}, 20*time.Second, 20*time.Millisecond)
	require.Contains(t, shows(ctx, t, "Mill"), "b•••@example.com")
}

func TestFrontEndOfAStrangerGetsNothing(t *testing.T) {
	f, ctx := newFrontEnd(t, true), tab(t)
	require.EqualValues(t, 200, open(ctx, t, f.link()))
	shows(ctx, t, "Choose a new password")
	seesText(ctx, t, "#alert", "The server cannot be reached")
	fill(ctx, t, "#password", newPassword)
	click(ctx, t, "#choose button")

	require.Eventually(t, func() bool {
		return f.api.Seen()["OPTIONS /api/reset-password 405 method"]
	}, 20*time.Second, 20*time.Millisecond)
	seesText(ctx, t, "#alert", "The server cannot be reached")
	require.False(t, f.has(newPassword))
	require.NotContains(t, f.api.Seen(), "POST /api/reset-password 204")
	require.NoError(t, f.api.Err())
}
