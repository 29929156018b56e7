package resethttp_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

func TestConfirmTakesThePastedLinkOrTheToken(t *testing.T) {
	t.Parallel()
	for _, paste := range []func(whole, raw string) string{
		func(whole, _ string) string { return whole },
		func(_, raw string) string { return raw },
		func(whole, _ string) string { return " \t" + whole + "\r\n" },
		func(whole, _ string) string { return "<" + whole + ">" },
	} {
		f := newFixture(t, pagesOf)
		a := f.post("/reset-password",
			form("token", paste(f.link()), "password", newPassword))
		require.Equal(t, http.StatusSeeOther, a.status)
		require.Equal(t, "/reset-password?done", a.header.Get("Location"))
		require.Empty(t, a.body)
		require.True(t, f.has(newPassword))
	}
}

//lostkey:covers ASVS-16.5.1 CWE-209
func TestEveryRefusedLinkGetsTheSameBytes(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	_, used := f.link()
	_, stale := f.link()
	require.Equal(t, http.StatusSeeOther, f.confirm(used, newPassword).status)
	_, live := f.link()
	foreign := newFixture(t, pagesOf)
	_, other := foreign.link()
	want := f.confirm(used, newPassword)
	require.Equal(t, http.StatusBadRequest, want.status)
	require.Contains(t, want.body, "just set a new password")
	require.Contains(t, want.body, `action="/forgot-password"`)

	for name, raw := range map[string]string{
		"another link of before": stale,
		"another key":            other,
		"missing":                "",
		"one character changed":  flip(live),
		"truncated":              live[:len(live)-1],
		"three dots":             "...",
		"alg none":               "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1LTEifQ.",
		"long":                   strings.Repeat("a", 2000),
		"markup":                 `"><script>alert(1)</script>`,
		"two links":              site + "/#token=" + live + "#token=" + otherRaw,
		"run on":                 live + "x",
	} {
		same(t, want, f.confirm(raw, newPassword+"!"), name)
	}

	same(t, want, f.post("/reset-password", form("password", newPassword+"!")),
		"no token at all")
	require.True(t, f.has(newPassword))
	require.Equal(t, http.StatusSeeOther,
		f.confirm(live, newPassword+"!").status)
}

// flip changes a character in the middle of the signature.
func flip(raw string) string {
	at := len(raw) - 20
	c := "A"
	if raw[at] == 'A' {
		c = "B"
	}
	return raw[:at] + c + raw[at+1:]
}

//lostkey:covers ASVS-9.1.1 RFC8725-3.10
func TestNoStoreIsAskedBeforeTheSignatureIsGood(t *testing.T) {
	t.Parallel()
	for _, style := range []reset.LinkStyle{
		reset.LinkFragment, reset.LinkQuery,
	} {
		f := newFixture(t, pagesOf,
			func(c *reset.Config) { c.Pages.LinkStyle = style })
		_, raw := f.link()
		f.store.calls.Store(0)

		for _, bad := range []string{
			"", "a.b.c", flip(raw), raw[:len(raw)-1], raw + "A",
		} {
			require.Equal(t, http.StatusBadRequest,
				f.confirm(bad, newPassword).status)
			f.get("/reset-password?token=" + bad)
			r := f.request(http.MethodGet, "/reset-password", "", "")
			r.Header.Set("Cookie", "__Secure-lostkey-link="+bad)
			f.do(r)
		}

		require.Zero(t, f.store.calls.Load())
		f.confirm(raw, newPassword)
		require.NotZero(t, f.store.calls.Load(), "the counter counts")
	}
}

//lostkey:covers ASVS-15.3.7 ASVS-15.3.5
func TestRepeatedAndOddParametersAreRefusedAndSpendNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	_, raw := f.link()

	known := "token=" + raw
	for name, body := range map[string]string{
		"no password":    form("token", raw),
		"password array": form("token", raw, "password[]", newPassword),
		"two passwords": form("token", raw,
			"password", newPassword, "password", newPassword),
		"two tokens": form("token", raw, "token", raw,
			"password", newPassword),
		"two repetitions": form("token", raw, "password", newPassword,
			"repeat", newPassword, "repeat", newPassword),
		"semicolon separator": known + ";password=seven+green+rivers+sing",
		"bad escape":          known + "&password=%zz+green+rivers+sing",
		"not UTF-8":           known + "&password=%ff%fe+green+rivers+sing",
		"raw Latin-1":         known + "&password=\xe4\xe4+green+rivers+sing",
	} {
		require.Equal(t, http.StatusBadRequest,
			f.post("/reset-password", body).status, name)
	}

	require.False(t, f.has(newPassword))
	require.Equal(t, http.StatusSeeOther, f.confirm(raw, newPassword).status)
}

//lostkey:covers CWE-620 CWE-640
func TestWhoTheAccountBelongsToIsInTheTokenAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	before, err := f.users.FindByID(t.Context(), "u-1")
	require.NoError(t, err)
	bob := reset.User{
		ID:           "u-2",
		Email:        "bob@example.com",
		PasswordHash: before.PasswordHash,
	}
	require.NoError(t, f.users.Add(bob))

	_, raw := f.link()
	override := form("token", raw, "password", newPassword,
		"user", "u-2", "user_id", "u-2", "id", "u-2", "sub", "u-2",
		"uid", "u-2", "email", "bob@example.com",
		"username", "bob@example.com", "purpose", "invite", "role", "admin")
	r := f.request(http.MethodPost,
		"/reset-password?user_id=u-2&email=bob@example.com&token=a.b.c",
		formType, override)
	r.Header.Set("Cookie", "user_id=u-2")
	r.Header.Set("X-User-Id", "u-2")

	require.Equal(t, http.StatusSeeOther, f.do(r).status)
	require.True(t, f.has(newPassword))
	after, err := f.users.FindByID(t.Context(), "u-2")
	require.NoError(t, err)
	require.Equal(t, bob.PasswordHash, after.PasswordHash)
}

//lostkey:covers ASVS-16.5.2
func TestStoreThatIsDownSpendsNothingAndSaysTryAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	_, raw := f.link()
	f.fail(errDown)
	a := f.confirm(raw, newPassword)
	require.Equal(t, http.StatusServiceUnavailable, a.status)
	require.Equal(t, "60", a.header.Get("Retry-After"))
	require.NotContains(t, a.body, errDown.Error())
	require.NotContains(t, a.body, raw)
	f.fail(nil)
	require.Equal(t, http.StatusSeeOther, f.confirm(raw, newPassword).status)
}

func TestTooManyConfirmationsAreToldToWait(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf,
		func(c *reset.Config) { c.Limits = reset.Limits{ConfirmUser: never{}} })
	_, raw := f.link()
	a := f.confirm(raw, newPassword)
	require.Equal(t, http.StatusTooManyRequests, a.status)
	require.Equal(t, "60", a.header.Get("Retry-After"))
	require.False(t, f.has(newPassword))
}

func TestJunkIsToldToWaitAndAGoodLinkIsNot(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, func(c *reset.Config) {
		c.Limits = reset.Limits{ConfirmClient: never{}}
	})
	_, raw := f.link()
	a := f.confirm("junk", newPassword)
	require.Equal(t, http.StatusTooManyRequests, a.status)
	require.Equal(t, http.StatusSeeOther, f.confirm(raw, newPassword).status)
}

// Until the row shows the new password nobody can tell, and the page says what
// to do about it. The link may be needed again.
func TestWriteOfUnknownOutcomeIsSaidToBeOne(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	_, raw := f.link()
	f.failWrites(errDown)
	a := f.confirm(raw, newPassword)
	require.Equal(t, http.StatusServiceUnavailable, a.status)
	require.Equal(t, "60", a.header.Get("Retry-After"))
	require.Contains(t, a.body, "Your new password may have been saved")
	require.Contains(t, a.body, "try to sign in with the new password")
	require.Empty(t, a.header.Values("Set-Cookie"), "the link is kept")
	require.NotContains(t, a.body, errDown.Error())
	require.NotContains(t, a.body, raw)
	f.failWrites(nil)
	require.Equal(t, http.StatusSeeOther, f.confirm(raw, newPassword).status)
}

//lostkey:covers FP-CS-13 ASVS-6.4.3
func TestResetSignsNobodyIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	_, raw := f.link()
	a := f.confirm(raw, newPassword)
	require.Equal(t, http.StatusSeeOther, a.status)
	require.Empty(t, a.header.Values("Set-Cookie"))
	require.Contains(t, f.get("/reset-password?done").body,
		`<a class="button" href="/login">`)
}
