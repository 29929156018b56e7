package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// openJourney is a tab on a site whose clock the test moves.
func openJourney(t *testing.T) (*tab, *site, *watch) {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser is too much for a short test")
	}
	w := newWatch()
	b := openTab(t)
	s := startSite(t, func(o *options) { o.now = w.now })
	b.base = s.url

	b.open("/register", http.StatusOK)
	b.fill("#email", ada, "#password", oldPassword)
	b.press("main form .button", http.StatusOK, "/account")
	return b, s, w
}

// signIn fills the form, and arrives at a path.
func (b *tab) signIn(password string, status int64, path string) {
	b.t.Helper()
	b.open("/login", http.StatusOK)
	b.fill("#email", ada, "#password", password)
	b.press("main form .button", status, path)
}

func (b *tab) signOut() {
	b.t.Helper()
	b.open("/account", http.StatusOK)
	b.press("form[action='/logout'] button", http.StatusOK, "/login")
}

// newestLink takes a link from the inbox page, whose newest mail is first.
func (b *tab) newestLink(part string) string {
	b.t.Helper()
	b.open("/inbox", http.StatusOK)
	return b.value("a.open[href*='"+part+"#token=']", "href")
}

// askAndOpen asks for a link and opens it.
func (b *tab) askAndOpen(s *site) {
	b.t.Helper()
	b.open("/forgot-password", http.StatusOK)
	b.fill("#email", ada)
	b.press("form .button", http.StatusOK, "/forgot-password")
	s.logs.wait(b.t, "password reset mailed")
	b.openLink(b.newestLink("/reset-password/"))
	require.Eventually(b.t, func() bool {
		return strings.Contains(b.text("main"), "a•••@example.com")
	}, 20*time.Second, 20*time.Millisecond, "the page asks at once")
}

func TestBrowserUsesASecondFactor(t *testing.T) {
	b, s, w := openJourney(t)
	s.prove(t, ada)
	b.open("/account", http.StatusOK)
	p := b.switchOn(w)
	b.signOut()

	b.signIn(oldPassword, http.StatusOK, "/login/code")
	b.shoot("code")
	enter := func(code string, status int64, path string) {
		b.fill("#code", code)
		b.press("main form .button", status, path)
	}
	enter("000000", http.StatusUnauthorized, "/login/code")
	require.Contains(t, b.text("#code-error"), "That code is not right")
	b.shoot("code-refused")
	enter(p.code(0), http.StatusUnauthorized, "/login/code")
	enter(p.next(), http.StatusOK, "/account")
	b.signOut()

	code := b.resetWithCode(s, p)
	b.signIn(newPassword, http.StatusOK, "/login/code")
	enter(code, http.StatusUnauthorized, "/login/code")
	require.Contains(t, b.text("#code-error"), "it was used before")
	enter(p.next(), http.StatusOK, "/account")

	b.open("/account/totp", http.StatusOK)
	b.shoot("totp-on")
	enter(p.next(), http.StatusOK, "/account")
	require.Contains(t, b.text("main"), "Codes are no longer asked for")
}

func (b *tab) switchOn(w *watch) phone {
	b.t.Helper()
	b.press("a[href='/account/totp']", http.StatusOK, "/account/totp")
	b.shoot("totp-off")
	b.fill("#current", newPassword)
	b.press("main form .button", 422, "/account/totp/start")
	require.Contains(b.t, b.text("#current-error"), "not right")
	b.fill("#current", oldPassword)
	b.press("main form .button", http.StatusOK, "/account/totp")
	b.shoot("totp-setup")
	width, err := chromedp.Run(b.ctx, chromedp.Evaluate[int](
		"document.querySelector('.qr').naturalWidth",
	))
	require.NoError(b.t, err)
	require.Positive(b.t, width, "the picture is shown")

	secret := strings.ReplaceAll(b.text("main code"), " ", "")
	p := phone{b.t, w, secret}
	b.fill("#code", "000000")
	b.press("main form .button", 422, "/account/totp/confirm")
	b.fill("#code", p.code(0))
	b.press("main form .button", http.StatusOK, "/account")
	b.shoot("account-totp")
	return p
}

// resetWithCode chooses a new password, and returns the code that it took.
func (b *tab) resetWithCode(s *site, p phone) string {
	b.t.Helper()
	used := p.code(0)
	b.askAndOpen(s)
	b.shoot("reset-code")
	for _, code := range []string{"000000", used} {
		b.fill("#password", newPassword, "#proof", code)
		b.press("form .button", 422, "/reset-password")
		require.NotEmpty(b.t, b.text("#proof-error"))
	}
	b.shoot("reset-code-refused")
	code := p.next()
	b.fill("#password", newPassword, "#proof", code)
	b.press("form .button", http.StatusOK, "/reset-password")
	require.Contains(b.t, b.text("main"), "changed")
	return code
}

func TestBrowserSaysThisWasNotMe(t *testing.T) {
	b, s, _ := openJourney(t)
	b.askAndOpen(s)
	b.fill("#password", newPassword)
	b.press("form .button", http.StatusOK, "/reset-password")

	s.logs.wait(t, "password reset notice-mailed")
	openNotice := func() {
		b.open("/inbox/2", http.StatusOK)
		b.pressInFrame(
			"a[href*='/dispute']", http.StatusOK, "/reset-password/dispute",
		)
	}
	openNotice()
	b.shoot("dispute")
	b.signIn(newPassword, http.StatusOK, "/account")
	openNotice()
	b.press("form .button", http.StatusOK, "/reset-password/dispute")
	b.shoot("disputed")
	b.signIn(newPassword, http.StatusForbidden, "/login")
	b.shoot("locked")

	b.open("/audit", http.StatusOK)
	b.shoot("audit-locked")
	b.press("form[action='/audit/unlock'] button", http.StatusOK, "/audit")
	require.Contains(t, b.text("main"), "No account is locked")
	s.logs.wait(t, "password reset mailed")
	b.openLink(b.newestLink("/reset-password/"))
	b.fill("#password", oldPassword)
	b.press("form .button", http.StatusOK, "/reset-password")
	b.signIn(oldPassword, http.StatusOK, "/account")
}

func TestBrowserConfirmsAddresses(t *testing.T) {
	b, s, _ := openJourney(t)
	b.shoot("account-unconfirmed")
	b.press("form[action='/account/verify'] button", http.StatusOK, "/account")
	b.shoot("account-link-sent")
	follow := func(path string) {
		s.logs.wait(t, "password reset mailed")
		link := b.newestLink(path)
		b.do(chromedp.Navigate("about:blank"))
		b.arrive(
			chromedp.Navigate(link), http.StatusOK,
			strings.TrimSuffix(path, "/"),
		)
		b.shoot("link")
		b.press("main form .button", http.StatusOK, "/account")
	}
	follow("/verify-address/")
	require.Contains(t, b.text("main"), "Your address is confirmed")

	b.fill("#label", "Ada at home")
	b.press("form[action='/account/label'] button", http.StatusOK, "/account")
	b.fill("#recovery", ada, "#current", oldPassword)
	b.press("form[action='/account/recovery'] .button", 422, "/account/recovery")
	b.shoot("recovery-refused")
	b.fill("#recovery", bob, "#current", oldPassword)
	b.press("form[action='/account/recovery'] .button", 200, "/account")
	follow("/recovery-address/")
	b.shoot("account-recovery")
	b.open("/recovery-address", http.StatusOK)
	b.shoot("link-to-paste")
}
