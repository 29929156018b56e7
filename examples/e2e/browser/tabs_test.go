package browser_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

func queryLinks(c *reset.Config) { c.Pages.LinkStyle = reset.LinkQuery }

// secondTab opens one more tab of the same profile, with the same cookies.
func secondTab(ctx context.Context, t *testing.T) context.Context {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	return ctx
}

// addBob adds a second account and returns a link of it.
func (s *site) addBob() string {
	s.t.Helper()
	encoded, err := s.hasher.Hash(s.t.Context(), oldPassword)
	require.NoError(s.t, err)
	require.NoError(s.t, s.users.Add(reset.User{
		ID: "u-2", Email: "bob@example.net", PasswordHash: encoded,
	}))
	made, err := s.svc.Link(s.t.Context(), "u-2", reset.LinkOptions{})
	require.NoError(s.t, err)
	return made.Reveal()
}

func (s *site) bobs() string {
	s.t.Helper()
	user, err := s.users.FindByID(s.t.Context(), "u-2")
	require.NoError(s.t, err)
	return user.PasswordHash
}

func TestTwoTabsWithTwoLinksChangeWhatTheyName(t *testing.T) {
	for _, scheme := range []string{"http", "https"} {
		s, first := serve(t, scheme, queryLinks), tab(t)
		ada, bob := s.link(), s.addBob()
		before := s.bobs()
		open(first, t, ada)
		require.Contains(t, text(first, t, ".account"), "a•••@example.com")
		second := secondTab(first, t)
		open(second, t, bob)
		require.Contains(t, text(second, t, ".account"), "b•••@example.net")

		fill(first, t, "#password", newPassword)
		require.EqualValues(t, http.StatusConflict,
			press(first, t, "form .button").Status)
		require.Contains(t, text(first, t, ".lead"), "another link was opened")
		require.Equal(t, before, s.bobs())
		require.False(t, s.has(newPassword))

		open(first, t, ada)
		fill(first, t, "#password", newPassword)
		require.Equal(t, s.base+"/reset-password?done",
			press(first, t, "form .button").URL)
		require.True(t, s.has(newPassword))
		require.Equal(t, before, s.bobs())
	}
}

// A host beside the site sets cookies for both, with the name of the site's own
// and with another one, which shows that it can.
//
//lostkey:covers ASVS-3.3.3
func TestSiblingHostCannotPlantTheCookie(t *testing.T) {
	s, ctx := serve(t, "https", queryLinks), tab(t)
	ada, bob := s.link(), s.addBob()
	before := s.bobs()
	plant := func(w http.ResponseWriter, _ *http.Request) {
		for _, name := range []string{"__Host-lostkey-link", "planted"} {
			for _, path := range []string{"/", "/reset-password"} {
				http.SetCookie(w, &http.Cookie{
					Name: name, Value: rawOf(bob), Domain: "app.test",
					Path: path, Secure: true,
				})
			}
		}
	}
	sibling := httptest.NewTLSServer(http.HandlerFunc(plant))
	t.Cleanup(sibling.Close)
	port, err := url.Parse(sibling.URL)
	require.NoError(t, err)
	evil := "https://evil.app.test:" + port.Port()

	open(ctx, t, evil)
	open(ctx, t, s.base+"/reset-password")
	require.Contains(t, s.lastCookies(), "planted=",
		"a sibling can set cookies")
	require.NotContains(t, s.lastCookies(), "__Host-lostkey-link")

	open(ctx, t, ada)
	open(ctx, t, evil)
	open(ctx, t, s.base+"/reset-password")
	require.Equal(t, 1, strings.Count(s.lastCookies(), "__Host-lostkey-link="))
	require.Contains(t, text(ctx, t, ".account"), "a•••@example.com")
	fill(ctx, t, "#password", newPassword)
	press(ctx, t, "form .button")
	require.True(t, s.has(newPassword))
	require.Equal(t, before, s.bobs())
}

// lastCookies is the Cookie header of the last request.
func (s *site) lastCookies() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[len(s.requests)-1].Header.Get("Cookie")
}
