package browser_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

func TestDeadDisputeLinkSaysSoBeforeAnybodyPresses(t *testing.T) {
	var count atomic.Int32
	s := newSite(t, locks(&count))
	notice := s.notice()
	require.NoError(t, s.svc.Confirm(t.Context(), reset.ConfirmInput{
		Token: rawOf(s.link()), Password: newPassword,
	}))

	for _, link := range []string{
		notice, s.base + "/reset-password/dispute/#token=eyJ.b.c",
	} {
		ctx := tab(t)
		violations := watchPolicy(ctx, t)
		openAnew(ctx, t, link)
		arrives(ctx, t, "This link does not work")
		require.Equal(t, s.base+"/reset-password/dispute?rejected",
			eval[string](ctx, t, "location.href"))
		require.Contains(t, text(ctx, t, ".lead"), "changed again since")
		require.Empty(t, violations())
		require.Equal(t, s.base+"/forgot-password",
			press(ctx, t, ".button").URL)
	}
	require.Zero(t, s.posts.Load())
	require.Zero(t, count.Load())
	require.NotContains(t, s.seen(), rawOf(notice))
}

func TestDisputePageNamesTheAccountThatIsLocked(t *testing.T) {
	s, ctx := newSite(t, disputable), tab(t)
	notice := s.notice()
	for _, take := range []func(){
		func() { openAnew(ctx, t, notice) },
		func() {
			openAnew(ctx, t, s.base+"/reset-password/dispute")
			paste(ctx, t, notice)
		},
	} {
		take()
		seesText(ctx, t, "#address", "a•••@example.com")
		require.Equal(t, "Bakery", text(ctx, t, "#label"))
		require.Empty(t, text(ctx, t, "#expiry"), "there is time enough")
		require.NotContains(t, eval[string](ctx, t,
			"document.documentElement.outerHTML"), account)
	}
	press(ctx, t, "form .button")
	require.Equal(t, lockedTitle, text(ctx, t, "h1"))
}

func TestPastedDisputeLinkIsCheckedAndItsFieldStays(t *testing.T) {
	var count atomic.Int32
	s, ctx := newSite(t, locks(&count)), tab(t)
	notice := s.notice()
	open(ctx, t, s.base+"/reset-password/dispute")
	paste(ctx, t, s.base+"/reset-password/dispute/#token=eyJ.b.c")
	seesText(ctx, t, "#link-error", "does not work")

	paste(ctx, t, notice)
	seesText(ctx, t, "#address", "a•••@example.com")
	require.False(t, eval[bool](ctx, t, "!!document.querySelector('#link-error')"))
	require.Zero(t, count.Load())
	press(ctx, t, "form .button")
	require.EqualValues(t, 1, count.Load())
}

func TestDisputeWorksWithoutAnAnswerOfTheCheck(t *testing.T) {
	for name, change := range map[string]func(ctx context.Context){
		"throttled": func(context.Context) {},
		"unreachable": func(ctx context.Context) {
			do(ctx, t, chromedp.Evaluate[chromedp.Void](
				"window.fetch = function () { return Promise.reject() }"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			var count atomic.Int32
			s, ctx := newSite(t, locks(&count), func(c *reset.Config) {
				c.Limits = reset.Limits{Check: never{}}
			}), tab(t)
			raw := rawOf(s.notice())
			open(ctx, t, s.base+"/reset-password/dispute")
			change(ctx)
			eval[bool](ctx, t, "location.hash = 'token="+raw+"', true")
			seesText(ctx, t, "#address", "The one that your link is for")

			press(ctx, t, "form .button")
			require.Equal(t, lockedTitle, text(ctx, t, "h1"))
			require.EqualValues(t, 1, count.Load())
		})
	}
}

func TestEndOfADisputeLinkIsToldWhenItIsNear(t *testing.T) {
	s, ctx := newSite(t, disputable, func(c *reset.Config) {
		c.Lifetimes.Dispute = 9*time.Minute + 30*time.Second
	}), tab(t)
	openAnew(ctx, t, s.notice())
	seesText(ctx, t, "#expiry", "Your link expires in 9 minutes.")
	eval[bool](ctx, t, "Date.now = (function (now) { return function () {"+
		" return now.call(Date) + 10 * 60000 } })(Date.now), true")
	arrives(ctx, t, "This link does not work")
}

// once allows a single check.
type once struct{ used atomic.Bool }

func (o *once) Allow(context.Context, string) (time.Duration, bool, error) {
	return time.Minute, o.used.CompareAndSwap(false, true), nil
}

// The account of one link must not stand above a button that acts on another.
func TestPastedLinkIsNotShownWithTheAccountOfTheLastOne(t *testing.T) {
	s, ctx := newSite(t, disputable, func(c *reset.Config) {
		c.Limits = reset.Limits{Check: &once{}}
	}), tab(t)
	notice := s.notice()
	open(ctx, t, s.base+"/reset-password/dispute")
	paste(ctx, t, notice)
	seesText(ctx, t, "#address", "a•••@example.com")
	paste(ctx, t, notice+" ")
	seesText(ctx, t, "#address", "The one that your link is for")
	require.Empty(t, text(ctx, t, "#label"))
}
