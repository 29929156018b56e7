package browser_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

func returnsTo(c *reset.Config) {
	c.Pages.ReturnTo = map[string]string{"cart": "/cart?from=reset"}
}

func TestVisitorIsLedBackToWhereTheyCameFrom(t *testing.T) {
	for name, style := range map[string]reset.LinkStyle{
		"fragment": reset.LinkFragment,
		"query":    reset.LinkQuery,
	} {
		t.Run(name, func(t *testing.T) {
			s, ctx := newSite(t, returnsTo, func(c *reset.Config) {
				c.Pages.LinkStyle = style
			}), tab(t)
			open(ctx, t, s.base+"/forgot-password?return=cart")
			fill(ctx, t, "#email", account)
			press(ctx, t, "form .button")
			link := s.mailed()

			openAnew(ctx, t, link)
			settled(ctx, t)
			fill(ctx, t, "#password", guessable)
			require.EqualValues(t, 422, press(ctx, t, "form .button").Status)
			fill(ctx, t, "#password", newPassword)
			press(ctx, t, "form .button")
			require.Equal(t, s.base+"/cart?from=reset", eval[string](ctx, t,
				"document.querySelector('.button').href"))
			require.NotContains(t, s.seen(), "return=cart&token")

			// The next link of somebody who comes too late leads there as well.
			openAnew(ctx, t, link)
			arrives(ctx, t, "This link does not work")
			require.Equal(t, "cart", eval[string](ctx, t,
				"document.querySelector('[name=return]').value"))
		})
	}
}

func TestFrontEndLeadsBackToWhereItsVisitorCameFrom(t *testing.T) {
	f, ctx := newFrontEnd(t, false, returnsTo), tab(t)
	open(ctx, t, f.url+"?return=cart")
	shows(ctx, t, "Forgot your password?")
	fill(ctx, t, "#email", account)
	click(ctx, t, "#ask button")
	shows(ctx, t, "Check your email")

	openAnew(ctx, t, f.mailed())
	shows(ctx, t, "a•••@example.com")
	fill(ctx, t, "#password", newPassword)
	do(ctx, t, chromedp.Click(chromedp.CSS("#choose button")))
	shows(ctx, t, "Your password has been changed")
	require.Regexp(t, "/cart\\?from=reset$", eval[string](ctx, t,
		"document.querySelector('a.login').href"))
	require.NoError(t, f.api.Err())
}
