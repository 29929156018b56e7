package main

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"
)

// A watch is a clock that stands still until a test moves it on.
type watch struct {
	start time.Time
	ahead atomic.Int64
}

func newWatch() *watch { return &watch{start: time.Now()} }

func (w *watch) now() time.Time {
	return w.start.Add(time.Duration(w.ahead.Load()))
}

func (w *watch) advance(d time.Duration) { w.ahead.Add(int64(d)) }

// A phone is an authenticator app.
type phone struct {
	t      *testing.T
	watch  *watch
	secret string
}

// code is what the phone shows, or showed so many periods before.
func (p phone) code(ago int) string {
	p.t.Helper()
	at := p.watch.now().Add(-time.Duration(ago) * totpPeriod)
	code, err := totp.GenerateCode(p.secret, at)
	require.NoError(p.t, err)
	return code
}

// next is a code that has not been used.
func (p phone) next() string {
	p.t.Helper()
	p.watch.advance(totpPeriod)
	return p.code(0)
}

var secretOnPage = regexp.MustCompile(`<p>Key: <code>([A-Z2-7 ]+)</code>`)

// switchOnTOTP does what somebody with a phone does.
func switchOnTOTP(b browser, w *watch) phone {
	b.t.Helper()
	res := b.post("/account/totp/start", "current", oldPassword)
	require.Equal(b.t, http.StatusSeeOther, res.status)
	found := secretOnPage.FindStringSubmatch(b.get("/account/totp").body)
	require.NotNil(b.t, found)

	p := phone{b.t, w, strings.ReplaceAll(found[1], " ", "")}
	res = b.post("/account/totp/confirm", "code", p.code(0))
	require.Equal(b.t, "/account?totp-on", res.location())
	return p
}

// startWithTOTP is a site where Ada has a phone.
func startWithTOTP(
	t *testing.T, e engine, change ...func(*options),
) (*site, browser, phone) {
	t.Helper()
	w := newWatch()
	s := e.startSite(t, func(o *options) {
		o.now = w.now
		for _, f := range change {
			f(o)
		}
	})
	b := s.browser(t)
	b.register(ada, oldPassword)
	s.prove(t, ada)
	return s, b, switchOnTOTP(b, w)
}

// confirmWith sets a new password with a link and a code, and returns the
// status.
func (b browser) confirmWith(raw, password, code string) int {
	b.t.Helper()
	return b.post(
		"/reset-password", "token", raw, "password", password, "proof", code,
	).status
}

func TestSecondFactorIsAskedForAtSignIn(t *testing.T) {
	onEveryEngine(t, testSecondFactorIsAskedForAtSignIn)
}

func testSecondFactorIsAskedForAtSignIn(t *testing.T, e engine) {
	s, _, phone := startWithTOTP(t, e)
	b := s.browser(t)
	require.Equal(
		t, http.StatusUnauthorized, b.login(ada, newPassword).status,
		"without the password there is no second step",
	)
	require.Equal(t, "/login", b.get("/login/code").location())

	require.Equal(t, "/login/code", b.login(ada, oldPassword).location())
	require.False(t, b.signedIn(), "the password alone opens nothing")
	require.Equal(t, http.StatusSeeOther, b.get("/account/totp").status)
	require.Equal(t, http.StatusOK, b.get("/login/code").status)
	enter := func(code string) int {
		return b.post("/login/code", "code", code).status
	}

	used := phone.code(0)
	for _, code := range []string{
		"", "000000", "12345", "1234567", "abcdef", used, phone.code(-1),
		phone.code(2), phone.code(100), strings.Repeat("0", 5000),
	} {
		require.Equal(t, http.StatusUnauthorized, enter(code), code)
		require.False(t, b.signedIn())
	}
	require.Contains(t, b.post("/login/code", "code", used).body,
		`<div class="error" id="code-error">`)

	code := phone.next()
	spaced := " " + code[:3] + " " + code[3:] + " "
	require.Equal(t, http.StatusSeeOther, enter(spaced))
	require.True(t, b.signedIn())
	require.Equal(t, "/login", b.get("/login/code").location())
}

// Somebody has seen the password and the code over a shoulder.
func TestCodeIsGoodOnce(t *testing.T) {
	onEveryEngine(t, testCodeIsGoodOnce)
}

func testCodeIsGoodOnce(t *testing.T, e engine) {
	s, _, phone := startWithTOTP(t, e)
	code := phone.next()
	start, statuses := make(chan struct{}), make(chan int, 8)
	var visitors sync.WaitGroup
	for range cap(statuses) {
		b := s.browser(t)
		require.Equal(t, "/login/code", b.login(ada, oldPassword).location())
		visitors.Go(func() {
			<-start
			statuses <- b.post("/login/code", "code", code).status
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
		http.StatusSeeOther: 1, http.StatusUnauthorized: 7,
	}, count)

	b := s.browser(t)
	b.login(ada, oldPassword)
	phone.watch.advance(totpPeriod)
	require.Equal(
		t, http.StatusUnauthorized, b.post("/login/code", "code", code).status,
		"also while the next one is shown",
	)
	require.Equal(
		t, http.StatusSeeOther,
		b.post("/login/code", "code", phone.code(0)).status,
	)
}

// The limit is the one that codes have at a reset.
func TestGuessesOfACodeAreLimited(t *testing.T) {
	t.Parallel()
	s, _, phone := startWithTOTP(
		t, anyEngine(t), func(o *options) { o.limits = true },
	)
	b := s.browser(t)
	require.Equal(t, "/login/code", b.login(ada, oldPassword).location())
	for range 5 {
		require.Equal(t, http.StatusUnauthorized,
			b.post("/login/code", "code", "000000").status)
	}

	res := b.post("/login/code", "code", phone.next())
	require.Equal(t, http.StatusTooManyRequests, res.status)
	require.NotEmpty(t, res.header.Get("Retry-After"))
	require.False(t, b.signedIn())
}

func TestSecondStepDoesNotWaitForever(t *testing.T) {
	t.Parallel()
	s, _, phone := startWithTOTP(t, anyEngine(t))
	b := s.browser(t)
	b.login(ada, oldPassword)
	phone.watch.advance(pendingFor)
	require.Equal(t, "/login",
		b.post("/login/code", "code", phone.code(0)).location())
	require.False(t, b.signedIn())
}

// A new password ends a sign-in that waits for its code.
func TestResetEndsAHalfSignIn(t *testing.T) {
	onEveryEngine(t, testResetEndsAHalfSignIn)
}

func testResetEndsAHalfSignIn(t *testing.T, e engine) {
	s, b, phone := startWithTOTP(t, e)
	thief := s.browser(t)
	require.Equal(t, "/login/code", thief.login(ada, oldPassword).location())
	link := s.askForLink(b, ada)
	require.Equal(
		t, http.StatusSeeOther, b.confirmWith(link, newPassword, phone.next()),
	)
	require.Equal(t, "/login",
		thief.post("/login/code", "code", phone.next()).location())
	require.False(t, thief.signedIn())
}

func TestSecondFactorIsAskedForAtReset(t *testing.T) {
	onEveryEngine(t, testSecondFactorIsAskedForAtReset)
}

func testSecondFactorIsAskedForAtReset(t *testing.T, e engine) {
	s, b, phone := startWithTOTP(t, e)
	link := s.askForLink(b, ada)
	used := phone.code(0)
	checked := b.postJSON("/api/reset-password/check", `{"token":"`+link+`"}`)
	require.Contains(t, checked.body, `"proof":"totp"`)

	before := dump(t, s.db, "users")
	for _, code := range []string{"", "000000", used, phone.code(-1), "x"} {
		require.Equal(
			t, http.StatusUnprocessableEntity,
			b.confirmWith(link, newPassword, code), code,
		)
	}
	require.Equal(
		t, http.StatusUnprocessableEntity, b.confirm(link, newPassword),
	)
	code := phone.next()
	require.Equal(
		t, http.StatusUnprocessableEntity, b.confirmWith(link, "short", code),
	)
	require.Equal(t, before, dump(t, s.db, "users"), "nothing is spent")
	require.True(t, b.signedIn())

	require.Equal(
		t, http.StatusSeeOther, b.confirmWith(link, newPassword, code),
		"also the code that came with a refused password",
	)
	require.Equal(t, "/login/code", b.login(ada, newPassword).location())
	require.Equal(
		t, http.StatusUnauthorized, b.post("/login/code", "code", code).status,
		"the code was used for the new password",
	)
	require.Equal(
		t, http.StatusSeeOther,
		b.post("/login/code", "code", phone.next()).status,
	)
	require.Contains(t, b.get("/audit").body, ">proof-refused</span>")
}

// Without an answer from the database nobody gets by without a code.
func TestSecondFactorFailsClosed(t *testing.T) {
	t.Parallel()
	s, b, phone := startWithTOTP(t, anyEngine(t))
	link := s.askForLink(b, ada)
	rename := func(from, to string) {
		_, err := s.db.ExecContext(t.Context(),
			"ALTER TABLE users RENAME COLUMN "+from+" TO "+to)
		require.NoError(t, err)
	}

	rename("totp_secret", "away")
	require.Equal(
		t, http.StatusServiceUnavailable,
		b.confirmWith(link, newPassword, phone.next()),
	)
	require.Equal(
		t, http.StatusServiceUnavailable, b.confirm(link, newPassword),
	)
	rename("away", "totp_secret")
	require.Equal(
		t, http.StatusSeeOther,
		b.confirmWith(link, newPassword, phone.code(0)),
	)
}

func TestSecondFactorIsSwitchedOnAndOffByItsOwnerAlone(t *testing.T) {
	onEveryEngine(t, testSecondFactorIsSwitchedOnAndOffByItsOwnerAlone)
}

func testSecondFactorIsSwitchedOnAndOffByItsOwnerAlone(t *testing.T, e engine) {
	w := newWatch()
	s := e.startSite(t, func(o *options) { o.now = w.now })
	b := s.browser(t)
	b.register(ada, oldPassword)
	s.prove(t, ada)
	require.Equal(t, http.StatusNotFound, b.get("/account/totp/picture").status)
	require.Equal(
		t, http.StatusUnprocessableEntity,
		b.post("/account/totp/start", "current", newPassword).status,
		"a browser left alone has no password",
	)
	require.NotContains(t, b.get("/account/totp").body, "otpauth")

	b.post("/account/totp/start", "current", oldPassword)
	page := b.get("/account/totp").body
	require.Contains(t, page, `href="otpauth://totp/Lostkey%20Demo:ada@example.com?`)
	picture := b.get("/account/totp/picture")
	require.Equal(t, "image/png", picture.header.Get("Content-Type"))
	require.Equal(t, "image/png", http.DetectContentType([]byte(picture.body)))
	require.Equal(
		t, http.StatusUnprocessableEntity,
		b.post("/account/totp/confirm", "code", "000000").status,
	)
	elsewhere := s.browser(t)
	require.Equal(t, "/account", elsewhere.login(ada, oldPassword).location(),
		"it is off until a code has been typed")

	phone := switchOnTOTP(b, w)
	require.NotContains(t, b.get("/account/totp").body, phone.secret[:4])
	again := b.post("/account/totp/start", "current", oldPassword)
	require.Equal(t, "/account/totp", again.location())
	require.Equal(t, "/account/totp",
		b.post("/account/totp/confirm", "code", phone.code(0)).location())
	stop := func(code string) int {
		return b.post("/account/totp/stop", "code", code).status
	}
	require.Equal(t, http.StatusUnprocessableEntity, stop("000000"))
	require.Equal(t, http.StatusUnprocessableEntity, stop(phone.code(0)))
	require.Equal(t, "/login/code",
		s.browser(t).login(ada, oldPassword).location())

	require.Equal(t, http.StatusSeeOther, stop(phone.next()))
	require.Equal(t, "/account",
		s.browser(t).login(ada, oldPassword).location())
}
