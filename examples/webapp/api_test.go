package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

func (b browser) postJSON(path, body string) answer {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost,
		b.base+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return b.do(r)
}

func TestAPIResetsThePasswordOfAnAccount(t *testing.T) {
	onEveryEngine(t, testAPIResetsThePasswordOfAnAccount)
}

func testAPIResetsThePasswordOfAnAccount(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	b := s.browser(t)
	b.register(ada, oldPassword)
	users, err := s.store.FindByEmail(t.Context(), ada)
	require.NoError(t, err)
	link, err := s.resets.Link(t.Context(), users[0].ID, reset.LinkOptions{})
	require.NoError(t, err)

	asked := b.postJSON("/api/forgot-password", `{"email":"`+ada+`"}`)
	require.Equal(t, http.StatusAccepted, asked.status)
	s.logs.wait(t, "password reset mailed")
	checked := b.postJSON(
		"/api/reset-password/check", `{"token":"`+link.Reveal()+`"}`)
	require.Equal(t, http.StatusOK, checked.status)
	require.Contains(t, checked.body, `"account":"a•••@example.com"`)
	set := b.postJSON("/api/reset-password",
		`{"token":"`+link.Reveal()+`","password":"`+newPassword+`"}`)
	require.Equal(t, http.StatusNoContent, set.status)

	require.False(t, b.signedIn(), "the sessions of the account are ended")
	require.Equal(t, http.StatusSeeOther, b.login(ada, newPassword).status)
	again := b.postJSON(
		"/api/reset-password/check", `{"token":"`+link.Reveal()+`"}`)
	require.Equal(t, http.StatusBadRequest, again.status)
	require.Contains(t, again.body, `"code":"link-rejected"`)
}

func TestFrontEndOfItsOwnIsServed(t *testing.T) {
	t.Parallel()
	b := startSite(t, nil).browser(t)
	require.Equal(t, "/spa/", b.get("/spa").location())

	page := b.get("/spa/")
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, page.body, `<meta name="api" content="/api">`)
	require.Contains(t,
		page.header.Get("Content-Security-Policy"), "connect-src 'self'")
	require.Equal(t, http.StatusOK, b.get("/spa/app.js").status)
	require.Contains(t, b.get("/api/openapi.json").body, `"openapi": "3.1.0"`)
}
