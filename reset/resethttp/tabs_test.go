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
func (f *fixture) tabs() {
	f.t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(f.t, err)
	f.client.Jar = jar
}

// linkOf makes a live link for any account and returns its token.
func (f *fixture) linkOf(userID string) string {
	f.t.Helper()
	made, err := f.svc.Link(f.t.Context(), userID, reset.LinkOptions{})
	require.NoError(f.t, err)
	_, raw, found := strings.Cut(made.Reveal(), "token=")
	require.True(f.t, found)
	return raw
}

// open follows a link to the page that is drawn for it.
func (f *fixture) open(raw string) answer {
	f.t.Helper()
	hop := f.get("/reset-password?token=" + raw)
	require.Equal(f.t, http.StatusSeeOther, hop.status)
	return f.get(hop.header.Get("Location"))
}

// submit posts the form of a page as it was drawn.
func (f *fixture) submit(page answer, password string) answer {
	f.t.Helper()
	return f.confirm(drawn(f.t, page), password)
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
	f := newFixture(t, pagesOf, append(changes, queryLinks, plainSite)...)
	f.tabs()
	ada, err := f.users.FindByID(t.Context(), "u-1")
	require.NoError(t, err)
	require.NoError(t, f.users.Add(reset.User{
		ID: "u-2", Email: "bob@example.net", PasswordHash: ada.PasswordHash,
	}))
	return f
}

// plainSite lets the cookie jar of the tests keep the cookie: the server of a
// test speaks plain http.
func plainSite(c *reset.Config) { c.Site = "http://localhost:8080" }

func (f *fixture) hashOf(userID string) string {
	f.t.Helper()
	user, err := f.users.FindByID(f.t.Context(), userID)
	require.NoError(f.t, err)
	return user.PasswordHash
}

func TestPageOfOneAccountNeverChangesAnother(t *testing.T) {
	t.Parallel()
	f := twoAccounts(t)
	ada, bob := f.hashOf("u-1"), f.hashOf("u-2")
	first := f.open(f.linkOf("u-1"))
	require.Contains(t, first.body, "a•••@example.com")
	second := f.open(f.linkOf("u-2"))
	require.Contains(t, second.body, "b•••@example.net")

	refused := f.submit(first, newPassword)
	require.Equal(t, bob, f.hashOf("u-2"), "the page named ada")
	require.Equal(t, ada, f.hashOf("u-1"))
	require.Equal(t, http.StatusConflict, refused.status)
	require.Contains(t, refused.body, "another link was opened")
	require.Empty(t, refused.header.Values("Set-Cookie"),
		"the other tab goes on")

	require.Equal(t, http.StatusSeeOther, f.submit(second, newPassword).status)
	require.NotEqual(t, bob, f.hashOf("u-2"))
	require.Equal(t, ada, f.hashOf("u-1"))
}

func TestRefusedPasswordComesBackForTheSameLinkAlone(t *testing.T) {
	t.Parallel()
	f := twoAccounts(t)
	bob := f.hashOf("u-2")
	first := f.open(f.linkOf("u-1"))
	refused := f.submit(first, "short")
	require.Equal(t, http.StatusUnprocessableEntity, refused.status)
	f.open(f.linkOf("u-2"))
	require.Equal(t, http.StatusConflict, f.submit(refused, newPassword).status)
	require.Equal(t, bob, f.hashOf("u-2"))
}

func TestOpeningTheFirstLinkOnceMoreGoesOn(t *testing.T) {
	t.Parallel()
	f := twoAccounts(t)
	bob := f.hashOf("u-2")
	raw := f.linkOf("u-1")
	first := f.open(raw)
	f.open(f.linkOf("u-2"))
	require.Equal(t, http.StatusConflict, f.submit(first, newPassword).status)
	require.Equal(t, http.StatusSeeOther,
		f.submit(f.open(raw), newPassword).status)
	require.True(t, f.has(newPassword))
	require.Equal(t, bob, f.hashOf("u-2"))
}

func TestFormThatDoesNotSayWhichLinkItWasDrawnForIsRefused(t *testing.T) {
	t.Parallel()
	f := twoAccounts(t)
	page := f.open(f.linkOf("u-1"))
	name := drawn(t, page)
	short := name[:len(name)-1]

	for label, body := range map[string]string{
		"nothing":      form("password", newPassword),
		"empty":        form("token", "", "password", newPassword),
		"another name": form("token", short+"x", "password", newPassword),
		"short name":   form("token", short, "password", newPassword),
		"no name":      form("token", "held:", "password", newPassword),
		"twice": form("token", name, "token", name,
			"password", newPassword),
		"longer": form("token", name+"A", "password", newPassword),
	} {
		a := f.post("/reset-password", body)
		require.GreaterOrEqual(t, a.status, 400, label)
		require.False(t, f.has(newPassword), label)
	}
}

func TestPageWhoseCookieIsGoneIsThatOfADeadLink(t *testing.T) {
	t.Parallel()
	f := twoAccounts(t)
	page := f.open(f.linkOf("u-1"))
	f.tabs()
	a := f.submit(page, newPassword)
	require.Equal(t, http.StatusBadRequest, a.status)
	require.Contains(t, a.body, "This link does not work")
	require.False(t, f.has(newPassword))

	// Nothing of a name that nobody holds comes back.
	a = f.post("/reset-password",
		form("token", "held:canary", "password", newPassword, "repeat", "x"))
	require.Equal(t, http.StatusUnprocessableEntity, a.status)
	require.NotContains(t, a.body, "canary")
}

// A sibling host can plant cookies of any name but those with __Host-, which a
// site on plain http has not. They come along beside the right one.
func TestPlantedCookiesBesideTheRightOneDoNotConfuse(t *testing.T) {
	t.Parallel()
	f := twoAccounts(t)
	bob := f.hashOf("u-2")
	mine, planted := f.linkOf("u-1"), f.linkOf("u-2")
	page := f.open(mine)
	base, err := url.Parse(f.server.URL + "/reset-password")
	require.NoError(t, err)
	name := f.client.Jar.Cookies(base)[0].Name
	f.client.Jar = nil

	for _, header := range []string{
		name + "=" + planted + "; " + name + "=" + mine,
		name + "=" + mine + "; " + name + "=" + planted,
		strings.Repeat(name+"="+planted+"; ", 50) + name + "=" + mine,
		name + "=" + planted,
		name + "=" + planted + "; " + name + "=" + planted,
	} {
		r := f.request(http.MethodPost, "/reset-password", formType,
			form("token", drawn(t, page), "password", "short"))
		r.Header.Set("Cookie", header)
		want := http.StatusConflict
		if strings.Contains(header, mine) {
			want = http.StatusUnprocessableEntity
		}
		require.Equal(t, want, f.do(r).status, header)

		// No page is drawn for one of two: it might be the wrong one.
		r = f.request(http.MethodGet, "/reset-password", "", "")
		r.Header.Set("Cookie", header)
		if strings.Count(header, name) > 1 {
			require.NotContains(t, f.do(r).body, "•••", header)
		}
	}

	require.Equal(t, bob, f.hashOf("u-2"))
}

func TestDeadLinkInOneTabLeavesTheLinkOfAnotherAlone(t *testing.T) {
	t.Parallel()
	f := twoAccounts(t)
	dead := f.linkOf("u-1")
	require.Equal(t, http.StatusSeeOther,
		f.submit(f.open(dead), "eight green rivers sing").status)
	page := f.open(f.linkOf("u-2"))
	require.Equal(t, http.StatusBadRequest,
		f.get("/reset-password?token="+dead).status)
	require.Equal(t, http.StatusSeeOther, f.submit(page, newPassword).status)
}

func TestNameOfALinkIsNoPartOfIt(t *testing.T) {
	t.Parallel()
	f := twoAccounts(t)
	raw := f.linkOf("u-1")
	name := strings.TrimPrefix(drawn(t, f.open(raw)), "held:")
	require.Len(t, name, 22)
	for at := 0; at+8 <= len(name); at++ {
		require.NotContains(t, raw, name[at:at+8])
	}
}
