package resethttp_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

func TestSentPageNamesTheSenderAndWhatAskingAgainDoes(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, func(c *reset.Config) {
		c.From = "Example <accounts@app.example>"
	})
	body := f.get("/forgot-password?sent").body
	require.Contains(t, body, "comes from \u2068accounts@app.example\u2069.")
	require.Contains(t, body, "within a minute, no second email is sent")
}

// The page can be opened by anybody with its address, so it says what the
// application always does and nothing of an account.
func TestDonePageSaysWhatAChangeEndsAndWhatItMails(t *testing.T) {
	t.Parallel()
	const ended, mailed = "have been signed out", "that confirms the change"
	for name, c := range map[string]struct {
		change        func(*reset.Config)
		ended, mailed bool
	}{
		"kept sessions": {func(*reset.Config) {}, false, true},
		"ended in the store": {func(c *reset.Config) {
			c.Sessions = reset.EndSessionsInStore()
		}, true, true},
		"no notice": {func(c *reset.Config) {
			c.Mail.SkipNotice = true
		}, false, false},
	} {
		f := newFixture(t, pagesOf, c.change)
		body := f.get("/reset-password?done&account=a@b.example&done=x").body
		require.Equal(t, c.ended, strings.Contains(body, ended), name)
		require.Equal(t, c.mailed, strings.Contains(body, mailed), name)
		require.NotContains(t, body, "b.example")
	}
}

func TestThrottledConfirmationKeepsTheLinkInItsForm(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, func(c *reset.Config) {
		c.Limits = reset.Limits{ConfirmUser: never{5 * time.Minute}}
	})
	whole, raw := f.link()
	a := f.confirm(whole, newPassword)
	require.Equal(t, http.StatusTooManyRequests, a.status)
	require.Equal(t, "300", a.header.Get("Retry-After"))
	require.Equal(t, raw, drawn(t, a))
	require.Contains(t, a.body, "Please wait 5 minutes, then try again.")
	require.Contains(t, a.body, "<title>Error: ")
	require.NotContains(t, a.body, newPassword)
	require.False(t, f.has(newPassword))
}

// The form that comes back says again whose account it is, to visitors without
// scripts and in the query style as well.
func TestRefusedFormStillNamesItsAccount(t *testing.T) {
	t.Parallel()
	for _, change := range []func(*reset.Config){
		func(*reset.Config) {}, queryLinks,
	} {
		f := newFixture(t, pagesOf, change)
		require.NoError(t, f.users.Update("u-1", func(user *reset.User) {
			user.Label = "Bakery <b>"
		}))
		_, raw := f.link()
		a := f.confirm(raw, "short")
		require.Equal(t, http.StatusUnprocessableEntity, a.status)
		require.Contains(t, a.body, ">a•••@example.com</bdi>")
		require.Contains(t, a.body, ">Bakery &lt;b&gt;</bdi>")
		require.Contains(t, a.body, `value="ada@example.com"`+
			` autocomplete="username"`)
	}
}

func TestAPageWithoutALinkNamesNoAccount(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	body := f.get("/reset-password").body
	require.Contains(t, body, `name="username" value="" autocomplete="username"`)
	require.Contains(t, body, `id="account"`)
	require.NotContains(t, body, "example.com</bdi>")
}

func TestNoProblemIsTheEndOfTheRoad(t *testing.T) {
	t.Parallel()
	onward := regexp.MustCompile(`<(?:a class="button[^"]*" href|form [^>]*action)="/`)
	f := newFixture(t, pagesOf, func(c *reset.Config) { c.Pages.Login = "" })
	answers := everyAnswer(f)
	busy := newFixture(t, pagesOf, func(c *reset.Config) {
		c.Pages.Login = ""
		c.Limits = reset.Limits{Client: never{}}
	})
	answers["throttled"] = busy.ask(knownAddr)
	_, raw := busy.link()
	busy.failWrites(errDown)
	answers["unknown outcome"] = busy.confirm(raw, newPassword)

	for name, a := range answers {
		if a.status >= 400 {
			require.Regexp(t, onward, a.body, name)
		}
	}
	require.Contains(t, answers["cross-origin"].body,
		`<a class="button quiet" href="/reset-password">`)
}

func TestRejectedPageHasAnAddressForTheScript(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	a := f.get("/reset-password?rejected")
	require.Equal(t, http.StatusOK, a.status)
	posted := f.confirm("a.b.c", newPassword)
	require.Equal(t, posted.body, a.body)
}

var attributes = regexp.MustCompile(`data-[a-z]+="([^"]*)"`)

// What the script says comes with the page, in its language.
func TestScriptHasNoWordsOfItsOwn(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	body := f.getIn("de", "/reset-password").body
	var said []string
	for _, found := range attributes.FindAllStringSubmatch(body, -1) {
		said = append(said, html.UnescapeString(found[1]))
	}
	require.Contains(t, said, "{n} von 15 Zeichen.")
	require.Contains(t, said, "Passwort verbergen")
	require.Contains(t, said, "Ihr Link läuft in {wait} ab.|1 Minute|2 Minuten|"+
		"3 Minuten|4 Minuten|5 Minuten|6 Minuten|7 Minuten|8 Minuten|9 Minuten")
	require.Contains(t, said, "Verwenden Sie mindestens 15 Zeichen.")

	_, script, _ := strings.Cut(body, "<script>")
	script, _, _ = strings.Cut(script, "</script>")
	require.NotRegexp(t, `"[A-Z][a-z]+ [a-z]+`, script)
}
