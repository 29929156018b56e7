package resethttp_test

import (
	"html"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

// tabs is one browser: all its tabs share one jar of cookies.
func (w *fixture) tabs() {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(w.t, err)
	w.client.Jar = jar
}

// linkOf makes a live link for any account and returns its token.
func (w *fixture) linkOf(userID string) string {
	w.t.Helper()
	made, err := w.svc.Link(w.t.Context(), userID, reset.LinkOptions{})
	require.NoError(w.t, err)
	_, raw, found := strings.Cut(made.Reveal(), "token=")
	require.True(w.t, found)
	return raw
}

// open follows a link to the page that is drawn for it.
func (w *fixture) open(raw string) answer {
	w.t.Helper()
	hop := w.get("/reset-password?token=" + raw)
	require.Equal(w.t, http.StatusSeeOther, hop.status)
	return w.get(hop.header.Get("Location"))
}

// submit posts the form of a page as it was drawn.
func (w *fixture) submit(page answer, password string) answer {
	w.t.Helper()
	return w.post("/reset-password", form("token", drawn(w.t, page), "password", password))
}

var linkField = regexp.MustCompile(`name="token" value="([^"]*)"`)

// drawn is the value that the page's form sends as its token.
func drawn(t *testing.T, page answer) string {
	t.Helper()
	found := linkField.FindStringSubmatch(page.body)
	require.NotNil(t, found)
	return html.UnescapeString(found[1])
}

// twoAccounts is a browser before a site with the accounts of ada and bob.
func twoAccounts(t *testing.T, changes ...func(*reset.Config)) *fixture {
	t.Helper()
	w := newFixture(t, pagesOf, append(changes, queryLinks, plainSite)...)
	w.tabs()
	ada, err := w.users.FindByID(t.Context(), "u-1")
	require.NoError(t, err)
	require.NoError(t, w.users.Add(reset.User{
		ID: "u-2", Email: "bob@example.net", PasswordHash: ada.PasswordHash,
	}))
	return w
}

// plainSite lets the cookie jar of the tests keep the cookie: the server of a
// test speaks plain http.
func plainSite(c *reset.Config) { c.Site = "http://localhost:8080" }

func (w *fixture) hashOf(userID string) string {
	w.t.Helper()
	user, err := w.users.FindByID(w.t.Context(), userID)
	require.NoError(w.t, err)
	return user.PasswordHash
}

func TestPageOfOneAccountNeverChangesAnother(t *testing.T) {
	t.Parallel()
	w := twoAccounts(t)
	ada, bob := w.hashOf("u-1"), w.hashOf("u-2")
	first := w.open(w.linkOf("u-1"))
	require.Contains(t, first.body, "a•••@example.com")
	second := w.open(w.linkOf("u-2"))
	require.Contains(t, second.body, "b•••@example.net")

	refused := w.submit(first, newPassword)
	require.Equal(t, bob, w.hashOf("u-2"), "the page named ada")
	require.Equal(t, ada, w.hashOf("u-1"))
	require.Equal(t, http.StatusConflict, refused.status)
	require.Contains(t, refused.body, "another link was opened")
	require.Empty(t, refused.header.Values("Set-Cookie"), "the other tab goes on")

	require.Equal(t, http.StatusSeeOther, w.submit(second, newPassword).status)
	require.NotEqual(t, bob, w.hashOf("u-2"))
	require.Equal(t, ada, w.hashOf("u-1"))
}

func TestRefusedPasswordComesBackForTheSameLinkAlone(t *testing.T) {
	t.Parallel()
	w := twoAccounts(t)
	bob := w.hashOf("u-2")
	first := w.open(w.linkOf("u-1"))
	again := w.submit(first, "short")
	require.Equal(t, http.StatusUnprocessableEntity, again.status)
	w.open(w.linkOf("u-2"))
	require.Equal(t, http.StatusConflict, w.submit(again, newPassword).status)
	require.Equal(t, bob, w.hashOf("u-2"))
}

func TestOpeningTheFirstLinkOnceMoreGoesOn(t *testing.T) {
	t.Parallel()
	w := twoAccounts(t)
	bob := w.hashOf("u-2")
	raw := w.linkOf("u-1")
	first := w.open(raw)
	w.open(w.linkOf("u-2"))
	require.Equal(t, http.StatusConflict, w.submit(first, newPassword).status)
	require.Equal(t, http.StatusSeeOther, w.submit(w.open(raw), newPassword).status)
	require.True(t, w.has(newPassword))
	require.Equal(t, bob, w.hashOf("u-2"))
}

func TestFormThatDoesNotSayWhichLinkItWasDrawnForIsRefused(t *testing.T) {
	t.Parallel()
	w := twoAccounts(t)
	page := w.open(w.linkOf("u-1"))
	name := drawn(t, page)
	for label, body := range map[string]string{
		"nothing":      form("password", newPassword),
		"empty":        form("token", "", "password", newPassword),
		"another name": form("token", name[:len(name)-1]+"x", "password", newPassword),
		"short name":   form("token", name[:len(name)-1], "password", newPassword),
		"no name":      form("token", "held:", "password", newPassword),
		"twice":        form("token", name, "token", name, "password", newPassword),
		"longer":       form("token", name+"A", "password", newPassword),
	} {
		a := w.post("/reset-password", body)
		require.GreaterOrEqual(t, a.status, 400, label)
		require.False(t, w.has(newPassword), label)
	}
}

func TestPageWhoseCookieIsGoneIsThatOfADeadLink(t *testing.T) {
	t.Parallel()
	w := twoAccounts(t)
	page := w.open(w.linkOf("u-1"))
	w.tabs()
	a := w.submit(page, newPassword)
	require.Equal(t, http.StatusBadRequest, a.status)
	require.Contains(t, a.body, "This link does not work")
	require.False(t, w.has(newPassword))

	// Nothing of a name that nobody holds comes back.
	a = w.post("/reset-password", form("token", "held:canary", "password", newPassword, "repeat", "x"))
	require.Equal(t, http.StatusUnprocessableEntity, a.status)
	require.NotContains(t, a.body, "canary")
}

// A sibling host can plant cookies of any name but those with __Host-, which a
// site on plain http has not. They come along beside the right one.
func TestPlantedCookiesBesideTheRightOneDoNotConfuse(t *testing.T) {
	t.Parallel()
	w := twoAccounts(t)
	bob := w.hashOf("u-2")
	mine, planted := w.linkOf("u-1"), w.linkOf("u-2")
	page := w.open(mine)
	base, err := url.Parse(w.server.URL + "/reset-password")
	require.NoError(t, err)
	name := w.client.Jar.Cookies(base)[0].Name
	w.client.Jar = nil
	for _, header := range []string{
		name + "=" + planted + "; " + name + "=" + mine,
		name + "=" + mine + "; " + name + "=" + planted,
		strings.Repeat(name+"="+planted+"; ", 50) + name + "=" + mine,
		name + "=" + planted,
		name + "=" + planted + "; " + name + "=" + planted,
	} {
		r := w.request(http.MethodPost, "/reset-password", formType, form(
			"token", drawn(t, page), "password", "short",
		))
		r.Header.Set("Cookie", header)
		want := http.StatusConflict
		if strings.Contains(header, mine) {
			want = http.StatusUnprocessableEntity
		}
		require.Equal(t, want, w.do(r).status, header)

		// No page is drawn for one of two: it might be the wrong one.
		r = w.request(http.MethodGet, "/reset-password", "", "")
		r.Header.Set("Cookie", header)
		if strings.Count(header, name) > 1 {
			require.NotContains(t, w.do(r).body, "•••", header)
		}
	}
	require.Equal(t, bob, w.hashOf("u-2"))
}

func TestDeadLinkInOneTabLeavesTheLinkOfAnotherAlone(t *testing.T) {
	t.Parallel()
	w := twoAccounts(t)
	dead := w.linkOf("u-1")
	require.Equal(t, http.StatusSeeOther, w.submit(w.open(dead), "eight green rivers sing").status)
	page := w.open(w.linkOf("u-2"))
	require.Equal(t, http.StatusBadRequest, w.get("/reset-password?token="+dead).status)
	require.Equal(t, http.StatusSeeOther, w.submit(page, newPassword).status)
}

func TestNameOfALinkIsNoPartOfIt(t *testing.T) {
	t.Parallel()
	w := twoAccounts(t)
	raw := w.linkOf("u-1")
	name := strings.TrimPrefix(drawn(t, w.open(raw)), "held:")
	require.Len(t, name, 22)
	for at := 0; at+8 <= len(name); at++ {
		require.NotContains(t, raw, name[at:at+8])
	}
}
