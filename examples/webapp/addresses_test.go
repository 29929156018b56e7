package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// newestToken waits for the next mail with a link and returns its token.
func (s *site) newestToken(t *testing.T) string {
	t.Helper()
	s.logs.wait(t, "password reset mailed")
	found := anyLink.FindStringSubmatch(s.newestMail(t).Text)
	require.NotNil(t, found)
	return found[1]
}

func TestLinkVerifiesAnAddressOnce(t *testing.T) {
	onEveryEngine(t, testLinkVerifiesAnAddressOnce)
}

func testLinkVerifiesAnAddressOnce(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	b, mailProgram := s.browser(t), s.browser(t)
	b.register(ada, oldPassword)
	require.Contains(t, b.get("/account").body, "Not confirmed")
	verify := func(token string) answer {
		return mailProgram.post("/verify-address", "token", token)
	}

	require.Equal(t, "/account?link-sent", b.post("/account/verify").location())
	link := s.newestToken(t)
	require.Contains(t, s.newestMail(t).Text, s.url+"/verify-address/#token=")
	require.Equal(t, "Confirm your address for "+productName,
		s.newestMail(t).Subject)
	require.Equal(t, http.StatusOK, mailProgram.get("/verify-address/").status)
	require.Contains(t, b.get("/account").body, "Not confirmed")

	for _, junk := range []string{"", "x", link[:len(link)-1], link + "x"} {
		require.Equal(t, http.StatusBadRequest, verify(junk).status, junk)
	}
	require.Equal(t, http.StatusBadRequest, b.confirm(link, newPassword),
		"it sets no password")
	done := verify(s.url + "/verify-address/#token=" + link + "&utm=1")
	require.Equal(t, "/account?verified", done.location())
	require.Equal(t, "/login?verified",
		mailProgram.get(done.location()).location(), "it signs nobody in")
	require.NotContains(t, b.get("/account").body, "Not confirmed")
	require.Equal(t, http.StatusBadRequest, verify(link).status)
}

func TestResetVerifiesTheAddressToo(t *testing.T) {
	onEveryEngine(t, testResetVerifiesTheAddressToo)
}

func testResetVerifiesTheAddressToo(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	b := s.browser(t)
	b.register(ada, oldPassword)
	s.prove(t, ada)
	s.proveRecovery(b, bob, oldPassword)
	_, err := s.users.change(
		t.Context(), "UPDATE users SET email_verified = FALSE",
	)
	require.NoError(t, err)
	require.Equal(t, http.StatusSeeOther,
		b.confirm(s.tokenFor(t, b, bob), newPassword))
	a, err := s.users.byEmail(t.Context(), ada)
	require.NoError(t, err)
	require.False(t, a.verified, "the link went to the other address")

	require.Equal(t, http.StatusSeeOther,
		b.confirm(s.tokenFor(t, b, ada), oldPassword))
	a, err = s.users.byEmail(t.Context(), ada)
	require.NoError(t, err)
	require.True(t, a.verified)
}

// tokenFor asks for a link and takes it from the newest mail with one.
func (s *site) tokenFor(t *testing.T, b browser, address string) string {
	t.Helper()
	require.Equal(t, http.StatusSeeOther, b.forgot(address))
	s.logs.wait(t, "password reset mailed")
	sent := s.inbox.messages()
	for i := len(sent) - 1; i >= 0; i-- {
		found := mailedLink.FindStringSubmatch(sent[i].Text)
		if found != nil && sent[i].To == address {
			return found[1]
		}
	}
	t.Fatal("no link")
	return ""
}

// proveRecovery gives the account that is signed in a further address.
func (s *site) proveRecovery(b browser, address, password string) {
	b.t.Helper()
	res := b.post(
		"/account/recovery", "recovery", address, "current", password,
	)
	require.Equal(b.t, "/account?link-sent", res.location())
	token := s.newestToken(b.t)
	require.Equal(b.t, address, s.newestMail(b.t).To)
	res = b.post("/recovery-address", "token", token)
	require.Equal(b.t, "/account?recovery", res.location())
}

func TestLinkGoesToARecoveryAddressOnceItIsProven(t *testing.T) {
	onEveryEngine(t, testLinkGoesToARecoveryAddressOnceItIsProven)
}

func testLinkGoesToARecoveryAddressOnceItIsProven(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	b := s.browser(t)
	b.register(ada, oldPassword)
	s.prove(t, ada)
	add := func(address, password string) int {
		return b.post(
			"/account/recovery", "recovery", address, "current", password,
		).status
	}
	for _, address := range []string{"", "junk", "ADA@example.com"} {
		require.Equal(
			t, http.StatusUnprocessableEntity, add(address, oldPassword),
		)
	}
	require.Equal(t, http.StatusUnprocessableEntity, add(bob, newPassword))
	require.Empty(t, dump(t, s.db, "recovery_addresses"))

	require.Equal(t, http.StatusSeeOther, add(bob, oldPassword))
	token := s.newestToken(t)
	require.Equal(t, http.StatusSeeOther, b.forgot(bob))
	s.logs.wait(t, "password reset skipped")
	require.Equal(t, "/login",
		s.browser(t).post("/recovery-address", "token", token).location(),
		"a stranger proves nothing")
	other := s.browser(t)
	other.register("eve@example.com", oldPassword)
	require.Equal(t, http.StatusBadRequest,
		other.post("/recovery-address", "token", token).status)

	done := b.post("/recovery-address", "token", token)
	require.Equal(t, "/account?recovery", done.location())
	require.Equal(t, http.StatusBadRequest,
		b.post("/recovery-address", "token", token).status, "it works once")
	link := s.tokenFor(t, b, bob)
	remove := func(password string) answer {
		return b.post(
			"/account/recovery/remove", "remove", bob, "current", password,
		)
	}
	require.Equal(t, http.StatusUnprocessableEntity, remove("").status)
	require.Equal(t, http.StatusUnprocessableEntity, remove(newPassword).status)
	require.NotEmpty(t, dump(t, s.db, "recovery_addresses"))
	require.Equal(t, "/account?removed", remove(oldPassword).location())
	require.Equal(t, http.StatusBadRequest, b.confirm(link, newPassword),
		"a link dies with its address")
}

// The other account keeps the same address waiting, and its owner has the link
// of the first one.
func TestLinkOfAnotherAccountProvesNothing(t *testing.T) {
	onEveryEngine(t, testLinkOfAnotherAccountProvesNothing)
}

func testLinkOfAnotherAccountProvesNothing(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	b, other := s.browser(t), s.browser(t)
	b.register(ada, oldPassword)
	other.register("eve@example.com", oldPassword)
	s.prove(t, ada)
	s.prove(t, "eve@example.com")
	b.post("/account/recovery", "recovery", bob, "current", oldPassword)
	token := s.newestToken(t)
	other.post("/account/recovery", "recovery", bob, "current", oldPassword)
	s.newestToken(t)

	require.Equal(t, http.StatusBadRequest,
		other.post("/recovery-address", "token", token).status)
	require.NotContains(t, dump(t, s.db, "recovery_addresses"), "|1|")
	require.NotContains(t, dump(t, s.db, "recovery_addresses"), "|true|")
	require.Equal(t, "/account?recovery",
		b.post("/recovery-address", "token", token).location())
}

func TestFiveRecoveryAddressesAreTheMost(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	b := s.browser(t)
	b.register(ada, oldPassword)
	s.prove(t, ada)
	for _, letter := range "vwxyz" {
		s.proveRecovery(b, string(letter)+"@example.com", oldPassword)
	}
	res := b.post(
		"/account/recovery", "recovery", bob, "current", oldPassword,
	)
	require.Equal(t, http.StatusUnprocessableEntity, res.status)
	require.Contains(t, res.body, "There are five already")
}

// Two accounts get mail at one address. Their names tell the links apart.
func TestLabelTellsAccountsOfOneAddressApart(t *testing.T) {
	onEveryEngine(t, testLabelTellsAccountsOfOneAddressApart)
}

func testLabelTellsAccountsOfOneAddressApart(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	const family = "family@example.com"
	for label, address := range map[string]string{
		"Ada's": ada, "Bob's <b>": bob,
	} {
		b := s.browser(t)
		b.register(address, oldPassword)
		s.prove(t, address)
		named := b.post("/account/label", "label", " "+label+" ")
		require.Equal(t, "/account?named", named.location())
		s.proveRecovery(b, family, oldPassword)
	}

	require.Equal(t, http.StatusSeeOther, s.browser(t).forgot(family))
	s.logs.wait(t, "password reset mailed")
	s.logs.wait(t, "password reset mailed")
	sent := s.inbox.messages()
	last := sent[len(sent)-2].Text + sent[len(sent)-1].Text
	require.Contains(t, last, "Ada's")
	require.Contains(t, last, "Bob's <b>")

	b := s.browser(t)
	b.login(ada, oldPassword)
	for _, label := range []string{
		strings.Repeat("x", 61), "a\nb", "a\x00", "\xff", "\u202Eevil",
	} {
		require.Equal(t, http.StatusUnprocessableEntity,
			b.post("/account/label", "label", label).status, "%q", label)
	}
}

func TestVisitorIsLedToThePlaceThatWasAskedFor(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	b := s.browser(t)
	b.register(ada, oldPassword)
	b.post("/logout")

	target := b.get("/account/totp").location()
	require.Equal(t, "/login?return=second-factor", target)
	page := b.get(target).body
	require.Contains(t, page, `href="/forgot-password?return=second-factor"`)
	res := b.post("/login", "email", ada, "password", oldPassword,
		"return", "second-factor")
	require.Equal(t, "/account/totp", res.location())

	for _, foreign := range []string{"https://evil.example", "//evil", "x"} {
		require.NotContains(t, b.get("/login?return="+foreign).body, "evil")
		res = b.post("/login", "email", ada, "password", oldPassword,
			"return", foreign)
		require.Equal(t, "/account", res.location())
	}

	require.Equal(t, http.StatusSeeOther, b.post("/forgot-password",
		"email", ada, "return", "second-factor").status)
	s.logs.wait(t, "password reset mailed")
	require.Contains(t, s.newestMail(t).Text, "&return=second-factor")
}

// Links whose '#' became "%23" arrive in the path, which is logged when the
// database is away.
func TestTokensOfOwnLinksAreNotLogged(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	b := s.browser(t)
	b.register(ada, oldPassword)
	b.post("/account/verify")
	link := s.newestToken(t)
	require.NoError(t, s.db.Close())

	res := b.get("/verify-address/%23token=" + link)
	require.Equal(t, http.StatusServiceUnavailable, res.status)
	require.Contains(t, s.logs.text(), "request failed")
	require.NotContains(t, s.logs.text(), link)
}
