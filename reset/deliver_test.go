package reset_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

//lostkey:covers 63B-4.2.1.2-2 CWE-640
func TestLookAlikesNeverReachAnybody(t *testing.T) {
	t.Parallel()
	for name, typed := range map[string]string{
		"Kelvin sign": "\u212Aim@example.com",
		"dotless i":   "k\u0131m@example.com", "dotted I": "k\u0130m@example.com",
		"accent":                   "k\u00EDm@example.com",
		"combining accent":         "ki\u0301m@example.com",
		"full-width m":             "ki\uFF4D@example.com",
		"Cyrillic e":               "kim@\u0435xample.com",
		"full-width in the domain": "kim@ex\uFF41mple.com",
		"long s":                   "kim@example.co\u017F",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fx, spy := newSpyFixture(
				t, func(cfg *reset.Config) { cfg.Mail.HintNoAccount = true },
			)
			fx.add(t, reset.User{
				ID:           "20",
				Email:        "kim@example.com",
				PasswordHash: oldHash,
			})

			// A store whose collation takes everything for everything, as some
			// do for most of these.
			spy.findByEmail = func(
				ctx context.Context, _ string,
			) ([]reset.User, error) {
				return spy.Store.FindByEmail(ctx, "kim@example.com")
			}

			fx.request(t, typed)
			fx.drain(t)
			require.Empty(t, fx.outbox.Messages())
			require.Equal(
				t, []string{"address-mismatch"},
				fx.events.reasons(reset.OutcomeSkipped),
			)
		})
	}
}

//lostkey:covers 63B-4.2.1.2-2 CWE-640
func TestMailGoesToTheStoredSpelling(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	fx.add(
		t,
		reset.User{ID: "20", Email: "Kim.B@Example.COM", PasswordHash: oldHash},
	)
	fx.request(t, "kIM.b@eXAMPLE.com")
	fx.drain(t)
	require.Equal(t, []string{"Kim.B@Example.COM"}, fx.to(mail.KindReset))
}

func TestAccountsOnOneAddressEachGetTheirOwnLink(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	for i := range 7 {
		fx.add(t, reset.User{
			ID:           fmt.Sprintf("s%d", i),
			Email:        "shared@example.com",
			PasswordHash: oldHash,
			Disabled:     i == 0,
		})
	}

	fx.request(t, "shared@example.com")
	fx.drain(t)
	mails := fx.outbox.Messages()
	require.Len(t, mails, 5, "one request must not become any number of mails")
	require.ElementsMatch(
		t, []string{"disabled", "too-many-accounts"},
		fx.events.reasons(reset.OutcomeSkipped),
	)

	ids := make(map[string]bool)
	for _, msg := range mails {
		require.False(t, ids[msg.ID], "two mails with one Message-ID")
		ids[msg.ID] = true
	}
	require.NoError(t, fx.confirm(t, mailtest.Token(mails[2])))
	require.NotEqual(t, oldHash, fx.user(t, "s3").PasswordHash)

	for _, id := range []string{"s0", "s1", "s2", "s4", "s5", "s6"} {
		require.Equal(t, oldHash, fx.user(t, id).PasswordHash)
	}
	require.NoError(
		t, fx.confirm(t, mailtest.Token(mails[0])),
		"another account's link is its own",
	)
}

func TestAccountReturnedTwiceIsMailedOnce(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, nil)
	spy.findByEmail = func(context.Context, string) ([]reset.User, error) {
		return []reset.User{ana(), ana(), {}}, nil
	}
	fx.request(t, "ana@example.com")
	fx.drain(t)
	require.Len(t, fx.outbox.Messages(), 1)
	require.Equal(
		t, []string{"bad-user"}, fx.events.reasons(reset.OutcomeSkipped),
	)
}

func TestIdentifiersAreLookedUpAndTheStoredAddressMailed(t *testing.T) {
	t.Parallel()
	byName := func(fx **fixture) func(
		ctx context.Context, name string,
	) ([]reset.User, error) {
		return func(ctx context.Context, name string) ([]reset.User, error) {
			if name != "ana_the_first" {
				return nil, nil
			}
			return (*fx).store.FindByEmail(ctx, "ana@example.com")
		}
	}

	var fx *fixture
	fx = newFixture(t, func(cfg *reset.Config) {
		cfg.Hooks.FindByIdentifier, cfg.Mail.HintNoAccount = byName(&fx), true
	})
	fx.request(t, "ana_the_first")
	fx.request(t, "bob")
	fx.request(t, "ana@example.com")
	require.ErrorIs(
		t, fx.Request(t.Context(), reset.RequestInput{Email: "ana\nbob"}),
		reset.ErrInvalidAddress,
	)
	require.ErrorIs(
		t,
		fx.Request(
			t.Context(), reset.RequestInput{Email: strings.Repeat("x", 255)},
		),
		reset.ErrInvalidAddress,
	)
	require.ErrorIs(
		t, fx.Request(t.Context(), reset.RequestInput{Email: ""}),
		reset.ErrInvalidAddress,
	)

	fx.drain(t)
	require.Equal(
		t, []string{"ana@example.com", "ana@example.com"},
		fx.to(mail.KindReset),
	)
	require.Len(
		t, fx.outbox.Messages(), 2,
		"a user name is no address to mail a hint to",
	)
	require.Empty(t, fx.events.of(reset.OutcomeMailFailed), "nor to try to")

	fx = newFixture(t, nil)
	require.ErrorIs(
		t, fx.Request(t.Context(), reset.RequestInput{Email: "ana_the_first"}),
		reset.ErrInvalidAddress, "only by option",
	)
}

func TestHintsAreOptionalAndHoldNoLink(t *testing.T) {
	t.Parallel()
	for _, on := range []bool{false, true} {
		fx := newFixture(t, func(cfg *reset.Config) {
			cfg.Mail.HintNoAccount, cfg.Mail.HintSignsInElsewhere = on, on
		})
		for _, email := range people(t, fx) {
			fx.request(t, email)
		}
		fx.drain(t)
		require.Equal(t, []string{"ana@example.com"}, fx.to(mail.KindReset))

		if !on {
			require.Len(t, fx.outbox.Messages(), 1)
			continue
		}
		require.Equal(
			t, []string{"nobody@example.com"}, fx.to(mail.KindNoAccount),
		)
		require.ElementsMatch(
			t,
			[]string{
				"sso@example.com", "locked@example.com", "shadow@example.com",
			},
			fx.to(mail.KindSignsInElsewhere),
		)
		require.Len(t, fx.events.of(reset.OutcomeHinted), 4)
		require.Len(
			t, fx.outbox.Messages(), 5, "disabled accounts are sent nothing",
		)

		for _, msg := range fx.outbox.Messages() {
			if msg.Kind != mail.KindReset {
				require.NotContains(t, msg.Text+msg.HTML, "token=")
			}
		}
	}
}

func TestRequestInputLocaleCannotBeAbused(t *testing.T) {
	t.Parallel()
	var queued []reset.Job
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Queue.Dispatch = func(_ context.Context, job reset.Job) error {
			queued = append(queued, job)
			return nil
		}
	})

	for _, locale := range []string{
		"pt-BR", "", "../../etc", "en\r\nX: y", strings.Repeat("a", 36),
		"e\u0301",
	} {
		require.NoError(t, fx.Request(
			t.Context(),
			reset.RequestInput{Email: "ana@example.com", Locale: locale},
		))
	}

	var got []string
	for _, job := range queued {
		got = append(got, job.Locale)
	}
	require.Equal(t, []string{"pt-BR", "", "", "", "", ""}, got)
}

func TestLocaleOfTheAccountComesFirst(t *testing.T) {
	t.Parallel()
	var asked []string
	renderer := rendererFunc(func(data mail.Data) (mail.Message, error) {
		asked = append(asked, data.Locale)
		return mail.Message{Subject: "s", Text: "t " + data.Link}, nil
	})
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Mail.Renderer, cfg.Queue.Synchronous = renderer, true
	})
	fx.add(t, reset.User{
		ID:           "30",
		Email:        "es@example.com",
		PasswordHash: oldHash,
		Locale:       "es",
	})

	asked = nil
	for _, email := range []string{"es@example.com", "ana@example.com"} {
		require.NoError(t, fx.Request(
			t.Context(), reset.RequestInput{Email: email, Locale: "pt-BR"},
		))
	}
	require.Equal(t, []string{"es,pt-BR", "pt-BR"}, asked)
}

// A mail that cannot be made is not sent, and is no mail of the account's five.
func TestMailThatCannotBeMadeIsNotCharged(t *testing.T) {
	t.Parallel()
	broken, limits := false, &ledger{}
	renderer := rendererFunc(func(data mail.Data) (mail.Message, error) {
		if broken {
			return mail.Message{}, errors.New("template")
		}
		return mail.Message{Subject: "s", Text: data.Link}, nil
	})
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Mail.Renderer, cfg.Queue.Synchronous = renderer, true
		cfg.Limits = reset.Limits{Account: limits}
	})

	broken = true
	fx.request(t, "ana@example.com")
	require.Len(t, fx.events.of(reset.OutcomeMailFailed), 1)
	require.Equal(t, []string{
		"allow account", "allow account", "refund account",
	}, limits.calls)
}

type rendererFunc func(data mail.Data) (mail.Message, error)

func (f rendererFunc) Render(
	data mail.Data,
) (mail.Message, error) {
	return f(data)
}

// Where the unique index is on the address as it is spelled, anybody can
// register further spellings, and a store may list them first.
func TestCaseVariantsDoNotKeepTheOwnerFromMail(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, nil)
	var found []reset.User
	for i, spelling := range []string{"Ana", "aNa", "anA", "ANa", "AnA"} {
		found = append(found, reset.User{
			ID:           fmt.Sprint("v", i),
			Email:        spelling + "@example.com",
			PasswordHash: oldHash,
		})
	}
	lookAlike := reset.User{
		ID:           "l",
		Email:        "\u0430na@example.com",
		PasswordHash: oldHash,
	}
	found = append(found, lookAlike, ana())
	spy.findByEmail = func(context.Context, string) ([]reset.User, error) {
		return found, nil
	}

	fx.request(t, "ana@example.com")
	fx.drain(t)
	require.Equal(t, []string{
		"ana@example.com", "Ana@example.com", "aNa@example.com",
		"anA@example.com", "ANa@example.com",
	}, fx.to(mail.KindReset))
	require.Equal(t, []string{"too-many-accounts", "address-mismatch"},
		fx.events.reasons(reset.OutcomeSkipped))
	require.Equal(
		t, "Ana@example.com", found[0].Email,
		"the store's own slice is left as it is",
	)
}
