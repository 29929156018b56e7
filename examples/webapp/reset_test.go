package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/token"
)

//lostkey:covers ASVS-7.4.1 ASVS-7.4.3 FP-CS-14 CWE-613
func TestResetEndsSessionsTheOldPasswordAndTheLink(t *testing.T) {
	onEveryEngine(t, testResetEndsSessionsTheOldPasswordAndTheLink)
}

func testResetEndsSessionsTheOldPasswordAndTheLink(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	here, there, stranger := s.browser(t), s.browser(t), s.browser(t)
	here.register(ada, oldPassword)
	require.Equal(t, http.StatusSeeOther, there.login(ada, oldPassword).status)

	link := s.askForLink(here, "ADA@example.com")
	other := s.askForLink(here, ada)
	require.True(t, here.signedIn(), "asking changes nothing")
	for range 3 {
		require.Equal(
			t, http.StatusOK, stranger.get("/reset-password").status,
		)
	}

	require.Equal(
		t, http.StatusUnprocessableEntity, here.confirm(link, "short"),
	)
	require.True(t, there.signedIn(), "a refused password spends nothing")

	done := here.post(
		"/reset-password", "token", link, "password", newPassword,
	)
	require.Equal(t, http.StatusSeeOther, done.status)
	require.Empty(
		t, done.header.Values("Set-Cookie"), "a reset signs nobody in",
	)
	require.Equal(t, http.StatusOK, here.get(done.location()).status)

	require.False(t, here.signedIn())
	require.False(t, there.signedIn())
	require.Equal(
		t, http.StatusUnauthorized, here.login(ada, oldPassword).status,
	)
	require.Equal(t, http.StatusBadRequest, here.confirm(link, oldPassword))
	require.Equal(
		t, http.StatusBadRequest, here.confirm(other, oldPassword),
		"every link of the user is dead",
	)
	require.Equal(t, http.StatusSeeOther, here.login(ada, newPassword).status)

	s.logs.wait(t, "password reset notice-mailed")
	notice := s.newestMail(t)
	require.Equal(t, mail.KindPasswordChanged, notice.Kind)
	require.Equal(t, ada, notice.To)
	require.NotRegexp(t, mailedLink, notice.Text)
	dispute := disputeLink.FindStringSubmatch(notice.Text)
	require.NotNil(t, dispute, notice.Text)
	tried := here.post(
		"/reset-password", "token", dispute[1], "password", oldPassword,
	)
	require.Equal(
		t, "/reset-password/dispute#token="+dispute[1], tried.location(),
		"the link of the notice opens nothing, and leads to its own page",
	)
	require.Equal(
		t, http.StatusUnauthorized, here.login(ada, oldPassword).status,
	)
}

func TestOfManyConfirmationsAtOnceOneSucceeds(t *testing.T) {
	onEveryEngine(t, testOfManyConfirmationsAtOnceOneSucceeds)
}

func testOfManyConfirmationsAtOnceOneSucceeds(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	b := s.browser(t)
	b.register(ada, oldPassword)
	link := s.askForLink(b, ada)

	start, statuses := make(chan struct{}), make(chan int, 32)
	var visitors sync.WaitGroup
	for range cap(statuses) {
		visitors.Go(func() {
			<-start
			statuses <- b.confirm(link, newPassword)
		})
	}
	close(start)
	visitors.Wait()
	close(statuses)

	count := map[int]int{}
	for status := range statuses {
		count[status]++
	}
	require.Equal(t, map[int]int{
		http.StatusSeeOther: 1, http.StatusBadRequest: 31,
	}, count)
	s.logs.wait(t, "password reset notice-mailed")
	require.Len(t, s.inbox.messages(), 2, "the link and one notice")
}

func TestRefusedLinksGetOneAnswer(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	b := s.browser(t)
	b.register(ada, oldPassword)
	link := s.askForLink(b, ada)

	foreign, err := token.New(token.Config{
		Site: "https://elsewhere.example", Keys: testRing(t),
	})
	require.NoError(t, err)
	forged, err := foreign.Issue(token.PurposeReset, token.State{
		UserID: "1", PasswordHash: token.Hide("x"), Email: token.Hide(ada),
	}, 0)
	require.NoError(t, err)

	var bodies []string
	for _, raw := range []string{
		"", "x", "a.b.c", link + "x", link[:len(link)-1],
		strings.Repeat("x", 5000), forged.Reveal(), "\x00",
	} {
		res := b.post("/reset-password", "token", raw, "password", newPassword)
		require.Equal(t, http.StatusBadRequest, res.status, raw)
		bodies = append(bodies, res.body)
	}

	for _, body := range bodies {
		require.Equal(t, bodies[0], body)
	}
	require.Equal(t, http.StatusSeeOther, b.login(ada, oldPassword).status)
}

// Nothing but the audit trail is written for a request, whether the address has
// an account or not, and the two get the same answer.
func TestForgotAnswersAlikeAndWritesNothing(t *testing.T) {
	onEveryEngine(t, testForgotAnswersAlikeAndWritesNothing)
}

func testForgotAnswersAlikeAndWritesNothing(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	b := s.browser(t)
	b.register(ada, oldPassword)
	unchanged := []string{
		"users", "sessions", "recovery_addresses", "lostkey_blocks",
	}
	before := dump(t, s.db, unchanged...)

	var answers []answer
	for _, address := range []string{ada, bob, "ADA@example.com"} {
		res := b.post("/forgot-password", "email", address)
		res.header.Del("Date")
		answers = append(answers, res)
	}
	s.logs.wait(t, "password reset mailed")
	s.logs.wait(t, "password reset mailed")
	s.logs.wait(t, "password reset skipped")

	require.Equal(t, http.StatusSeeOther, answers[0].status)
	require.Equal(t, answers[0], answers[1])
	require.Equal(t, answers[0], answers[2])
	require.Equal(t, before, dump(t, s.db, unchanged...))

	require.Equal(
		t, []string{
			"lostkey_audit", "lostkey_blocks", "recovery_addresses", "sessions",
			"users",
		},
		tables(t, s.db),
		"a new table has to be counted above",
	)

	for _, m := range s.inbox.messages() {
		require.Equal(t, ada, m.To, "mail goes to the stored address")
	}
}

// A client that asks too often is told so. An address that is asked for too
// often gets the usual answer and no mail, or the answer would tell who asked.
func TestForgotIsThrottledUnlessLimitsAreOff(t *testing.T) {
	t.Parallel()
	limited := startSite(t, func(o *options) { o.limits = true })
	b := limited.browser(t)
	b.register(ada, oldPassword)
	limited.askForLink(b, ada)
	require.Equal(t, http.StatusSeeOther, b.forgot(ada))
	limited.logs.wait(t, "password reset throttled")
	require.Len(t, limited.inbox.messages(), 1)

	last := answer{}
	for i := range 30 {
		last = b.post(
			"/forgot-password", "email", fmt.Sprintf("user%d@example.com", i),
		)
	}
	require.Equal(t, http.StatusTooManyRequests, last.status)
	require.NotEmpty(t, last.header.Get("Retry-After"))

	free := startSite(t, nil)
	b = free.browser(t)
	for range 50 {
		require.Equal(t, http.StatusSeeOther, b.forgot(ada))
		require.Equal(
			t, http.StatusUnauthorized, b.login(ada, oldPassword).status,
		)
	}
}

func TestLinksComeFromTheConfiguredURLWhateverTheHostHeaderSays(t *testing.T) {
	t.Parallel()
	s := startSite(t, func(o *options) { o.url = "https://app.example" })
	b := s.browser(t)
	_, err := s.users.create(t.Context(), ada,
		"$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"+
			strings.Repeat("A", 43))
	require.NoError(t, err)

	r := b.newPost("/forgot-password", "email", ada)
	r.Host = "evil.example"
	r.Header.Set("X-Forwarded-Host", "evil.example")
	require.Equal(t, http.StatusSeeOther, b.do(r).status)

	s.logs.wait(t, "password reset mailed")
	m := s.newestMail(t)
	require.Contains(t, m.Text, "https://app.example/reset-password/#token=")
	require.NotContains(t, m.Text+m.HTML, "evil")
}

// With the database gone, visitors are told to come back and nothing is half
// done. The link works when the database is back.
func TestDatabaseDown(t *testing.T) {
	onEveryEngine(t, testDatabaseDown)
}

func testDatabaseDown(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	b := s.browser(t)
	b.register(ada, oldPassword)
	link := s.askForLink(b, ada)
	_, err := s.db.ExecContext(
		t.Context(), "ALTER TABLE users RENAME TO away",
	)
	require.NoError(t, err)

	stranger := s.browser(t)
	for what, status := range map[string]int{
		"sign in": b.login(ada, oldPassword).status,
		"account": b.get("/account").status,
		"confirm": b.confirm(link, newPassword),
		"register": stranger.post(
			"/register", "email", bob, "password", oldPassword,
		).status,
	} {
		require.Equal(t, http.StatusServiceUnavailable, status, what)
	}
	require.Equal(
		t, http.StatusSeeOther, b.forgot(ada),
		"the answer never depends on the database",
	)

	_, err = s.db.ExecContext(t.Context(), "ALTER TABLE away RENAME TO users")
	require.NoError(t, err)
	require.True(t, b.signedIn())
	require.Equal(t, http.StatusSeeOther, b.confirm(link, newPassword))

	require.Equal(t, http.StatusOK, b.get("/healthz").status)
	require.NoError(t, s.db.Close())
	require.Equal(
		t, http.StatusServiceUnavailable, b.get("/healthz").status,
	)
	require.Equal(
		t, http.StatusServiceUnavailable, b.login(ada, newPassword).status,
	)
}
