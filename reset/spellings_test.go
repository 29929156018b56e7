package reset_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/ratelimit"
	"github.com/stretchr/testify/require"
)

// byLooseName is a look-up whose collation takes every spelling of ana's name.
func byLooseName(context.Context, string) ([]reset.User, error) {
	return []reset.User{ana()}, nil
}

// spelling is the n-th of the ways to write one name.
func spelling(n int) string {
	name := []rune("anastasia-the-first")
	for i := range name {
		if n>>i&1 == 1 {
			name[i] = []rune(strings.ToUpper(string(name[i])))[0] + 0x100
		}
	}
	return string(name)
}

func TestSpellingsOfOneNameShareTheAccountsLimit(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		account reset.Limiter
		pause   time.Duration
		most    int
	}{
		"at once": {nil, 0, 1},
		// 5 and one each 12 minutes
		"over an hour": {nil, 10 * time.Second, 9},
		"limiter that takes nothing back": {
			limiterFunc(new(keyLog).Allow), 10 * time.Second, 9,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var queue engine
			fx := newFixture(t, func(cfg *reset.Config) {
				cfg.Limits = reset.Limits{Account: test.account}
				cfg.Hooks.FindByIdentifier = byLooseName
				cfg.Queue.Dispatch = queue.dispatch
			})
			for n := range 350 {
				require.NoError(t, fx.ask(t, spelling(n), ""))
				require.Empty(t, queue.run(t, fx.Service))
				fx.clock.advance(test.pause)
			}
			fx.drain(t)
			t.Logf(
				"350 spellings, %d mails to one person",
				len(fx.outbox.Messages()),
			)
			require.Len(t, fx.to(mail.KindReset), test.most)
			require.Len(t, fx.events.of(reset.OutcomeRequested), 350)

			skipped := fx.events.of(reset.OutcomeSkipped)
			require.Len(t, skipped, 350-test.most)
			require.Equal(t, reset.Reason("throttled"), skipped[0].Reason)
			require.Equal(t, "7", skipped[0].UserID)
			require.NotEmpty(t, skipped[0].RequestID)
		})
	}
}

func TestNameAndAddressShareTheAccountsLimit(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Limits, cfg.Queue.Synchronous = reset.Limits{}, true
		cfg.Hooks.FindByIdentifier = byLooseName
	})
	require.NoError(t, fx.ask(t, "ana@example.com", ""))
	require.NoError(t, fx.ask(t, "ana_the_first", ""))
	require.Len(t, fx.outbox.Messages(), 1)
	fx.clock.advance(time.Minute)
	require.NoError(t, fx.ask(t, "ana_the_first", ""))
	require.Len(t, fx.outbox.Messages(), 2)
}

// Each of several accounts has a limit of its own, and so has an account whose
// id is what somebody else types.
func TestAccountsLimitIsByAccount(t *testing.T) {
	t.Parallel()
	var books ledger
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Limits, cfg.Queue.Synchronous = books.limits(), true
		cfg.Hooks.FindByIdentifier = byLooseName
	})
	for i := range 3 {
		fx.add(t, reset.User{
			ID:           fmt.Sprintf("s%d", i),
			Email:        "shared@example.com",
			PasswordHash: oldHash,
		})
	}
	require.NoError(t, fx.ask(t, "shared@example.com", ""))
	require.Len(t, fx.outbox.Messages(), 3)
	require.Equal(t, map[string]int{"global": 1, "account": 4}, books.balance())

	books = ledger{}
	require.NoError(t, fx.ask(t, "7", ""))
	require.Len(
		t, books.charged, 3,
		"global, what was typed, and the id, though they are one text",
	)

	for key := range books.charged {
		require.NotContains(t, key, "7:")
	}
}

func TestRetryInThisProcessIsNotThrottledByItsFirstAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t, func(cfg *reset.Config) {
			cfg.Now, cfg.Limits = time.Now, reset.Limits{}
		})
		failures := 4
		fx.outbox.Fail(func(msg mail.Message) error {
			if failures--; failures >= 0 {
				return temporary(msg)
			}
			return nil
		})

		fx.request(t, "ana@example.com")
		_, err := fx.outbox.Wait(t.Context(), 1)
		require.NoError(t, err)

		fx.drain(t)
		require.Len(t, fx.events.of(reset.OutcomeMailDelayed), 4)
		require.Empty(t, fx.events.of(reset.OutcomeSkipped))
	})
}

func TestRetryByAnEngineIsNotThrottledByItsFirstAttempt(t *testing.T) {
	t.Parallel()
	for name, account := range map[string]reset.Limiter{
		"the default limiter":        nil,
		"a limiter without a refund": limiterFunc(new(keyLog).Allow),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var queue engine
			fx := newFixture(t, func(cfg *reset.Config) {
				cfg.Limits = reset.Limits{Account: account}
				cfg.Queue.Dispatch = queue.dispatch
			})
			fx.request(t, "ana@example.com")
			fx.outbox.Fail(temporary)
			for range 3 {
				require.Len(t, queue.run(t, fx.Service), 1)
			}

			fx.outbox.Fail(nil)
			require.Empty(t, queue.run(t, fx.Service))
			require.Len(t, fx.outbox.Messages(), 1)
			require.Empty(t, fx.events.of(reset.OutcomeSkipped))
		})
	}
}

func TestAttemptNobodyCanTellOfIsRepeatedWithinTheLimit(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Limits, cfg.Queue.Synchronous = reset.Limits{}, true
	})
	attempts := 0
	fx.outbox.Fail(func(mail.Message) error {
		if attempts++; attempts == 1 {
			return errLost
		}
		return nil
	})

	fx.request(t, "ana@example.com")
	require.Equal(t, 2, attempts)
	require.Len(t, fx.outbox.Messages(), 1)
}

func TestMailIsChargedOnceForItsAccount(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fail func(mail.Message) error
		want int
	}{
		"sent": {nil, 2},
		"refused for good": {func(mail.Message) error {
			return &mail.SendError{Verdict: mail.VerdictPermanent, Err: errLost}
		}, 1},
		"failed for now": {temporary, 1},
		"perhaps sent, at last": {func(mail.Message) error {
			return errors.New("connection lost after DATA")
		}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var books ledger
			fx := newFixture(t, func(cfg *reset.Config) {
				cfg.Limits, cfg.Queue.Synchronous = books.limits(), true
			})

			fx.outbox.Fail(test.fail)
			fx.request(t, "ana@example.com")
			require.Equal(
				t, test.want, books.balance()["account"],
				"what was typed, and what was mailed",
			)
		})
	}
}

// Hints are mail to the account too; invitations and notices are nobody's to
// ask for, and are not charged.
func TestWhichMailsAreChargedToTheAccount(t *testing.T) {
	t.Parallel()
	var books ledger
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Limits, cfg.Queue.Synchronous = books.limits(), true
		cfg.Mail.HintNoAccount, cfg.Mail.HintSignsInElsewhere = true, true
	})
	fx.add(t, reset.User{ID: "9", Email: "sso@example.com"})
	require.NoError(t, fx.Invite(t.Context(), reset.SendInput{UserID: "9"}))
	require.NoError(t, fx.confirm(t, fx.link(t, "7")))
	require.Len(t, fx.outbox.Messages(), 2)
	require.Zero(t, books.balance()["account"])

	fx.request(t, "sso@example.com")
	require.Len(t, fx.to(mail.KindSignsInElsewhere), 1)
	require.Equal(t, 2, books.balance()["account"])

	fx.request(t, "nobody@example.com")
	require.Len(t, fx.to(mail.KindNoAccount), 1)
	require.Equal(t, 3, books.balance()["account"], "nobody's id is charged")
}

// The worker's charge is under the same rates as the request's, so that whoever
// keeps to the limit gets every mail.
func TestWhoKeepsToTheLimitGetsEveryMail(t *testing.T) {
	t.Parallel()
	account, err := ratelimit.New(
		ratelimit.Config{Burst: 1, Every: time.Minute, Now: time.Now},
	)
	require.NoError(t, err)
	_, isRefunder := any(account).(reset.Refunder)
	require.True(t, isRefunder)

	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Limits, cfg.Queue.Synchronous = reset.Limits{}, true
	})
	for range 20 {
		fx.request(t, "ana@example.com")
		fx.clock.advance(12 * time.Minute)
	}
	require.Len(t, fx.outbox.Messages(), 20)
}
