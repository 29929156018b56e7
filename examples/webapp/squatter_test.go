package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// Somebody opens an account on Ada's address before she does. What is set up
// there must neither keep her out, nor let a stranger in once the account is
// hers, nor write into her mail.
func TestAccountOnAStrangersAddressIsNoTrap(t *testing.T) {
	onEveryEngine(t, testAccountOnAStrangersAddressIsNoTrap)
}

func testAccountOnAStrangersAddressIsNoTrap(t *testing.T, e engine) {
	const mallory = "mallory@evil.example"
	s := e.startSite(t, nil)
	thief := s.browser(t)
	thief.register(ada, oldPassword)

	for path, form := range map[string][]string{
		"/account/label":      {"label", "call 0900 evil"},
		"/account/recovery":   {"recovery", mallory, "current", oldPassword},
		"/account/totp/start": {"current", oldPassword},
	} {
		require.Equal(
			t, http.StatusUnprocessableEntity,
			thief.post(path, form...).status, path,
		)
	}
	require.Equal(t, "/account/totp",
		thief.post("/account/totp/confirm", "code", "000000").location())
	require.Empty(t, s.inbox.messages())

	b := s.browser(t)
	link := s.askForLink(b, ada)
	require.NotContains(t, s.newestMail(t).Text, "evil")
	require.Equal(t, http.StatusSeeOther, b.confirm(link, newPassword))
	require.Equal(t, "/account", b.login(ada, newPassword).location())
	require.False(t, thief.signedIn())
	s.proveRecovery(b, bob, newPassword)
}

// A stranger who guesses passwords for an address must not keep its owner, who
// is signed in, from changing the password.
func TestGuessingLeavesTheOwnersFormsAlone(t *testing.T) {
	t.Parallel()
	s := startSite(t, func(o *options) { o.limits = true })
	b := s.browser(t)
	b.register(ada, oldPassword)
	for range 9 {
		require.Equal(
			t, http.StatusUnauthorized, b.login(ada, newPassword).status,
		)
	}
	require.Equal(
		t, http.StatusTooManyRequests, b.login(ada, newPassword).status,
	)
	require.Equal(t, "/account?changed", b.post(
		"/account/password", "current", oldPassword, "password", newPassword,
	).location())
}

// The address of an account may be a stranger's, who must not be buried under
// mail.
func TestFormsOfAnAccountBuryNobodyUnderMail(t *testing.T) {
	t.Parallel()
	for path, form := range map[string][]string{
		"/account/verify": nil,
		"/account/recovery": {
			"recovery", bob, "current", oldPassword,
		},
		"/account/password": {
			"current", oldPassword, "password", oldPassword,
		},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			s := startSite(t, func(o *options) { o.limits = true })
			b := s.browser(t)
			b.register(ada, oldPassword)
			s.prove(t, ada)

			done, refused := 0, 0
			for range 9 {
				if b.post(path, form...).status == http.StatusSeeOther {
					done++
				} else {
					refused++
				}
			}
			require.Equal(t, 5, done)
			require.Equal(t, 4, refused)
		})
	}
}
