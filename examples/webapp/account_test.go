package main

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
)

func TestRegisterSignOutSignIn(t *testing.T) {
	onEveryEngine(t, testRegisterSignOutSignIn)
}

func testRegisterSignOutSignIn(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	b := s.browser(t)

	require.Equal(
		t, "/login", b.get("/account").location(),
		"a stranger has no account page",
	)
	res := b.post("/register", "email", ada, "password", oldPassword)
	require.Equal(t, http.StatusSeeOther, res.status)
	res = b.get("/account")
	require.Equal(t, http.StatusOK, res.status)
	require.Contains(t, res.body, ada)

	require.Equal(t, http.StatusSeeOther, b.post("/logout").status)
	require.Equal(t, http.StatusSeeOther, b.get("/account").status)
	require.Equal(
		t, http.StatusSeeOther, b.post("/logout").status,
		"signing out twice is not a fault",
	)

	require.Equal(
		t, http.StatusSeeOther, b.login("ADA@example.com", oldPassword).status,
		"case of letters does not matter",
	)
	require.True(t, b.signedIn())
}

func TestRegistrationRefusesBadAddressesAndPasswords(t *testing.T) {
	t.Parallel()
	strict := startSite(t, nil).browser(t)
	lenient := startSite(t, func(o *options) { o.mfa = true }).browser(t)
	register := func(b browser, email, password string) int {
		return b.post("/register", "email", email, "password", password).status
	}

	for _, address := range []string{
		"", "ada", "ada@", "ada@example.com,eve@example.com",
		"Ada <ada@example.com>", "ada@example.com\r\nBcc: eve@example.com",
		strings.Repeat("a", 300) + "@example.com",
	} {
		require.Equal(
			t, http.StatusUnprocessableEntity,
			register(strict, address, oldPassword), address,
		)
	}

	for _, password := range []string{
		strings.Repeat("x", 14), strings.Repeat("x", 1025),
	} {
		require.Equal(
			t, http.StatusUnprocessableEntity, register(strict, ada, password),
		)
	}
	require.Equal(
		t, http.StatusUnprocessableEntity, register(lenient, ada, "yztr7rp"),
	)
	require.Equal(t, http.StatusSeeOther, register(lenient, ada, "yztr7rpq"))
}

// The address of a registered user, in another case, and that of nobody get the
// same status, headers and body. Only the session differs.
func TestRegistrationAnswersAlikeForATakenAddress(t *testing.T) {
	onEveryEngine(t, testRegistrationAnswersAlikeForATakenAddress)
}

func testRegistrationAnswersAlikeForATakenAddress(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	s.browser(t).register(ada, oldPassword)

	thief := s.browser(t)
	taken := thief.post(
		"/register", "email", "ADA@example.com", "password", newPassword,
	)
	free := s.browser(t).post(
		"/register", "email", bob, "password", newPassword,
	)

	for _, res := range []answer{taken, free} {
		for _, name := range []string{"Date", "Set-Cookie"} {
			res.header.Del(name)
		}
		// The second is part of setting a cookie.
		res.header["Cache-Control"] = res.header["Cache-Control"][:1]
	}
	require.Equal(t, taken, free)

	require.False(t, thief.signedIn())
	require.Equal(
		t, http.StatusUnauthorized, thief.login(ada, newPassword).status,
	)
	require.Equal(
		t, http.StatusSeeOther, thief.login(ada, oldPassword).status,
		"the password is still the owner's",
	)
}

func TestWrongPasswordAndUnknownAddressGetTheSameAnswer(t *testing.T) {
	onEveryEngine(t, testWrongPasswordAndUnknownAddressGetTheSameAnswer)
}

func testWrongPasswordAndUnknownAddressGetTheSameAnswer(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	s.browser(t).register(ada, oldPassword)
	b := s.browser(t)
	wrong, unknown := b.login(ada, newPassword), b.login(bob, newPassword)
	require.Equal(t, http.StatusUnauthorized, wrong.status)
	unknown.body = strings.ReplaceAll(unknown.body, bob, ada)
	wrong.header.Del("Date")
	unknown.header.Del("Date")
	wrong.header.Del("Content-Length")
	unknown.header.Del("Content-Length")
	require.Equal(t, wrong, unknown)

	for _, password := range []string{"", strings.Repeat("x", 2000), "\xff"} {
		require.Equal(t, http.StatusUnauthorized, b.login(ada, password).status)
		require.Equal(
			t, http.StatusUnauthorized,
			b.login(bob, password).status,
		)
	}
}

// An unknown address costs as many password hashes as a known one. They are
// counted, so that no clock is needed.
func TestUnknownAddressesCostAPasswordHash(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	b := s.browser(t)
	b.register(ada, oldPassword)
	cost := func(email string) uint64 {
		before := s.hasher.Slots().Stats().Started
		require.Equal(
			t, http.StatusUnauthorized, b.login(email, newPassword).status,
		)
		return s.hasher.Slots().Stats().Started - before
	}
	require.EqualValues(t, 1, cost(ada))
	require.EqualValues(t, 1, cost(bob))
}

func TestSignInIsThrottledByAddressAlsoForUnknownOnes(t *testing.T) {
	t.Parallel()
	for _, address := range []string{ada, bob} {
		s := startSite(t, func(o *options) { o.limits = true })
		s.browser(t).register(ada, oldPassword)
		b := s.browser(t)
		refused := 0
		for range 11 {
			res := b.login(address, newPassword)
			if res.status == http.StatusTooManyRequests {
				refused++
				require.NotEmpty(t, res.header.Get("Retry-After"))
			}
		}
		require.Positive(t, refused, address)
	}
}

func TestSignInReplacesOldHashes(t *testing.T) {
	onEveryEngine(t, testSignInReplacesOldHashes)
}

func testSignInReplacesOldHashes(t *testing.T, e engine) {
	old, err := bcrypt.GenerateFromPassword([]byte(oldPassword), bcrypt.MinCost)
	require.NoError(t, err)
	weak, err := hash.NewInsecureForTests().Hash(t.Context(), oldPassword)
	require.NoError(t, err)
	today, err := hash.New(hash.Config{})
	require.NoError(t, err)

	for _, encoded := range []string{string(old), weak} {
		s := e.startSiteHashing(t, today, nil)
		_, err := s.users.create(t.Context(), ada, encoded)
		require.NoError(t, err)
		b, elsewhere := s.browser(t), s.browser(t)

		require.Equal(
			t, http.StatusUnauthorized, b.login(ada, newPassword).status,
		)
		row, err := s.users.byEmail(t.Context(), ada)
		require.NoError(t, err)
		require.Equal(
			t, encoded, row.PasswordHash, "a wrong password changes nothing",
		)

		require.Equal(
			t, http.StatusSeeOther, elsewhere.login(ada, oldPassword).status,
		)
		row, err = s.users.byEmail(t.Context(), ada)
		require.NoError(t, err)
		require.Contains(t, row.PasswordHash, "$argon2id$v=19$m=19456,t=2,p=1$")

		require.Equal(t, http.StatusSeeOther, b.login(ada, oldPassword).status)
		require.True(
			t, elsewhere.signedIn(), "better parameters end no session",
		)
	}
}

// A stored hash that nothing can read is the operator's affair.
func TestUnreadableHashLooksLikeAWrongPassword(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	_, err := s.users.create(t.Context(), ada, "$argon2id$v=19$m=1,t=0,p=0$$")
	require.NoError(t, err)
	require.Equal(
		t, http.StatusUnauthorized, s.browser(t).login(ada, oldPassword).status,
	)
	require.Contains(t, s.logs.text(), "stored password hash")
}

func TestChangingThePasswordEndsTheOtherSessions(t *testing.T) {
	onEveryEngine(t, testChangingThePasswordEndsTheOtherSessions)
}

func testChangingThePasswordEndsTheOtherSessions(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	here, there := s.browser(t), s.browser(t)
	here.register(ada, oldPassword)
	require.Equal(t, http.StatusSeeOther, there.login(ada, oldPassword).status)
	change := func(b browser, current, password string) int {
		return b.post(
			"/account/password", "current", current, "password", password,
		).status
	}

	require.Equal(
		t, http.StatusUnprocessableEntity,
		change(here, "not the one", newPassword),
	)
	require.Equal(
		t, http.StatusUnprocessableEntity, change(here, oldPassword, "short"),
	)
	require.True(t, there.signedIn(), "a refused change ends nothing")

	require.Equal(
		t, http.StatusSeeOther, change(here, oldPassword, newPassword),
	)
	require.True(t, here.signedIn())
	require.False(t, there.signedIn())
	require.Equal(
		t, http.StatusUnauthorized, there.login(ada, oldPassword).status,
	)
	require.Equal(t, http.StatusSeeOther, there.login(ada, newPassword).status)

	s.logs.wait(t, "password reset notice-mailed")
	notice := s.newestMail(t)
	require.Equal(t, mail.KindPasswordChanged, notice.Kind)
	require.Equal(t, ada, notice.To)
	require.NotContains(
		t, notice.Text, "(", "a client that is none of the known browsers",
	)

	require.Equal(
		t, http.StatusSeeOther, change(s.browser(t), newPassword, oldPassword),
	)
	require.Equal(
		t, http.StatusSeeOther, s.browser(t).login(ada, newPassword).status,
		"a stranger changes nothing",
	)
}

// SQLite has one writer. Nobody gets an error for being second.
func TestManyVisitorsAtOnce(t *testing.T) {
	onEveryEngine(t, testManyVisitorsAtOnce)
}

func testManyVisitorsAtOnce(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	var visitors sync.WaitGroup
	for i := range 12 {
		b, email := s.browser(t), string(rune('a'+i))+"@example.com"
		visitors.Go(func() {
			b.post("/register", "email", email, "password", oldPassword)
			b.post("/forgot-password", "email", email)
			b.post("/logout")
			b.login(email, oldPassword)
			if !b.signedIn() {
				t.Errorf("%s is not signed in", email)
			}
		})
	}
	visitors.Wait()
	require.NotContains(t, s.logs.text(), "database is locked")
}

func TestNoticeOfAChangeSaysWhichBrowserItWas(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	b := s.browser(t)
	b.register(ada, oldPassword)

	r := b.newPost(
		"/account/password", "current", oldPassword, "password", newPassword,
	)
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) "+
		"Gecko/20100101 Firefox/140.0 <b>evil</b>")
	r.Header.Set("Accept-Language", "nl-NL, fr;q=0.8")
	require.Equal(t, http.StatusSeeOther, b.do(r).status)

	s.logs.wait(t, "password reset notice-mailed")
	notice := s.newestMail(t)
	require.Contains(t, notice.Text, "(Firefox, Linux)")
	require.NotContains(t, notice.Text+notice.HTML, "evil")
	require.Equal(t, "fr", notice.Locale)
}
