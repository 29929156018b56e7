package browser_test

import (
	"context"
	"net/http"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

// disputable lets changes be disputed.
func disputable(c *reset.Config) {
	c.Hooks.OnDisputed = func(context.Context, reset.Dispute) error {
		return nil
	}
}

// locks counts what the hook is told.
func locks(count *atomic.Int32) func(*reset.Config) {
	return func(c *reset.Config) {
		c.Hooks.OnDisputed = func(context.Context, reset.Dispute) error {
			count.Add(1)
			return nil
		}
	}
}

// notice makes the link of a notice.
func (s *site) notice() string {
	s.t.Helper()
	require.NoError(s.t, s.svc.NotifyChanged(
		s.t.Context(), reset.NotifyInput{UserID: "u-1"}))
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	messages, err := s.outbox.Wait(ctx, 1)
	require.NoError(s.t, err)

	found := noticeLink.FindString(messages[0].Text)
	require.NotEmpty(s.t, found)
	return found
}

var noticeLink = regexp.MustCompile(`http\S+/dispute/#token=\S+`)

// disputeStates are those of everyState where a change is disputed.
func disputeStates(t *testing.T) map[string]state {
	t.Helper()
	s := newSite(t, disputable)
	notice, page := s.notice(), s.base+"/reset-password/dispute"
	unchecked := newSite(t, disputable, func(c *reset.Config) {
		c.Limits = reset.Limits{Check: never{}}
	})
	ending := newSite(t, disputable, func(c *reset.Config) {
		c.Lifetimes.Dispute = 9 * time.Minute
	})

	return map[string]state{
		"dispute":             show(notice),
		"dispute-unchecked":   show(unchecked.notice()),
		"dispute-near-expiry": show(ending.notice()),
		"dispute-dead":        show(notice + "A"),
		"dispute-paste":       show(page),
		"dispute-damaged":     show(page + "/?token=a"),
		"dispute-locked":      lock(notice),
		"dispute-rejected":    lock(page),
		"dispute-refused": func(ctx context.Context, t *testing.T) {
			openAnew(ctx, t, page)
			paste(ctx, t, "eyJ.b.c")
			seesText(ctx, t, "#link-error", "")
		},
	}
}

// lock says that a change was somebody else's doing.
func lock(notice string) state {
	return func(ctx context.Context, t *testing.T) {
		openAnew(ctx, t, notice)
		submit(ctx, t)
	}
}

const lockedTitle = "The account is locked"

// A scanner may run the scripts of a page, and wait.
func TestOpenedDisputeLinkLocksNothingAndOnePressDoes(t *testing.T) {
	var count atomic.Int32
	s := newSite(t, locks(&count))
	notice := s.notice()
	for range 3 {
		ctx := tab(t)
		violations := watchPolicy(ctx, t)
		require.EqualValues(t, 200, open(ctx, t, notice))
		require.Equal(t, "Was this not you?", text(ctx, t, "h1"))
		require.Equal(t, s.base+"/reset-password/dispute",
			eval[string](ctx, t, "location.href"))
		eval[bool](ctx, t, "document.dispatchEvent(new Event('click')), true")
		require.Empty(t, violations())
	}
	require.Zero(t, count.Load())
	require.Zero(t, s.posts.Load())

	ctx := tab(t)
	for pressed := range int32(2) {
		openAnew(ctx, t, notice)
		require.False(t, eval[bool](ctx, t,
			"document.querySelector('#link-row').checkVisibility()"))
		locked := press(ctx, t, "form .button")
		require.Equal(t, s.base+"/reset-password/dispute?done", locked.URL)
		require.Equal(t, lockedTitle, text(ctx, t, "h1"))
		require.Equal(t, pressed+1, count.Load())
	}
	require.NotContains(t, s.seen(), rawOf(notice))
	require.True(t, s.has(oldPassword))
}

func TestDisputeWithoutScriptsTakesThePastedLink(t *testing.T) {
	var count atomic.Int32
	s, ctx := newSite(t, locks(&count)), tab(t)
	notice := s.notice()
	withoutScripts(ctx, t)
	open(ctx, t, notice)
	fill(ctx, t, "#link", " "+notice+" ")
	press(ctx, t, "form .button")
	require.Equal(t, lockedTitle, text(ctx, t, "h1"))
	require.EqualValues(t, 1, count.Load())
}

func TestLinkPastedOnTheOtherPageLeadsToItsOwn(t *testing.T) {
	for name, style := range map[string]reset.LinkStyle{
		"fragment": reset.LinkFragment,
		"query":    reset.LinkQuery,
	} {
		t.Run(name, func(t *testing.T) {
			var count atomic.Int32
			s, ctx := newSite(t, locks(&count), func(c *reset.Config) {
				c.Pages.LinkStyle = style
			}), tab(t)
			notice := s.notice()
			openAnew(ctx, t, s.base+"/reset-password")
			paste(ctx, t, notice)
			arrives(ctx, t, "Was this not you?")
			press(ctx, t, "form .button")
			require.Equal(t, lockedTitle, text(ctx, t, "h1"))
			require.EqualValues(t, 1, count.Load())

			openAnew(ctx, t, s.base+"/reset-password/dispute")
			paste(ctx, t, s.link())
			arrives(ctx, t, "Choose a new password")

			openAnew(ctx, t, s.base+"/reset-password/dispute")
			eval[bool](ctx, t, "document.querySelector('#link').value = '"+
				s.link()+"', true") // which the script does not notice
			require.EqualValues(t, http.StatusOK,
				press(ctx, t, "form .button").Status)
			arrives(ctx, t, "Choose a new password")
			settled(ctx, t)
			fill(ctx, t, "#password", newPassword)
			press(ctx, t, "form .button")
			require.True(t, s.has(newPassword))
			require.EqualValues(t, 1, count.Load())
		})
	}
}

func TestFrontEndLocksAnAccount(t *testing.T) {
	var count atomic.Int32
	f, ctx := newFrontEnd(t, false, locks(&count), func(c *reset.Config) {
		c.Pages.Dispute = "/spa/dispute"
	}), tab(t)
	violations := watchPolicy(ctx, t)
	notice := f.notice()
	for range 2 {
		openAnew(ctx, t, notice)
		seesText(ctx, t, "form", "a•••@example.com")
		require.NotContains(t,
			eval[string](ctx, t, "location.href"), rawOf(notice))
	}
	require.Zero(t, count.Load())
	click(ctx, t, "form button")
	seesText(ctx, t, "#locked:not([hidden])", "The account is locked")
	require.EqualValues(t, 1, count.Load())

	openAnew(ctx, t, notice+"A")
	seesText(ctx, t, "#alert", "This link does not work")
	require.Empty(t, violations())
	require.NoError(t, f.api.Err())
}
