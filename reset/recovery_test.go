package reset_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

const (
	home = "Ana@Home.example"
	work = "ana@work.example"
)

// newRecoveryFixture gives ana two more addresses.
func newRecoveryFixture(
	t *testing.T, change func(cfg *reset.Config),
) *fixture {
	t.Helper()
	fx := newFixture(t, change)
	fx.setRecovery(t, home, work)
	return fx
}

func (fx *fixture) setRecovery(t *testing.T, addrs ...string) {
	t.Helper()
	require.NoError(t, fx.store.Update("7", func(user *reset.User) {
		user.Recovery = addrs
	}))
}

// mailed requests a link and returns it with its recipient.
func (fx *fixture) mailed(t *testing.T, typed string) (raw, to string) {
	t.Helper()
	before := len(fx.outbox.Messages())
	fx.request(t, typed)
	mails, err := fx.outbox.Wait(t.Context(), before+1)
	require.NoError(t, err)
	require.Len(t, mails, before+1)
	return mailtest.Token(mails[before]), mails[before].To
}

func TestALinkGoesToTheStoredSpellingOfTheTypedAddress(t *testing.T) {
	t.Parallel()
	var done reset.Confirmation
	for typed, to := range map[string]string{
		"ana@example.com":  "ana@example.com",
		"ana@home.example": home, "ANA@HOME.EXAMPLE": home, home: home,
		"Ana@Work.Example": work,
	} {
		fx := newRecoveryFixture(t, func(cfg *reset.Config) {
			cfg.Hooks.OnConfirmed = []func(
				context.Context, reset.Confirmation,
			) error{func(_ context.Context, c reset.Confirmation) error {
				done = c
				return nil
			}}
		})
		raw, went := fx.mailed(t, typed)
		require.Equal(t, to, went)

		checked, err := fx.Check(t.Context(), reset.CheckInput{Token: raw})
		require.NoError(t, err)
		require.Equal(t, "ana@example.com", checked.Email)
		require.NoError(t, fx.confirm(t, raw))
		require.Equal(t, to, done.Email, "the address is proven")
		require.ErrorIs(t, fx.confirm(t, raw), reset.ErrRejected)

		fx.drain(t)
		notices := fx.to(mail.KindPasswordChanged)
		slices.Sort(notices)
		require.Equal(
			t, []string{home, "ana@example.com", work}, notices,
			"a notice to each address",
		)
	}
}

func TestLookAlikesOfARecoveryAddressGetNothing(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, nil)
	fx.setRecovery(t, "kim.fiss@example.com")
	spy.findByEmail = func(context.Context, string) ([]reset.User, error) {
		return []reset.User{fx.user(t, "7")}, nil // a collation that is wide
	}

	for _, typed := range []string{
		"\u212Aim.fiss@example.com", "k\u0131m.fiss@example.com",
		"kim.fi\u017Fs@example.com", "bo@example.com",
	} {
		fx.request(t, typed)
	}
	fx.drain(t)
	require.Empty(t, fx.outbox.Messages())
	require.Equal(
		t, []string{
			"address-mismatch", "address-mismatch", "address-mismatch",
			"address-mismatch",
		},
		fx.events.reasons(reset.OutcomeSkipped),
	)
}

// What happens to the addresses between the link and its use, and what becomes
// of a link to each of them.
//
//lostkey:covers ASVS-6.6.2 63B-4.2.1.2-2
func TestALinkDiesWithTheAddressItWentTo(t *testing.T) {
	t.Parallel()
	type links struct{ main, home bool }
	for name, row := range map[string]struct {
		change func(user *reset.User)
		good   links
	}{
		"nothing": {func(*reset.User) {}, links{true, true}},
		"removed": {func(u *reset.User) {
			u.Recovery = []string{work}
		}, links{true, false}},
		"all removed": {func(u *reset.User) {
			u.Recovery = nil
		}, links{true, false}},
		"another order": {func(u *reset.User) {
			u.Recovery = []string{work, home}
		}, links{true, true}},
		"one more": {func(u *reset.User) {
			u.Recovery = append(u.Recovery, "new@example.com")
		}, links{true, true}},
		"another spelling": {func(u *reset.User) {
			u.Recovery = []string{strings.ToLower(home), work}
		}, links{true, false}},
		"the main one changed": {func(u *reset.User) {
			u.Email = "new@example.com"
		}, links{false, true}},
		"the main one removed": {func(u *reset.User) {
			u.Email = ""
		}, links{false, true}},
		"swapped": {func(u *reset.User) {
			u.Email, u.Recovery = home, []string{"ana@example.com"}
		}, links{true, true}},
		"the password changed": {func(u *reset.User) {
			u.PasswordHash += "x"
		}, links{}},
		"the stamp changed": {func(u *reset.User) { u.Stamp = "2" }, links{}},
		"disabled":          {func(u *reset.User) { u.Disabled = true }, links{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fx := newRecoveryFixture(t, nil)
			main, _ := fx.mailed(t, "ana@example.com")
			other, _ := fx.mailed(t, home)
			require.NoError(t, fx.store.Update("7", row.change))

			for raw, good := range map[string]bool{
				main: row.good.main, other: row.good.home,
			} {
				_, err := fx.Check(t.Context(), reset.CheckInput{Token: raw})
				if good {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, reset.ErrRejected)
					require.ErrorIs(t, fx.confirm(t, raw), reset.ErrRejected)
				}
			}
		})
	}
}

// A link for an account without an address is bound to none. An empty entry
// must not bring it back.
func TestAnEmptyRecoveryAddressIsNoAddress(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	require.NoError(t, fx.store.Update("7", func(user *reset.User) {
		user.Email = ""
	}))
	raw := fx.link(t, "7")
	require.NoError(t, fx.store.Update("7", func(user *reset.User) {
		user.Email, user.Recovery = "ana@example.com", []string{"", "x"}
	}))
	require.ErrorIs(t, fx.confirm(t, raw), reset.ErrRejected)
}

func TestAnAddressRemovedBeforeTheWriteRefusesIt(t *testing.T) {
	t.Parallel()
	var fx *fixture
	fx = newRecoveryFixture(t, func(cfg *reset.Config) {
		cfg.Hooks.BeforeConfirm = func(context.Context, reset.Pending) error {
			fx.setRecovery(t, work)
			return nil
		}
	})
	raw, _ := fx.mailed(t, home)
	require.ErrorIs(t, fx.confirm(t, raw), reset.ErrRejected)
	require.Equal(t, oldHash, fx.user(t, "7").PasswordHash)
	require.Len(t, fx.events.of(reset.OutcomeLostRace), 1)
}

func TestALinkToARecoveryAddressReadsTheAccountOnce(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, nil)
	fx.setRecovery(t, home, work)
	raw, _ := fx.mailed(t, work)
	reads := 0
	spy.findByID = func(ctx context.Context, id string) (reset.User, error) {
		reads++
		return spy.Store.FindByID(ctx, id)
	}
	_, err := fx.Check(t.Context(), reset.CheckInput{Token: raw})
	require.NoError(t, err)
	require.Equal(t, 1, reads)
}

// Each row is a list that no application should have stored.
func TestOddListsOfRecoveryAddresses(t *testing.T) {
	t.Parallel()
	var six []string
	for n := range 6 {
		six = append(six, fmt.Sprintf("ana%d@example.com", n))
	}
	for name, row := range map[string]struct {
		addrs   []string
		refused bool
		notices int
	}{
		"five":        {six[:5], false, 6},
		"six":         {six, true, 0},
		"a thousand":  {slices.Repeat(six, 170), true, 0},
		"repeated":    {[]string{home, home}, false, 2},
		"the main":    {[]string{"ana@example.com"}, false, 1},
		"no address":  {[]string{"", " ", "ana", "a@b\r\nBcc: c@d.example"}, false, 1},
		"huge":        {[]string{strings.Repeat("a", 1<<20) + "@example.com"}, false, 1},
		"two spelled": {[]string{home, strings.ToLower(home)}, false, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fx := newFixture(t, nil)
			raw := fx.link(t, "7")
			fx.setRecovery(t, row.addrs...)
			fx.request(t, "ana@example.com")
			_, checkErr := fx.Check(t.Context(), reset.CheckInput{Token: raw})
			_, linkErr := fx.Link(t.Context(), "7", reset.LinkOptions{})
			err := fx.confirm(t, raw)
			fx.drain(t)

			if !row.refused {
				require.NoError(t, errors.Join(checkErr, linkErr, err))
				require.Len(t, fx.to(mail.KindPasswordChanged), row.notices)
				return
			}
			for _, err := range []error{checkErr, linkErr, err} {
				require.ErrorContains(t, err, "recovery addresses")
				require.NotErrorIs(t, err, reset.ErrRejected)
			}
			require.Empty(t, fx.outbox.Messages())
			for _, outcome := range []reset.Outcome{
				reset.OutcomeSkipped, reset.OutcomeConfirmFailed,
				reset.OutcomeCheckFailed,
			} {
				require.Equal(
					t, []string{"bad-user"}, fx.events.reasons(outcome),
				)
			}
		})
	}
}

//lostkey:covers 63B-4.6
func TestANoticeThatFailsIsRepeatedToThatAddressAlone(t *testing.T) {
	t.Parallel()
	for _, engine := range []bool{false, true} {
		var jobs []reset.Job
		failed := false
		fx := newRecoveryFixture(t, func(cfg *reset.Config) {
			outbox := cfg.Mailer
			cfg.Mailer = mail.MailerFunc(func(
				ctx context.Context, msg mail.Message,
			) error {
				if msg.To == home && !failed {
					failed = true
					return &mail.SendError{
						Verdict: mail.VerdictTemporary,
						Err:     errors.New("not now, " + home),
					}
				}
				return outbox.Send(ctx, msg)
			})
			if engine {
				cfg.Queue.Dispatch = func(
					_ context.Context, job reset.Job,
				) error {
					jobs = append(jobs, job)
					return nil
				}
			}
		})
		require.NoError(t, fx.confirm(t, fx.link(t, "7")))
		for len(jobs) > 0 {
			text, err := json.Marshal(jobs[0])
			require.NoError(t, err)
			var job reset.Job
			require.NoError(t, json.Unmarshal(text, &job))
			require.NoError(t, fx.Process(t.Context(), job))
			jobs = jobs[1:]
		}
		fx.drain(t)

		to := fx.to(mail.KindPasswordChanged)
		require.Len(t, to, 3, "engine: %t", engine)
		require.ElementsMatch(t, []string{"ana@example.com", home, work}, to)
		ids := make(map[string]bool)
		for _, msg := range fx.outbox.Messages() {
			ids[msg.ID] = true
		}
		require.Len(t, ids, 3, "each is a message of its own")
		require.NotContains(
			t, fx.events.of(reset.OutcomeMailDelayed)[0].Err.Error(), "Home",
		)
	}
}

func TestAccountsAreFoundInTheOrderOfTheirLikeness(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, nil)
	require.NoError(t, fx.store.Delete("7"))
	user := func(id, email string, recovery ...string) reset.User {
		return reset.User{
			ID: id, Email: email, Recovery: recovery, PasswordHash: oldHash,
		}
	}
	spy.findByEmail = func(context.Context, string) ([]reset.User, error) {
		return []reset.User{
			user("6", "x@example.com"),
			user("5", "y@example.com", "ANA@example.com"),
			user("4", "Ana@example.com"),
			user("3", "aNa@example.com"),
			user("2", "z@example.com", "ana@example.com"),
			user("1", "ana@example.com"),
		}, nil
	}
	fx.request(t, "ana@example.com")
	fx.drain(t)

	var ids []string
	for _, ev := range fx.events.of(reset.OutcomeMailed) {
		ids = append(ids, ev.UserID)
	}
	require.Equal(t, []string{"1", "2", "4", "3", "5"}, ids)
	require.Equal(t, []string{
		"ana@example.com", "ana@example.com", "Ana@example.com",
		"aNa@example.com", "ANA@example.com",
	}, fx.to(mail.KindReset))
}

func TestThePolicyHearsOfAllAddresses(t *testing.T) {
	t.Parallel()
	var heard []string
	fx := newRecoveryFixture(t, func(cfg *reset.Config) {
		cfg.Policy = policyFunc(
			func(_ context.Context, _ string, words []string) error {
				heard = words
				return nil
			},
		)
	})
	require.NoError(t, fx.confirm(t, fx.link(t, "7")))
	require.Subset(t, heard, []string{"ana@example.com", home, work, "Ana"})
}
