package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A browser goes through all of a lost password against the program as users
// build and start it.
func TestBrowserResetsAPassword(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser is too much for a short test")
	}
	tab := openTab(t)
	program := startProgram(t)
	tab.base = program.url

	tab.registerAndAsk()
	program.logs.wait(t, "password reset mailed")
	link := tab.resetFromTheInbox()
	tab.signInAfterwards()
	tab.openDeadLink(link)
	tab.changePassword()
	tab.blockAndLift()
}

func (b *tab) registerAndAsk() {
	b.t.Helper()
	b.open("/", 200)
	b.shoot("home")
	b.open("/register", 200)
	b.shoot("register")
	b.fill("#email", ada, "#password", oldPassword)
	b.press("main form .button", 200, "/account")
	require.Contains(b.t, b.text("main"), ada)
	b.shoot("account-new")
	b.press("form[action='/logout'] button", 200, "/login")
	b.shoot("signed-out")

	b.press(".field-head a", 200, "/forgot-password")
	b.shoot("forgot")
	b.fill("#email", ada)
	b.press("form .button", 200, "/forgot-password")
	b.shoot("sent")
}

// resetFromTheInbox follows the link in the text and in the HTML of the mail,
// sets a new password, and returns the link.
func (b *tab) resetFromTheInbox() string {
	b.t.Helper()
	const linkInMail = "a.open[href*='#token=']"
	b.open("/inbox", 200)
	b.shoot("inbox")
	link := b.value(linkInMail, "href")

	b.open("/inbox/1", 200)
	b.shoot("mail")
	b.pressInFrame("a[href*='#token=']", 200, "/reset-password")
	b.shoot("reset")
	b.fill("#password", newPassword)
	b.press("form .button", 200, "/reset-password")
	b.shoot("done")
	return link
}

func (b *tab) signInAfterwards() {
	b.t.Helper()
	b.press("a.button", 200, "/login")
	b.fill("#email", ada, "#password", oldPassword)
	b.press("main form .button", 401, "/login")
	b.shoot("old-password")
	b.fill("#password", newPassword)
	b.press("main form .button", 200, "/account")
	require.Contains(b.t, b.text("main"), ada)
}

func (b *tab) openDeadLink(link string) {
	b.t.Helper()
	b.openLink(link)
	require.Eventually(b.t, func() bool {
		return b.text("h1") == "This link does not work"
	}, 20*time.Second, 20*time.Millisecond, "the page asks at once")
	b.shoot("rejected")
}

func (b *tab) changePassword() {
	b.t.Helper()
	const third = "yet another umbrella"
	b.open("/account/password", 200)
	b.shoot("change-password")
	b.fill("#current", oldPassword, "#password", third)
	b.press("main form .button", 422, "/account/password")
	b.shoot("change-refused")
	b.fill("#current", newPassword, "#password", third)
	b.press("main form .button", 200, "/account")
	b.shoot("account-changed")

	b.open("/inbox", 200)
	b.shoot("inbox-full")
}

func (b *tab) blockAndLift() {
	b.t.Helper()
	b.open("/audit", 200)
	require.Contains(b.t, b.text("main"), "stale")
	b.shoot("audit")
	b.press("button[value='127.0.0.0/24']", 200, "/audit")
	require.Contains(b.t, b.text("main"), "Lift 127.0.0.0/24")
	b.shoot("blocked")
	b.press("form[action='/audit/lift'] button", 200, "/audit")
	require.Contains(b.t, b.text("main"), "No network is blocked")

	b.open("/nothing-here", 404)
	b.shoot("not-found")
}
