package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// dispute sends the link "this was not me" of a notice, and returns the status.
func (b browser) dispute(raw string) int {
	b.t.Helper()
	return b.post("/reset-password/dispute", "token", raw).status
}

// robbed is a site where somebody who reads Ada's mail has chosen a password.
// It returns the thief's browser, and the token of the notice's link.
func robbed(t *testing.T, e engine) (s *site, thief browser, dispute string) {
	t.Helper()
	s = e.startSite(t, nil)
	s.browser(t).register(ada, oldPassword)
	thief = s.browser(t)
	link := s.askForLink(thief, ada)
	require.Equal(t, http.StatusSeeOther, thief.confirm(link, newPassword))
	require.Equal(
		t, http.StatusSeeOther, thief.login(ada, newPassword).status,
	)
	s.logs.wait(t, "password reset notice-mailed")
	found := disputeLink.FindStringSubmatch(s.newestMail(t).Text)
	require.NotNil(t, found)
	return s, thief, found[1]
}

func TestDisputeLocksTheAccountAndAnAdministratorBringsItBack(t *testing.T) {
	onEveryEngine(t, testDisputeLocksTheAccount)
}

func testDisputeLocksTheAccount(t *testing.T, e engine) {
	s, thief, dispute := robbed(t, e)
	b := s.browser(t)
	require.Contains(t, b.get("/audit").body, "No account is locked")
	require.Equal(t, http.StatusOK, b.get("/reset-password/dispute").status)
	require.True(t, thief.signedIn(), "opening the page changes nothing")

	for range 2 {
		require.Equal(t, http.StatusSeeOther, b.dispute(dispute))
	}
	require.False(t, thief.signedIn())
	refused := thief.login(ada, newPassword)
	require.Equal(t, http.StatusForbidden, refused.status)
	require.Contains(t, refused.body, "This account is locked")
	require.Empty(t, refused.header.Values("Set-Cookie"))
	require.Equal(
		t, http.StatusUnauthorized, thief.login(ada, oldPassword).status,
		"those without the password learn nothing",
	)
	require.Equal(t, http.StatusSeeOther, thief.forgot(ada))
	s.logs.wait(t, "password reset skipped")

	a, err := s.users.byEmail(t.Context(), ada)
	require.NoError(t, err)
	page := b.get("/audit").body
	require.Contains(t, page, `name="user" value="`+a.ID+`"`)
	require.Contains(t, page, ">disputed</span>")
	require.Equal(t, "/audit#locked",
		b.post("/audit/unlock", "user", a.ID).location())
	require.Equal(
		t, http.StatusNotFound, b.post("/audit/unlock", "user", a.ID).status,
	)

	s.logs.wait(t, "password reset mailed")
	require.Equal(
		t, http.StatusUnauthorized, thief.login(ada, newPassword).status,
		"the thief's password is dead before the owner has a new one",
	)
	require.Equal(t, http.StatusBadRequest, b.dispute(dispute))
	link := mailedLink.FindStringSubmatch(s.newestMail(t).Text)[1]
	const third = "yet another umbrella"
	require.Equal(t, http.StatusSeeOther, b.confirm(link, third))
	require.Equal(t, http.StatusSeeOther, b.login(ada, third).status)
	require.Contains(t, b.get("/audit").body, "No account is locked")
}

// Whoever reads the owner's mail can lock an account, and get in with no link
// of a notice.
func TestLinkOfANoticeGrantsNothing(t *testing.T) {
	t.Parallel()
	s, _, dispute := robbed(t, anyEngine(t))
	b := s.browser(t)
	try := func() {
		before := dump(t, s.db, "users")
		res := b.post("/reset-password", "token", dispute,
			"password", oldPassword)
		require.Contains(t, res.location(), "/reset-password/dispute")
		require.Equal(t, http.StatusBadRequest,
			b.post("/verify-address", "token", dispute).status)
		require.Equal(t, before, dump(t, s.db, "users"))
		require.False(t, b.signedIn())
	}
	try()
	require.Equal(t, http.StatusSeeOther, b.dispute(dispute))
	try()
}

// A sign-in that was under way when the account was locked has no session.
func TestSignInThatOverlapsADisputeIsDead(t *testing.T) {
	onEveryEngine(t, testSignInThatOverlapsADisputeIsDead)
}

func testSignInThatOverlapsADisputeIsDead(t *testing.T, e engine) {
	s, thief, dispute := robbed(t, e)
	seen, err := s.users.byEmail(t.Context(), ada)
	require.NoError(t, err)
	require.Equal(t, http.StatusSeeOther, thief.dispute(dispute))
	require.False(t, s.sessionOpens(t, seen.ID, seen.passwordVersion))
}

func TestUnlockingTakesARecoveryAddressAway(t *testing.T) {
	onEveryEngine(t, testUnlockingTakesARecoveryAddressAway)
}

func testUnlockingTakesARecoveryAddressAway(t *testing.T, e engine) {
	s, thief, dispute := robbed(t, e)
	s.proveRecovery(thief, "thief@evil.example", newPassword)
	b := s.browser(t)
	require.Equal(t, http.StatusSeeOther, b.dispute(dispute))
	a, err := s.users.byEmail(t.Context(), ada)
	require.NoError(t, err)
	b.post("/audit/unlock", "user", a.ID)
	require.Empty(t, dump(t, s.db, "recovery_addresses"))
	s.logs.wait(t, "password reset mailed")
	require.Equal(t, ada, s.newestMail(t).To)
	require.Equal(t, http.StatusSeeOther, thief.forgot("thief@evil.example"))
	s.logs.wait(t, "password reset skipped")
}

// A thief who has switched on a second factor does not keep the owner out.
func TestUnlockingCanSwitchTheSecondFactorOff(t *testing.T) {
	t.Parallel()
	s, b, phone := startWithTOTP(t, anyEngine(t))
	link := s.askForLink(b, ada)
	require.Equal(
		t, http.StatusSeeOther, b.confirmWith(link, newPassword, phone.next()),
	)
	s.logs.wait(t, "password reset notice-mailed")
	dispute := disputeLink.FindStringSubmatch(s.newestMail(t).Text)[1]
	a, err := s.users.byEmail(t.Context(), ada)
	require.NoError(t, err)

	for _, totp := range []string{"", "off"} {
		require.Equal(t, http.StatusSeeOther, b.dispute(dispute))
		password := map[string]string{"": newPassword, "off": oldPassword}[totp]
		require.Equal(t, http.StatusForbidden, b.login(ada, password).status)
		b.post("/audit/unlock", "user", a.ID, "totp", totp)
		s.logs.wait(t, "password reset mailed")
		link = mailedLink.FindStringSubmatch(s.newestMail(t).Text)[1]
		if totp == "" {
			require.Equal(
				t, http.StatusUnprocessableEntity, b.confirm(link, oldPassword),
			)
			require.Equal(
				t, http.StatusSeeOther,
				b.confirmWith(link, oldPassword, phone.next()),
			)
			s.logs.wait(t, "password reset notice-mailed")
			dispute = disputeLink.FindStringSubmatch(s.newestMail(t).Text)[1]
			continue
		}
		require.Equal(t, http.StatusSeeOther, b.confirm(link, oldPassword))
	}
	require.Equal(t, "/account", b.login(ada, oldPassword).location())
}

func TestAccountsAreUnlockedFromThisMachineAlone(t *testing.T) {
	t.Parallel()
	s, thief, dispute := robbed(t, anyEngine(t))
	require.Equal(t, http.StatusSeeOther, thief.dispute(dispute))
	for name, m := range elsewhere {
		a := s.ask(t, m, http.MethodPost, "/audit/unlock")
		require.Equal(t, http.StatusForbidden, a.status, name)
		require.False(t, strings.Contains(a.body, ada))
	}
}
