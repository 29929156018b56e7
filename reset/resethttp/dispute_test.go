package resethttp_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
)

// disputes counts what the hook is told, and can be broken.
type disputes struct {
	calls  atomic.Int32
	broken atomic.Bool
}

func (d *disputes) lock(context.Context, reset.Dispute) error {
	if d.broken.Load() {
		return errors.New("down")
	}
	d.calls.Add(1)
	return nil
}

// newDisputeFixture serves pages where a change can be disputed, and returns
// the link of a notice with its token.
func newDisputeFixture(
	t *testing.T, changes ...func(*reset.Config),
) (f *fixture, hook *disputes, raw string) {
	t.Helper()
	hook = &disputes{}
	changes = append(changes, func(c *reset.Config) {
		c.Hooks.OnDisputed = hook.lock
	})
	f = newFixture(t, pagesOf, changes...)
	require.NoError(t, f.svc.NotifyChanged(
		t.Context(), reset.NotifyInput{UserID: "u-1"},
	))
	f.mailed(1)
	const mark = site + "/reset-password/dispute/#token="
	_, rest, found := strings.Cut(f.outbox.Messages()[0].Text, mark)
	require.True(t, found)
	raw, _, _ = strings.Cut(rest, "\n")
	return f, hook, raw
}

const disputePath = "/reset-password/dispute"

func TestDisputePageAsksOnceAndLocks(t *testing.T) {
	t.Parallel()
	for _, style := range []reset.LinkStyle{
		reset.LinkFragment, reset.LinkQuery,
	} {
		f, hook, raw := newDisputeFixture(t, func(c *reset.Config) {
			c.Pages.LinkStyle = style
		})
		shown := f.get(disputePath)
		require.Equal(t, http.StatusOK, shown.status)
		require.Contains(t, shown.body, "<h1>Was this not you?</h1>")
		require.Contains(t, shown.body, `action="`+disputePath+`"`)

		a := f.post(disputePath, form("token", "#token="+raw))
		require.Equal(t, http.StatusSeeOther, a.status)
		require.Equal(t, disputePath+"?done", a.header.Get("Location"))
		require.EqualValues(t, 1, hook.calls.Load())
		require.Contains(
			t, f.get(disputePath+"?done").body,
			"<h1>The account is locked</h1>",
		)

		again := f.post(disputePath, form("token", raw))
		require.Equal(t, http.StatusSeeOther, again.status)
		require.True(t, f.has("the old password of ada"))
	}
}

//lostkey:covers ASVS-3.5.3
func TestScannersThatOpenADisputeLinkChangeNothing(t *testing.T) {
	t.Parallel()
	f, hook, raw := newDisputeFixture(t)
	for _, target := range []string{
		disputePath, disputePath + "?token=" + raw, disputePath + "?done",
	} {
		for _, method := range []string{
			http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete,
		} {
			a := f.do(f.request(method, target, "", ""))
			require.NotContains(t, a.body, raw)
		}
	}

	foreign := f.request(http.MethodPost, disputePath, formType,
		form("token", raw))
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusForbidden, f.do(foreign).status)
	require.Equal(t, http.StatusBadRequest, f.post(
		disputePath+"?token="+raw, "",
	).status, "a token in the query of a post is not read")
	require.Zero(t, hook.calls.Load())
}

func TestDisputePageRefusesWhatIsNoDispute(t *testing.T) {
	t.Parallel()
	f, hook, raw := newDisputeFixture(t)
	_, resetLink := f.link()
	for name, body := range map[string]string{
		"another key": form("token", strings.Replace(raw, ".", ".e30", 1)),
		"junk":        form("token", "a.b.c"),
		"empty":       form("token", ""),
		"two":         form("token", raw, "token", raw),
		"none":        form("other", raw),
		"two links":   form("token", "#token="+raw+"#token="+resetLink),
	} {
		a := f.post(disputePath, body)
		require.Equal(t, http.StatusBadRequest, a.status, name)
	}
	require.Equal(t, http.StatusRequestEntityTooLarge, f.post(
		disputePath, strings.Repeat("a", 16<<10+1),
	).status)
	require.Zero(t, hook.calls.Load())

	refused := f.post(disputePath, form("token", flip(raw)))
	require.Contains(t, refused.body, "<h1>This link does not work</h1>")
	require.Contains(t, refused.body, `href="/forgot-password"`)
	require.True(t, f.has("the old password of ada"))
}

func TestDisputePageSaysWhenTheHookFails(t *testing.T) {
	t.Parallel()
	f, hook, raw := newDisputeFixture(t)
	hook.broken.Store(true)
	a := f.post(disputePath, form("token", raw))
	require.Equal(t, http.StatusServiceUnavailable, a.status)
	require.Contains(t, a.body, "We could not lock the account just now.")
	require.NotEmpty(t, a.header.Get("Retry-After"))

	hook.broken.Store(false)
	require.Equal(
		t, http.StatusSeeOther, f.post(disputePath, form("token", raw)).status,
	)
	require.NotContains(t, f.logs.String(), raw)
}

func TestThereIsNoDisputePageWithoutTheHook(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	require.Equal(t, http.StatusNotFound, f.get(disputePath).status)
	require.Equal(t, http.StatusNotFound, f.get("/").status)
}

func TestDisputePageIsInEveryLanguageAndOnItsOwnPath(t *testing.T) {
	t.Parallel()
	hook := &disputes{}
	f := newFixture(t, pagesOf, func(c *reset.Config) {
		c.Hooks.OnDisputed = hook.lock
		c.Pages.Dispute = "/not-me"
	})
	templates, err := mail.NewTemplates(mail.TemplatesConfig{})
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, tag := range templates.Locales() {
		page := f.getIn(tag, "/not-me")
		require.Equal(t, http.StatusOK, page.status)
		require.NotContains(t, page.body, "page.dispute", tag)
		done := f.getIn(tag, "/not-me?done").body
		require.NotContains(t, done, "page.locked", tag)
		seen[page.body] = true
	}
	require.Len(t, seen, 5)
}
