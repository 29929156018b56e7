package main

import (
	"crypto/rand"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/internal/chromium"
	"github.com/lostkey-go/lostkey/reset"
)

// Every page of the application is readable for everybody, at a desk and on a
// small phone, by day and by night. Ids are as long as they get.
func TestOwnPagesPassAxe(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser is too much for a short test")
	}
	axe := chromium.Axe(t)
	tab := openTab(t)
	s := startSite(t, nil)
	tab.base = s.url
	s.fillTrail(t)

	for _, path := range []string{"/", "/register", "/login"} {
		tab.look(axe, path, http.StatusOK)
	}
	tab.open("/register", http.StatusOK)
	tab.fill("#email", ada, "#password", oldPassword)
	tab.press("main form .button", http.StatusOK, "/account")
	s.askForLink(s.browser(t), ada)

	for _, path := range []string{
		"/account", "/account/password", "/forgot-password",
		"/audit", "/inbox", "/inbox/1",
	} {
		tab.look(axe, path, http.StatusOK)
	}
	tab.look(axe, "/audit?network=junk&from=never", http.StatusBadRequest)
	tab.look(axe, "/nothing-here", http.StatusNotFound)
}

// The pages of an owner and of an administrator, in each of their states.
func TestPagesOfASecondFactorAndOfLockedAccountsPassAxe(t *testing.T) {
	b, s, w := openJourney(t)
	s.prove(t, ada)
	axe := chromium.Axe(t)
	b.look(axe, "/account/totp", http.StatusOK)
	b.fill("#current", newPassword)
	b.press("main form .button", 422, "/account/totp/start")
	b.examine(axe, "password-refused")
	b.fill("#current", oldPassword)
	b.press("main form .button", http.StatusOK, "/account/totp")
	b.examine(axe, "setup")
	p := phone{t, w, strings.ReplaceAll(b.text("main code"), " ", "")}
	b.fill("#code", p.code(0))
	b.press("main form .button", http.StatusOK, "/account")
	b.look(axe, "/account/totp", http.StatusOK)

	b.open("/account", http.StatusOK)
	long := strings.Repeat("recovery", 8) + "@example.com"
	b.fill("#recovery", long, "#current", oldPassword)
	b.press("form[action='/account/recovery'] .button", 200, "/account")
	b.examine(axe, "account")
	b.fill("#recovery", ada, "#current", oldPassword)
	b.press("form[action='/account/recovery'] .button", 422, "/account/recovery")
	b.examine(axe, "recovery-refused")
	b.look(axe, "/verify-address", http.StatusOK)
	b.look(axe, "/recovery-address/#token=a.b.c", http.StatusOK)

	b.signOut()
	b.signIn(oldPassword, http.StatusOK, "/login/code")
	b.examine(axe, "code")
	b.fill("#code", "000000")
	b.press("main form .button", http.StatusUnauthorized, "/login/code")
	b.examine(axe, "code-refused")

	a, err := s.users.byEmail(t.Context(), ada)
	require.NoError(t, err)
	require.NoError(t, s.lockAccount(t.Context(), reset.Dispute{UserID: a.ID}))
	b.signIn(oldPassword, http.StatusForbidden, "/login")
	b.examine(axe, "locked")
	b.look(axe, "/audit", http.StatusOK)
}

// fillTrail puts two weeks of events into the trail and blocks a network.
func (s *site) fillTrail(t *testing.T) {
	t.Helper()
	client := netip.MustParseAddr("2001:db8:1111:2222:3333:4444:5555:6666")
	event := reset.Event{
		UserID: strings.Repeat("0123456789abcdef", 4), Client: client,
		TokenID: strings.Repeat("AbCdEf_-", 8),
	}
	outcomes := []reset.Outcome{
		reset.OutcomeRequested, reset.OutcomeMailed, reset.OutcomeConfirmed,
		reset.OutcomeCheckRejected,
	}

	for day := range chartDays {
		if day > 1 { // the rest as they mostly are
			event.UserID, event.TokenID = rand.Text(), rand.Text()
			event.Client = netip.MustParseAddr("198.51.100.23")
		}
		for i, outcome := range outcomes {
			event.Outcome = outcome
			at := time.Now().AddDate(0, 0, -day).Add(-time.Minute)
			s.record(t, 1+(day*3+i*5)%7, at, event)
		}
	}
	s.browser(t).change("/audit/block", "203.0.113.0/24")
}

// look opens a page and examines it.
func (b *tab) look(axe, path string, status int64) {
	b.t.Helper()
	bare, _, _ := strings.Cut(path, "?")
	bare, _, _ = strings.Cut(bare, "/#")
	b.arrive(chromedp.Navigate(b.base+path), status, bare)
	b.examine(axe, strings.NewReplacer("/", "_", "?", "_").Replace(path))
}

// examine looks at the page that is open.
func (b *tab) examine(axe, name string) {
	b.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		set := emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme},
			},
		}
		_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, set)
		require.NoError(b.t, err)
		for _, width := range []int64{1280, 320} {
			b.do(chromedp.EmulateViewport(width, 800))
			require.Empty(
				b.t, chromium.Violations(b.ctx, b.t, axe),
				"%s in %s at %d", name, scheme, width,
			)
			require.Empty(b.t, b.clipped(width), "%s at %d", name, width)
		}
	}
	b.shoot(name)
}

// clipped returns what can be seen in part only on a desk. On a phone a table
// scrolls in its own frame.
func (b *tab) clipped(width int64) []string {
	b.t.Helper()
	if width < 1280 {
		return nil
	}
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](
		`[...document.querySelectorAll(".scroll, .scroll td, .scroll th")]
			.filter(e => e.scrollWidth > e.clientWidth)
			.map(e => e.outerHTML.slice(0, 200))`,
	))
	require.NoError(b.t, err)
	return found
}
