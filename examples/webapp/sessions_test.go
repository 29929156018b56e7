package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/stretchr/testify/require"
)

// Somebody who knows the old password signs in while it is being reset. The
// password was right when it was checked, and the session is stored after the
// reset has deleted all there were. It must be dead all the same.
//
//lostkey:covers ASVS-7.4.1
func TestSessionOfASignInThatOverlapsAResetIsDead(t *testing.T) {
	onEveryEngine(t, testSessionOfASignInThatOverlapsAResetIsDead)
}

func testSessionOfASignInThatOverlapsAResetIsDead(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	s.browser(t).register(ada, oldPassword)
	seen, err := s.users.byEmail(t.Context(), ada)
	require.NoError(t, err)
	require.NoError(t, s.store.ReplaceHash(
		t.Context(), seen.User, seen.PasswordHash+"x",
	))

	require.False(t, s.sessionOpens(t, seen.ID, seen.passwordVersion))
	require.True(
		t, s.sessionOpens(t, seen.ID, seen.passwordVersion+1),
		"what is opened after it is alive",
	)
}

// sessionOpens says whether a session that was opened under a version of the
// password is alive.
func (s *site) sessionOpens(t *testing.T, id string, version int64) bool {
	t.Helper()
	store, tomorrow := sessionStore{s.db}, time.Now().Add(24*time.Hour)
	data, err := scs.GobCodec{}.Encode(tomorrow, map[string]any{
		sessionUser: id, sessionVersion: version,
	})
	require.NoError(t, err)
	err = store.CommitCtx(t.Context(), "id", data, tomorrow)
	require.NoError(t, err)

	_, found, err := store.FindCtx(t.Context(), "id")
	require.NoError(t, err)
	require.NoError(t, store.DeleteCtx(t.Context(), "id"))
	return found
}

func TestSessionsExpire(t *testing.T) {
	onEveryEngine(t, testSessionsExpire)
}

func testSessionsExpire(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	b := s.browser(t)
	b.register(ada, oldPassword)
	_, err := s.db.ExecContext(
		t.Context(), "UPDATE sessions SET expires_at = ?", time.Now().Unix(),
	)
	require.NoError(t, err)
	require.False(t, b.signedIn())

	s.browser(t).login(ada, oldPassword)
	var rows int
	require.NoError(t, s.db.QueryRowContext(
		t.Context(), "SELECT count(*) FROM sessions",
	).Scan(&rows))
	require.Equal(t, 1, rows, "the expired one is gone")
}

// A session that was known before signing in, to whoever planted it, is not the
// one that is signed in afterwards.
func TestSigningInRenewsTheSession(t *testing.T) {
	onEveryEngine(t, testSigningInRenewsTheSession)
}

func testSigningInRenewsTheSession(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	b := s.browser(t)
	b.register(ada, oldPassword)
	before := sessionCookie(t, b)
	res := b.login(ada, oldPassword)
	require.Equal(t, http.StatusSeeOther, res.status)
	require.NotEqual(t, before.Value, sessionCookie(t, b).Value)

	r := b.newRequest(http.MethodGet, "/account", nil)
	r.AddCookie(before)
	require.Equal(
		t, http.StatusSeeOther, s.browser(t).do(r).status,
		"the old name opens nothing",
	)
}

func sessionCookie(t *testing.T, b browser) *http.Cookie {
	t.Helper()
	cookies := b.Jar.Cookies(b.newRequest(http.MethodGet, "", nil).URL)
	require.Len(t, cookies, 1)
	return cookies[0]
}

func TestCookiesAreForThisSiteAndNoScript(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "https://app.example"} {
		s := startSite(t, func(o *options) {
			if url != "" {
				o.url = url
			}
		})
		res := s.browser(t).post(
			"/register", "email", ada, "password", oldPassword,
		)
		cookie, err := http.ParseSetCookie(res.header.Get("Set-Cookie"))
		require.NoError(t, err)
		require.True(t, cookie.HttpOnly)
		require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
		require.Equal(t, url != "", cookie.Secure)
		require.Equal(
			t, url != "", strings.HasPrefix(cookie.Name, "__Host-"),
			"a sibling host cannot plant one",
		)
		require.Equal(t, "/", cookie.Path)
		require.Empty(t, cookie.Domain)

		var id string
		require.NoError(t, s.db.QueryRowContext(
			t.Context(), "SELECT id FROM sessions",
		).Scan(&id))
		require.NotContains(t, id, cookie.Value)
		require.NotContains(t, cookie.Value, id)
	}
}
