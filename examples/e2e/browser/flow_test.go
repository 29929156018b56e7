package browser_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

func TestWholeFlowWithScripts(t *testing.T) {
	s, ctx := newSite(t), tab(t)
	require.EqualValues(t, 200, open(ctx, t, s.base+"/forgot-password"))
	fill(ctx, t, "#email", account)
	sent := press(ctx, t, "button")
	require.Equal(t, s.base+"/forgot-password?sent", sent.URL)
	require.Equal(t, "Check your email", text(ctx, t, "h1"))
	link := s.mailed()

	require.EqualValues(t, 200, open(ctx, t, link))
	require.Equal(t, s.base+"/reset-password",
		eval[string](ctx, t, "location.href"),
		"the token is out of the address")
	require.False(t,
		eval[bool](ctx, t,
			"document.querySelector('#link-row').checkVisibility()"))
	fill(ctx, t, "#password", newPassword)
	done := press(ctx, t, "form .button")
	require.Equal(t, s.base+"/reset-password?done", done.URL)
	require.EqualValues(t, 200, done.Status)
	require.Equal(t, "Your password has been changed", text(ctx, t, "h1"))
	require.True(t, s.has(newPassword))
	require.NotContains(t, s.seen(), rawOf(link),
		"neither a request line nor a Referer had the token")

	open(ctx, t, link)
	arrives(ctx, t, "This link does not work")
	require.True(t, s.has(newPassword))
	require.NotContains(t, s.seen(), rawOf(link))

	fill(ctx, t, "#email", account)
	require.Equal(t, s.base+"/forgot-password?sent",
		press(ctx, t, "form .button").URL,
		"a new link from the page of the refused one")
}

func TestWholeFlowWithoutScripts(t *testing.T) {
	s, ctx := newSite(t), tab(t)
	withoutScripts(ctx, t)
	open(ctx, t, s.base+"/forgot-password")
	fill(ctx, t, "#email", account)
	require.Equal(t, s.base+"/forgot-password?sent",
		press(ctx, t, "button").URL)
	link := s.mailed()

	open(ctx, t, link)
	fill(ctx, t, "#link", "  "+link+" ")
	fill(ctx, t, "#password", newPassword)
	fill(ctx, t, "#repeat", newPassword+"!")
	refused := press(ctx, t, "form .button")
	require.EqualValues(t, 422, refused.Status)
	require.Contains(t, text(ctx, t, "#repeat-error"),
		"The two passwords are not the same")
	focuses(ctx, t, "repeat")
	fill(ctx, t, "#password", newPassword)
	fill(ctx, t, "#repeat", newPassword)
	require.Equal(t, s.base+"/reset-password?done",
		press(ctx, t, "form .button").URL)
	require.True(t, s.has(newPassword))
	require.NotContains(t, s.seen(), rawOf(link))
}

func TestRefusedPasswordLeavesTheLinkInTheFormAndTheFocusOnTheField(t *testing.T) {
	s, ctx := newSite(t), tab(t)
	open(ctx, t, s.link())
	fill(ctx, t, "#password", guessable)
	refused := press(ctx, t, "form .button")

	require.EqualValues(t, 422, refused.Status)
	focuses(ctx, t, "password")
	require.Equal(t, 1, strings.Count(
		eval[string](ctx, t, "document.body.innerText"),
		text(ctx, t, "#password-error div")), "one error is said once")
	require.True(t,
		strings.HasPrefix(eval[string](ctx, t, "document.title"), "Error: "))
	require.Empty(t,
		eval[string](ctx, t, "document.querySelector('#password').value"))
	require.Equal(t, "password-error password-hint",
		eval[string](ctx, t,
			"document.querySelector('#password').getAttribute('aria-describedby')"))
	fill(ctx, t, "#password", newPassword)
	require.Equal(t, s.base+"/reset-password?done",
		press(ctx, t, "form .button").URL)
	require.True(t, s.has(newPassword))
}

func TestKeyboardAlone(t *testing.T) {
	s, ctx := newSite(t), tab(t)
	open(ctx, t, s.link())
	focus := func() string {
		return eval[string](ctx, t,
			"document.activeElement.id || document.activeElement.className")
	}
	var order []string
	for range 3 {
		do(ctx, t, chromedp.KeyEvent(kb.Tab))
		order = append(order, focus())
	}
	require.Equal(t, []string{"toggle", "password", "button"}, order,
		"every control once, in the order of the page")

	do(ctx, t,
		chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(kb.ModifierShift)))
	require.Equal(t, "password", focus())
	do(ctx, t, chromedp.KeyEvent(newPassword))
	_, err := chromedp.RunResponse(ctx, chromedp.KeyEvent(kb.Enter))
	require.NoError(t, err)
	require.True(t, s.has(newPassword))
}

//lostkey:covers ASVS-6.2.6
func TestPasswordCanBeShownAndIsConcealedWhenSent(t *testing.T) {
	s, ctx := newSite(t), tab(t)
	open(ctx, t, s.link())
	kind := func() string {
		return eval[string](ctx, t, "document.querySelector('#password').type")
	}
	label := func() string { return text(ctx, t, ".toggle") }
	hidden := []string{"password", "Show password"}
	shown := []string{"text", "Hide password"}
	require.Equal(t, hidden, []string{kind(), label()})
	do(ctx, t, chromedp.Click(chromedp.CSS(".toggle")))
	require.Equal(t, shown, []string{kind(), label()})
	require.False(t, eval[bool](ctx, t,
		"document.querySelector('.toggle').hasAttribute('aria-pressed')"))
	do(ctx, t, chromedp.Click(chromedp.CSS(".toggle")))
	require.Equal(t, hidden, []string{kind(), label()})
	do(ctx, t, chromedp.Click(chromedp.CSS(".toggle")))

	eval[bool](ctx, t,
		`document.forms[0].addEventListener("submit", function (e) { e.preventDefault(); }), true`)
	fill(ctx, t, "#password", newPassword)
	do(ctx, t, chromedp.Click(chromedp.CSS("form .button")))
	require.Equal(t, hidden, []string{kind(), label()})
}

func TestSecondPressSendsNothing(t *testing.T) {
	s, ctx := newSite(t), tab(t)
	s.hold = make(chan struct{})
	release := sync.OnceFunc(func() { close(s.hold) })
	t.Cleanup(release)
	looks(ctx, t, "light", 1280)
	open(ctx, t, s.link())
	settled(ctx, t)
	fill(ctx, t, "#password", newPassword)
	// By place, and nothing is asked of the page meanwhile: the driver waits
	// for the page that is being loaded.
	at := eval[[]float64](ctx, t, `(function (box) { return [box.x + box.width / 2, box.y + box.height / 2] })(
		document.querySelector("form .button").getBoundingClientRect())`)
	do(ctx, t, chromedp.MouseClickXY(at[0], at[1]))

	require.Eventually(t, func() bool { return s.posts.Load() == 1 },
		20*time.Second, time.Millisecond)
	for range 3 {
		do(ctx, t, chromedp.MouseClickXY(at[0], at[1]))
	}
	release()
	arrives(ctx, t, "Your password has been changed")
	require.Equal(t, s.base+"/reset-password?done",
		eval[string](ctx, t, "location.href"))
	require.EqualValues(t, 1, s.posts.Load())
}

func TestGoingBackAfterSuccessShowsNoPassword(t *testing.T) {
	for name, style := range map[string]reset.LinkStyle{
		"fragment": reset.LinkFragment,
		"query":    reset.LinkQuery,
	} {
		t.Run(name, func(t *testing.T) {
			s, ctx := newSite(t,
				func(c *reset.Config) { c.Pages.LinkStyle = style }), tab(t)
			link := s.link()
			open(ctx, t, link)
			fill(ctx, t, "#password", newPassword)
			eval[bool](ctx, t, "window.kept = true")
			press(ctx, t, "form .button")
			require.True(t, s.has(newPassword))
			eval[bool](ctx, t, "history.back(), true")
			require.Eventually(t, func() bool {
				back, err := chromedp.Run(ctx,
					chromedp.Evaluate[bool]("document.readyState === "+
						"'complete' && location.search === ''"))
				return err == nil && back
			}, 20*time.Second, 20*time.Millisecond)

			t.Logf("the page came from the cache: %v",
				eval[bool](ctx, t, "window.kept === true"))
			require.NotContains(t, eval[string](ctx, t, "location.href"),
				rawOf(link))
			require.Empty(t,
				eval[string](ctx, t,
					"document.querySelector('#password') ? "+
						"document.querySelector('#password').value : ''"))

			// Sent again from the page of before, it is refused, and the
			// password stays what it is. A page that did not come from the
			// cache has lost its link.
			eval[bool](ctx, t, "(function (form) {"+
				"form.password.value = '"+newPassword+" again';"+
				"form.token.value = form.token.value || '"+link+"';"+
				"form.submit(); return true; })(document.forms[0])")
			arrives(ctx, t, "This link does not work")
			require.True(t, s.has(newPassword))
		})
	}
}

//lostkey:covers ASVS-14.2.1 ASVS-14.3.3
func TestLinkInTheQueryArrivesFromAnotherSiteAndLeavesTheAddress(t *testing.T) {
	s, ctx := newSite(t,
		func(c *reset.Config) { c.Pages.LinkStyle = reset.LinkQuery }), tab(t)
	link := s.link()
	webmail := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
		_ *http.Request,
	) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(`<!doctype html><title>Mail</title><a id="go" href="` +
			link + `">reset</a>`))
	}))
	t.Cleanup(webmail.Close)
	open(ctx, t, strings.Replace(webmail.URL, "127.0.0.1", "mail.test", 1))

	page := press(ctx, t, "#go")
	require.Equal(t, s.base+"/reset-password", page.URL)
	require.Contains(t, text(ctx, t, ".account"), "a•••@example.com",
		"the Lax cookie came along")
	for _, place := range []string{
		"location.href", "document.referrer",
		"JSON.stringify(performance.getEntries())",
		"document.documentElement.outerHTML", "document.cookie",
	} {
		require.NotContains(t, eval[string](ctx, t, place), rawOf(link), place)
	}
	fill(ctx, t, "#password", newPassword)
	require.Equal(t, s.base+"/reset-password?done",
		press(ctx, t, "form .button").URL)
	require.True(t, s.has(newPassword))
	require.Equal(t, 1, strings.Count(s.seen(), rawOf(link)),
		"in the first request line alone, and in no Referer")
}

func TestLinkPastedOverAnOpenPageIsTaken(t *testing.T) {
	s, ctx := newSite(t), tab(t)
	open(ctx, t, s.base+"/reset-password")
	require.True(t,
		eval[bool](ctx, t,
			"document.querySelector('#link-row').checkVisibility()"))
	eval[bool](ctx, t, "location.hash = 'token="+rawOf(s.link())+"', true")
	do(ctx, t, chromedp.Poll[chromedp.Void]("location.hash === ''"))
	require.False(t,
		eval[bool](ctx, t,
			"document.querySelector('#link-row').checkVisibility()"))
	fill(ctx, t, "#password", newPassword)
	press(ctx, t, "form .button")
	require.True(t, s.has(newPassword))
}
