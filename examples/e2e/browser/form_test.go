package browser_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

const focused = "document.activeElement.id"

func TestOneErrorIsSaidAtItsFieldAndHasTheFocus(t *testing.T) {
	s, ctx := newSite(t), tab(t)
	for _, typed := range []string{"", "ada", "ada@"} {
		open(ctx, t, s.base+"/forgot-password")
		if typed != "" {
			fill(ctx, t, "#email", typed)
		}
		do(ctx, t, chromedp.Click(chromedp.CSS(".button")))
		require.Equal(t, "email", eval[string](ctx, t, focused), typed)
		require.Contains(t, text(ctx, t, "#email-error"), "name@example.com")
		require.Contains(t, eval[string](ctx, t,
			"document.querySelector('#email').getAttribute('aria-describedby')"),
			"email-error")
		require.False(t,
			eval[bool](ctx, t, "!!document.querySelector('#summary')"))
		require.Contains(t, eval[string](ctx, t, "document.title"), "Error: ")
	}
	require.Zero(t, s.posts.Load(), "nothing was sent")

	fill(ctx, t, "#email", "example.com")
	require.False(t,
		eval[bool](ctx, t, "!!document.querySelector('#email-error')"),
		"what was put right is no error")
	require.Equal(t, s.base+"/forgot-password?sent",
		press(ctx, t, ".button").URL)
}

func TestSeveralErrorsAreListedAndTheListHasTheFocus(t *testing.T) {
	s, ctx := newSite(t), tab(t)
	open(ctx, t, s.base+"/reset-password")
	for range 2 {
		do(ctx, t, chromedp.Click(chromedp.CSS("form .button")))
		focuses(ctx, t, "summary")
		require.Equal(t, []string{
			"#link Paste the link from the email.",
			"#password Use at least 15 characters.",
		}, eval[[]string](ctx, t, `Array.from(
			document.querySelectorAll("#summary a"), function (a) {
				return a.getAttribute("href") + " " + a.textContent;
			})`))
	}
	require.Equal(t, 1, eval[int](ctx, t,
		"document.querySelectorAll('#password-error').length"))
	do(ctx, t, chromedp.Click(chromedp.CSS("#summary li:last-child a")))
	focuses(ctx, t, "password")
	require.Zero(t, s.posts.Load())
}

func TestCountOfCharactersIsShownAtOnceAndReadOutInAPause(t *testing.T) {
	s, ctx := newSite(t), tab(t)
	openAnew(ctx, t, s.link())
	require.Equal(t, "At least 15 characters.", text(ctx, t, "#count"))
	fill(ctx, t, "#password", "nine char")
	require.Equal(t, "9 of 15 characters.", text(ctx, t, "#count"))
	require.Empty(t, text(ctx, t, "[role=status]"), "still typing")
	require.Eventually(t, func() bool {
		return text(ctx, t, "[role=status]") == "9 of 15 characters."
	}, 10*time.Second, 20*time.Millisecond)

	fill(ctx, t, "#password", "😀 more")
	require.Equal(t, "Long enough.", text(ctx, t, "#count"),
		"fifteen characters, of which one is two units of the browser")
	eval[bool](ctx, t, `(function (p) {
		p.value = "";
		return p.dispatchEvent(new Event("input", {bubbles: true}));
	})(document.querySelector("#password"))`)
	require.Equal(t, "At least 15 characters.", text(ctx, t, "#count"))
}

func TestCapsLockIsTold(t *testing.T) {
	s, ctx := newSite(t), tab(t)
	openAnew(ctx, t, s.link())
	press := func(on string) {
		eval[bool](ctx, t, "document.querySelector('#password').dispatchEvent("+
			"new KeyboardEvent('keydown', {key: 'a', modifierCapsLock: "+on+"}))")
	}
	const isShown = "document.querySelector('.caps').checkVisibility()"
	require.False(t, eval[bool](ctx, t, isShown))
	press("true")
	require.True(t, eval[bool](ctx, t, isShown))
	require.Equal(t, "Caps Lock is on.", text(ctx, t, ".caps"))
	press("false")
	require.False(t, eval[bool](ctx, t, isShown))
}

func TestInvalidFieldIsSeenInForcedColours(t *testing.T) {
	s, ctx := newSite(t), tab(t)
	looks(ctx, t, "forced", 1280)
	open(ctx, t, s.base+"/forgot-password")
	const border = "getComputedStyle(document.querySelector('#email'))" +
		".borderTopWidth"
	require.Equal(t, "1px", eval[string](ctx, t, border))
	do(ctx, t, chromedp.Click(chromedp.CSS(".button")))
	require.Equal(t, "3px", eval[string](ctx, t, border))
	require.Contains(t, eval[string](ctx, t, "getComputedStyle("+
		"document.querySelector('#email-error div'), '::before').content"), "!")
}

// The least size of a target is 24 pixels (WCAG 2.2 criterion 2.5.8).
func TestEveryTargetIsLargeEnough(t *testing.T) {
	for name, reach := range everyState(t) {
		ctx := tab(t)
		speaks(ctx, t, "de")
		looks(ctx, t, "light", 320)
		reach(ctx, t)
		require.Empty(t, eval[[]string](ctx, t, `Array.from(
			document.querySelectorAll("a, button, input:not([type=hidden])")
		).filter(function (e) {
			var box = e.getBoundingClientRect();
			return e.checkVisibility() && e.id !== "username" &&
				(box.width < 24 || box.height < 24);
		}).map(function (e) { return e.outerHTML })`), name)
	}
}
