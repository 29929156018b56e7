package reset_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

const (
	secretRecovery   = "Canary.Recovery@Example.org"
	secretNew        = "Canary.New@Example.net"
	secretStamp      = "canary stamp 4711"
	secretLabel      = "Canary's bakery"
	secretProof      = "canary proof 492039"
	secretIdentifier = "canary user name"
	secretReturnTo   = "canary-return-to"
)

// secretUser has a secret in every field that may hold one.
func secretUser() reset.User {
	return reset.User{
		ID: "c", Email: secretAddress, Recovery: []string{secretRecovery},
		PasswordHash: oldHash, Stamp: secretStamp, Label: secretLabel,
	}
}

// quoteUser fails with all of an account, as a driver that prints rows does.
func (f *faults) quoteUser(at string, args ...any) error {
	u := secretUser()
	return f.quote(
		at, append(args, u.Email, u.Recovery, u.PasswordHash, u.Stamp, u.Label)...,
	)
}

// plantHooks lets every hook fail, and see what it is given.
func (f *faults) plantHooks(cfg *reset.Config, seen *canaries) {
	cfg.Sessions = reset.EndSessionsWith(func(context.Context, string) error {
		return f.quoteUser("sessions")
	})
	cfg.Policy = policyFunc(
		func(_ context.Context, password string, words []string) error {
			return f.quote("policy", password, words)
		},
	)
	cfg.Hooks = reset.Hooks{
		FindByIdentifier: func(
			_ context.Context, typed string,
		) ([]reset.User, error) {
			return []reset.User{secretUser()}, f.quote("identifier", typed)
		},
		Eligible: func(_ context.Context, user reset.User) (bool, error) {
			seen.see(user, &user)
			return true, f.quoteUser("eligible")
		},
		BeforeConfirm: func(_ context.Context, pending reset.Pending) error {
			seen.see(pending, &pending)
			err := f.quoteUser("refusal", pending.Proof)
			if err != nil {
				return fmt.Errorf("%w: %w", reset.ErrProofRefused, err)
			}
			return f.quoteUser("proof", pending.Proof, pending.Label)
		},
		ProofKind: func(
			_ context.Context, pending reset.Pending,
		) (string, error) {
			seen.see(pending)
			return "totp", f.quoteUser("kind", pending.Label)
		},

		OnConfirmed: []func(context.Context, reset.Confirmation) error{
			func(_ context.Context, done reset.Confirmation) error {
				seen.see(done, &done)
				return f.quoteUser("confirmed", done.Email)
			},
		},
		OnDisputed: func(_ context.Context, what reset.Dispute) error {
			seen.see(what)
			return f.quoteUser("disputed")
		},
	}

	of := cfg.Pages.Purposes[verifyEmail]
	of.State = func(_ context.Context, user reset.User) (string, error) {
		seen.see(user)
		return "", f.quoteUser("state")
	}
	cfg.Pages.Purposes[verifyEmail] = of
}

// Every hook quotes everything that it was given, in an error and in a panic.
func TestNoSecretIsSeenThroughAHook(t *testing.T) {
	t.Parallel()
	seen := &canaries{secret: make(map[string]string)}
	for name, secret := range map[string]string{
		"the address": secretAddress, "the recovery address": secretRecovery,
		"the new address": secretNew, "the hash": oldHash,
		"the stamp": secretStamp, "the label": secretLabel,
		"the proof": secretProof, "the user name": secretIdentifier,
		"the place": secretReturnTo, "the password": secretPassword,
	} {
		seen.hide(name, secret)
	}

	var broken faults
	var logged lockedBuffer
	logger := slog.New(slog.NewTextHandler(&logged, nil))
	fx := newFixture(t, func(cfg *reset.Config) {
		withPurposes(t, cfg)
		cfg.Events = reset.Sinks{cfg.Events, seen, reset.SlogSink(logger)}
		cfg.Queue.Synchronous = true // each fault must meet its own step
		broken.plantHooks(cfg, seen)
	})
	fx.add(t, secretUser())

	for _, fault := range []string{
		"", "identifier", "eligible", "refusal", "proof", "kind", "policy",
		"sessions", "confirmed", "disputed", "state", "apply",
	} {
		for _, suffix := range []string{"", " by panic"} {
			if fault == "policy" && suffix != "" {
				continue // the visitor's goroutine, where net/http recovers.
			}
			allStepsWithFault(t, fx, seen, &broken, fault+suffix)
		}
	}

	text := logged.String()
	for _, outcome := range []reset.Outcome{
		reset.OutcomeMailFailed, reset.OutcomeCheckFailed,
		reset.OutcomeConfirmFailed, reset.OutcomeProofRefused,
		reset.OutcomeSessionsFailed, reset.OutcomeHookFailed,
		reset.OutcomeDisputeFailed, reset.OutcomeRedeemFailed,
	} {
		require.Contains(t, text, string(outcome))
	}
	require.Contains(t, text, "[redacted]")
	seen.check(t, text)
}

// allStepsWithFault takes every step there is, with good links, while one hook
// fails. Then the account is as before.
func allStepsWithFault(
	t *testing.T, fx *fixture, seen *canaries, broken *faults, fault string,
) {
	t.Helper()
	broken.set("")
	link, err := fx.Link(t.Context(), "c", reset.LinkOptions{
		ReturnTo: secretReturnTo,
	})
	require.NoError(t, err)
	sent := reset.SendInput{UserID: "c", ReturnTo: secretReturnTo}
	require.NoError(t, fx.SendPurpose(t.Context(), verifyEmail, sent))
	require.NoError(t, fx.SendPurposeTo(t.Context(), changeEmail, secretNew, sent))
	require.NoError(t, fx.NotifyChanged(
		t.Context(), reset.NotifyInput{UserID: "c"},
	))
	tokens := map[mail.Kind]string{mail.KindReset: rawOf(link)}
	for _, msg := range fx.outbox.Messages() {
		if tokens[msg.Kind] = mailtest.Token(msg); disputeLink(msg) != "" {
			tokens[msg.Kind] = disputeLink(msg)
		}
	}
	for kind, raw := range tokens {
		seen.hide(fmt.Sprint("link ", kind, fault), raw)
	}

	broken.set(fault)
	for _, typed := range []string{
		secretAddress, secretRecovery, secretIdentifier,
	} {
		in := reset.RequestInput{Email: typed, ReturnTo: secretReturnTo}
		seen.see(in, fx.Request(t.Context(), in))
	}
	in := reset.ConfirmInput{
		Token: rawOf(link), Password: secretPassword, Proof: secretProof,
	}
	check := reset.CheckInput{Token: tokens[mail.KindPasswordChanged]}
	result, err := fx.CheckDispute(t.Context(), check)
	result.Label = "" // it is for the page.
	seen.see(result, err, fx.Dispute(t.Context(), check))

	for purpose, to := range map[token.Purpose]string{
		verifyEmail: "", changeEmail: secretNew,
	} {
		in := reset.RedeemInput{Token: tokens[mail.Kind(purpose)], To: to}
		seen.see(in, fx.Redeem(
			t.Context(), purpose, in, func(context.Context, reset.User) error {
				return broken.quoteUser("apply", in.Token, in.To)
			},
		))
	}
	seen.see(fx.SendReset(t.Context(), sent), fx.SendPurpose(
		t.Context(), verifyEmail, sent,
	), fx.check(t, in.Token), fx.Confirm(t.Context(), in))

	fx.clock.advance(time.Hour)
	require.NoError(t, fx.store.Update("c", func(user *reset.User) {
		seen.hide("new hash "+fault, user.PasswordHash)
		*user = secretUser()
	}))
}

// What is removed from an error is removed whole, also where another secret is
// a part of it.
func TestAShortSecretKeepsNoLongOneFromBeingRemoved(t *testing.T) {
	t.Parallel()
	raw := ""
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Queue.Synchronous = true
		cfg.Mailer = mail.MailerFunc(
			func(_ context.Context, msg mail.Message) error {
				raw = mailtest.Token(msg)
				return fmt.Errorf("550 %s %s", msg.To, msg.Text)
			},
		)
	})
	require.NoError(t, fx.store.Update("7", func(user *reset.User) {
		user.Label, user.Stamp = "eyJ", "example"
	}))
	fx.request(t, "ana@example.com")

	failed := fx.events.of(reset.OutcomeMailFailed)[0].Err.Error()
	require.NotContains(t, failed, raw[len(raw)-20:])
	require.NotContains(t, failed, "ana@")
}
