package resethttp_test

import (
	"context"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

//lostkey:covers ASVS-6.3.8 FP-CS-1 CWE-203 CWE-204
func TestForgotAnswersTheSameBytesWhateverBecomesOfTheRequest(t *testing.T) {
	t.Parallel()
	ordinary := newFixture(t, pagesOf).ask(knownAddr)
	require.Equal(t, http.StatusSeeOther, ordinary.status)
	require.Equal(t, "/forgot-password?sent", ordinary.header.Get("Location"))

	for name, test := range map[string]struct {
		addr   string
		change func(*reset.Config)
		store  error
	}{
		"unknown address":    {addr: "nobody@example.com"},
		"other case":         {addr: "ADA@example.com"},
		"look-alike address": {addr: "ada@example.co"},
		"store down":         {addr: knownAddr, store: errDown},
		"throttled account": {addr: knownAddr, change: func(c *reset.Config) {
			c.Limits = reset.Limits{Account: never{}}
		}},
		"blocked client": {addr: knownAddr, change: func(c *reset.Config) {
			c.Hooks.Blocked = func(netip.Addr) bool { return true }
		}},
		"a very long address": {addr: strings.Repeat("a", 64) + "@" +
			strings.Repeat(strings.Repeat("b", 50)+".", 3) + "example"},
		"plus sign in address": {addr: "ada+x@example.com"},
	} {
		f := newFixture(t, pagesOf, func(c *reset.Config) {
			if test.change != nil {
				test.change(c)
			}
		})
		if test.store != nil {
			f.fail(test.store)
		}
		same(t, ordinary, f.ask(test.addr), name)
	}
}

// never is a limiter that allows nothing.
type never struct{ wait time.Duration }

func (n never) Allow(context.Context, string) (time.Duration, bool, error) {
	return max(n.wait, time.Minute), false, nil
}

func TestForgotMailsALinkToTheStoredAddress(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	f.ask("ADA@example.com")
	raw := f.mailed(1)
	require.Equal(t, knownAddr, f.outbox.Messages()[0].To)
	require.Equal(t, http.StatusSeeOther, f.confirm(raw, newPassword).status)
	require.True(t, f.has(newPassword))
}

//lostkey:covers ASVS-2.2.1 ASVS-15.3.7
func TestForgotRefusesWhatIsNotOneAddressBeforeAnythingElse(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)

	const evil = "evil@example.net"
	for name, body := range map[string]string{
		"nothing":             "",
		"empty":               form("email", ""),
		"array":               form("email[]", knownAddr),
		"indexed array":       form("email[0]", knownAddr, "email[1]", evil),
		"member of an object": form("user[email]", knownAddr),
		"other case":          form("Email", knownAddr),
		"twice":               form("email", knownAddr, "email", evil),
		"twice the same":      form("email", knownAddr, "email", knownAddr),
		"comma":               form("email", knownAddr+","+evil),
		"semicolon":           form("email", knownAddr+";"+evil),
		"space":               form("email", knownAddr+" "+evil),
		"line break":          form("email", knownAddr+"\r\nBcc: "+evil),
		"NUL":                 form("email", knownAddr+"\x00"),
		"JSON":                form("email", `["`+knownAddr+`","`+evil+`"]`),
		"display name":        form("email", "Ada <ada@example.com>"),
		"pipe":                form("email", knownAddr+"|"+evil),
		"percent":             form("email", knownAddr+"%0aBcc:"+evil),
		"override":            form("email", "ada\u202e@example.com"),
		"fourteen kilobytes": form("email",
			strings.Repeat("a", 14<<10)+"@example.com"),
		"no at sign": form("email", "ada"),
	} {
		a := f.post("/forgot-password", body)
		require.Equal(t, http.StatusUnprocessableEntity, a.status, name)
		require.Contains(t, a.body, "<title>Error: ", name)
		require.Contains(t, a.body,
			`aria-invalid="true" aria-describedby="email-error" autofocus>`,
			name)
		require.NotContains(t, a.body, `role="alert"`,
			"%s: the focus is on the error, so it is read out already", name)
	}

	require.Zero(t, f.store.calls.Load())
	require.Empty(t, f.outbox.Messages())
}

func TestForgotReadsNothingButTheBody(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	a := f.post("/forgot-password?email="+knownAddr, form("other", "x"))
	require.Equal(t, http.StatusUnprocessableEntity, a.status)

	a = f.post("/forgot-password?email=evil@example.net"+
		"&redirect=//evil.example&next=//evil.example",
		form("email", knownAddr, "to", "evil@example.net",
			"redirect", "//evil.example", "next", "https://evil.example",
			"reset_url", "https://evil.example",
			"site", "https://evil.example"))
	require.Equal(t, "/forgot-password?sent", a.header.Get("Location"))
	f.mailed(1)
	sent := f.outbox.Messages()[0]
	require.Equal(t, knownAddr, sent.To)
	require.NotContains(t, sent.Text+sent.HTML, "evil")
}

func TestForgotTellsAClientThatAskedTooOftenWhenToComeBack(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		wait          time.Duration
		header, words string
	}{
		{time.Minute, "60", "1 minute"},
		{61 * time.Second, "61", "2 minutes"},
		{90*time.Second + 1, "91", "2 minutes"},
		{time.Hour, "3600", "1 hour"},
		{2 * time.Hour, "7200", "2 hours"},
	} {
		for _, limits := range []reset.Limits{
			{Client: never{test.wait}}, {Global: never{test.wait}},
		} {
			f := newFixture(t, pagesOf,
				func(c *reset.Config) { c.Limits = limits })

			known, unknown := f.ask(knownAddr), f.ask("nobody@example.com")
			require.Equal(t, http.StatusTooManyRequests, known.status)
			require.Equal(t, test.header, known.header.Get("Retry-After"))
			require.Contains(t, known.body, "Please wait "+test.words+", then")
			same(t, known, unknown, test.words)
		}
	}
}

func TestForgotSaysTryAgainWhenNothingCanBeQueued(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, func(c *reset.Config) {
		c.Queue.Dispatch = func(context.Context, reset.Job) error {
			return errDown
		}
	})
	a := f.ask(knownAddr)
	require.Equal(t, http.StatusServiceUnavailable, a.status)
	require.Equal(t, "60", a.header.Get("Retry-After"))
	require.NotContains(t, a.body, errDown.Error())
}

//lostkey:covers ASVS-4.1.3 ASVS-15.3.4
func TestForwardingHeadersDoNotChooseTheClientUnlessAsked(t *testing.T) {
	t.Parallel()
	var seen []netip.Addr
	watch := func(c *reset.Config) {
		c.Hooks.Blocked = func(client netip.Addr) bool {
			seen = append(seen, client)
			return true
		}
	}
	ask := func(f *fixture, i int) {
		r := f.request(http.MethodPost, "/forgot-password", formType,
			form("email", knownAddr))
		for _, name := range []string{
			"X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP",
			"CF-Connecting-IP", "X-Client-IP",
		} {
			r.Header.Set(name, "203.0.113."+strconv.Itoa(i))
		}
		f.do(r)
	}
	f := newFixture(t, pagesOf, watch)

	for i := range 3 {
		ask(f, i+1)
	}

	local := netip.MustParseAddr("127.0.0.1")
	require.Equal(t, []netip.Addr{local, local, local}, seen)

	seen = nil
	byHeader := resethttp.Config{Client: func(r *http.Request) netip.Addr {
		return netip.MustParseAddr(r.Header.Get("X-Real-IP"))
	}}
	ask(newFixture(t, pagesWith(byHeader), watch), 9)
	require.Equal(t, []netip.Addr{netip.MustParseAddr("203.0.113.9")}, seen)
}

func TestVisitorsLanguagesGoWithTheRequest(t *testing.T) {
	t.Parallel()
	jobs := make(chan reset.Job, 1)
	f := newFixture(t, pagesOf, func(c *reset.Config) {
		c.Queue.Dispatch = func(_ context.Context, job reset.Job) error {
			jobs <- job
			return nil
		}
	})
	r := f.request(http.MethodPost, "/forgot-password", formType,
		form("email", knownAddr))
	r.Header.Set("Accept-Language", "<script>;q=1, de;q=0.5, pt-BR;q=0.9")
	f.do(r)
	require.Equal(t, "pt-BR,de", (<-jobs).Locale)
}
