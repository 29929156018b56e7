package browser_test

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

func TestDeadLinkSaysSoBeforeAnybodyTypes(t *testing.T) {
	s := newSite(t)
	dead := s.link()
	require.NoError(t, s.svc.Confirm(t.Context(), reset.ConfirmInput{
		Token: rawOf(dead), Password: newPassword,
	}))

	for _, link := range []string{
		dead, s.base + "/reset-password/#token=eyJ.b.c", s.link() + "x",
	} {
		ctx := tab(t)
		openAnew(ctx, t, link)
		arrives(ctx, t, "This link does not work")
		require.NotContains(t,
			eval[string](ctx, t, "location.href"), rawOf(link))
		fill(ctx, t, "#email", account)
		require.Equal(t, s.base+"/forgot-password?sent",
			press(ctx, t, "form .button").URL)
	}
	require.True(t, s.has(newPassword))
}

// What a password manager saves with the new password must be what its user
// signs in with.
//
//lostkey:covers ASVS-6.2.7 63B-3.1.1.2-5
func TestGoodLinkShowsItsAccountAndNamesItToPasswordManagers(t *testing.T) {
	for name, style := range map[string]reset.LinkStyle{
		"fragment": reset.LinkFragment,
		"query":    reset.LinkQuery,
	} {
		t.Run(name, func(t *testing.T) {
			s, ctx := newSite(t, func(c *reset.Config) {
				c.Pages.LinkStyle = style
			}), tab(t)
			openAnew(ctx, t, s.link())
			settled(ctx, t)

			require.Equal(t, "a•••@example.com", text(ctx, t, "#address"))
			require.Equal(t, "Bakery", text(ctx, t, "#label"))
			require.Equal(t, account,
				eval[string](ctx, t, "document.forms[0].username.value"))
			require.Equal(t, "username", eval[string](ctx, t,
				"document.forms[0].username.autocomplete"))
			require.NotEqual(t, "none", eval[string](ctx, t,
				"getComputedStyle(document.forms[0].username).display"))
			require.Equal(t, "hidden", eval[string](ctx, t,
				"document.querySelector('#link').type"))
			require.Empty(t, text(ctx, t, "#expiry"), "there is time enough")
		})
	}
}

func TestNothingMovesWhenTheCheckIsAnswered(t *testing.T) {
	s, ctx := newSite(t), tab(t)
	s.holdCheck = make(chan struct{})
	openAnew(ctx, t, s.link())
	const place = `JSON.stringify(Array.from(
		document.querySelectorAll("h1, input, .button, .card"),
		function (e) { return e.getBoundingClientRect() }))`
	before := eval[string](ctx, t, place)
	require.Empty(t, text(ctx, t, "#address"))

	close(s.holdCheck)
	settled(ctx, t)
	require.Equal(t, before, eval[string](ctx, t, place))
}

func TestFormWorksWithoutAnAnswerOfTheCheck(t *testing.T) {
	for name, change := range map[string]func(ctx context.Context, s *site){
		"throttled": func(context.Context, *site) {},
		"unreachable": func(ctx context.Context, _ *site) {
			do(ctx, t, chromedp.Evaluate[chromedp.Void](
				"window.fetch = function () { return Promise.reject() }"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, ctx := newSite(t, func(c *reset.Config) {
				c.Limits = reset.Limits{Check: never{}}
			}), tab(t)
			open(ctx, t, s.base+"/reset-password")
			change(ctx, s)
			eval[bool](ctx, t, "location.hash = 'token="+rawOf(s.link())+"', true")
			settled(ctx, t)
			require.Equal(t, "The one that your link is for",
				text(ctx, t, "#address"))

			fill(ctx, t, "#password", newPassword)
			require.Equal(t, s.base+"/reset-password?done",
				press(ctx, t, "form .button").URL)
			require.True(t, s.has(newPassword))
		})
	}
}

func TestEndOfALinkIsToldWhenItIsNear(t *testing.T) {
	s, ctx := newSite(t), tab(t)
	made, err := s.svc.Link(t.Context(), "u-1",
		reset.LinkOptions{Lifetime: 11 * time.Minute})
	require.NoError(t, err)
	openAnew(ctx, t, made.Reveal())
	settled(ctx, t)
	require.Empty(t, text(ctx, t, "#expiry"))
	fill(ctx, t, "#password", "typed meanwhile")

	says := func(want string) {
		require.Eventually(t, func() bool {
			return text(ctx, t, "#expiry") == want
		}, 10*time.Second, 50*time.Millisecond, want)
	}
	later := func(minutes string) {
		eval[bool](ctx, t, "Date.now = (function (now) { return function () {"+
			" return now.call(Date) + "+minutes+" * 60000 } })(Date.now), true")
	}
	later("2")
	says("Your link expires in 8 minutes.")
	require.Eventually(t, func() bool {
		return text(ctx, t, "[role=status]") == "Your link expires in 8 minutes."
	}, 10*time.Second, 50*time.Millisecond, "read out")
	later("7.5")
	says("Your link expires in 1 minute.")
	later("2")
	arrives(ctx, t, "This link does not work")
}

func TestPastedLinkIsCheckedAndItsFieldStays(t *testing.T) {
	s, ctx := newSite(t), tab(t)
	open(ctx, t, s.base+"/reset-password")
	paste(ctx, t, s.base+"/reset-password/#token=eyJ.b.c")
	require.Eventually(t, func() bool {
		return eval[bool](ctx, t, "!!document.querySelector('#link-error')")
	}, 10*time.Second, 50*time.Millisecond)
	require.Contains(t, text(ctx, t, "#link-error"), "does not work")

	paste(ctx, t, s.link())
	settled(ctx, t)
	require.Eventually(t, func() bool {
		return text(ctx, t, "#address") == "a•••@example.com"
	}, 10*time.Second, 50*time.Millisecond)
	require.False(t, eval[bool](ctx, t, "!!document.querySelector('#link-error')"))
	fill(ctx, t, "#password", newPassword)
	press(ctx, t, "form .button")
	require.True(t, s.has(newPassword))
}
