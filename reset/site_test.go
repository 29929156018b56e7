package reset_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

// A tenant is one site of three, with what it alone has.
type tenant struct {
	*reset.Service
	name, url, host, from, product, support string

	store  *memstore.Store
	outbox *mailtest.Recorder
	ended  *endedSessions
}

// endedSessions are the ids of accounts whose sessions one site has ended.
type endedSessions struct {
	mu  sync.Mutex
	ids []string
}

func (e *endedSessions) end(_ context.Context, userID string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ids = append(e.ids, userID)
	return nil
}

func (e *endedSessions) all() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.ids)
}

// newTenants makes a service and two sites of it. Each has one account of the
// same id, address and hash. Where shared is set, it is the same row.
func newTenants(
	t *testing.T, shared bool, change func(cfg *reset.Config),
) (*fixture, []*tenant) {
	t.Helper()
	first := newTenant("", "app.example")
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Site, cfg.From, cfg.Mailer = first.url, first.from, first.outbox
		cfg.Mail.Product, cfg.Mail.Support = first.product, first.support
		cfg.Sessions = reset.EndSessionsWith(first.ended.end)
		if change != nil {
			change(cfg)
		}
	})
	first.Service, first.store = fx.Service, fx.store

	all := []*tenant{
		first, newTenant("b", "b.example"), newTenant("c", "c.example"),
	}
	for _, tt := range all[1:] {
		tt.store = fx.store
		if !shared {
			tt.store = memstore.New()
			require.NoError(t, tt.store.Add(ana()))
		}
		tt.join(t, fx.Service, shared)
	}
	return fx, all
}

func newTenant(name, host string) *tenant {
	return &tenant{
		name: name, host: host, url: "https://" + host,
		from:    "The " + host + " team <no-reply@" + host + ">",
		product: "Product of " + host, support: "help@" + host,
		outbox: &mailtest.Recorder{}, ended: &endedSessions{},
	}
}

// join makes the tenant a site of svc.
func (tt *tenant) join(t *testing.T, svc *reset.Service, shared bool) {
	t.Helper()
	settings := reset.Site{
		Name: tt.name, URL: tt.url, From: tt.from, Mailer: tt.outbox,
		Store: tt.store, Sessions: reset.EndSessionsWith(tt.ended.end),
		Mail:  reset.Mail{Product: tt.product, Support: tt.support},
		Hooks: &reset.Hooks{},
	}
	if shared {
		settings.Store, settings.Hooks = nil, nil
	}

	var err error
	tt.Service, err = svc.For(settings)
	require.NoError(t, err)
}

func (tt *tenant) hash(t *testing.T) string {
	t.Helper()
	user, err := tt.store.FindByID(t.Context(), "7")
	require.NoError(t, err)
	return user.PasswordHash
}

// requireOwn sees that a mail is this tenant's and names no other.
func (tt *tenant) requireOwn(t *testing.T, msg mail.Message, all []*tenant) {
	t.Helper()
	require.Equal(t, tt.from, msg.From)
	text := fmt.Sprint(msg.From, msg.ReplyTo, msg.Subject, msg.Text, msg.HTML)
	require.Contains(t, msg.Text, tt.url)
	require.Contains(t, text, tt.product)
	require.Contains(t, text, tt.support)
	for _, other := range all {
		if other != tt {
			require.NotContains(t, text, other.host)
		}
	}
}

//lostkey:covers ASVS-9.2.3
func TestALinkOfOneSiteIsRefusedByAllOthers(t *testing.T) {
	t.Parallel()
	for _, shared := range []bool{true, false} {
		fx, all := newTenants(t, shared, nil)
		for purpose, encoded := range map[token.Purpose]string{
			token.PurposeReset: oldHash, token.PurposeInvite: "",
		} {
			for _, tt := range all {
				require.NoError(t, tt.store.Update("7", func(user *reset.User) {
					user.PasswordHash = encoded
				}))
			}

			for _, from := range all {
				for _, at := range all {
					requireLinkIsOwn(t, fx, from, at, purpose)
				}
			}
		}
	}
}

// requireLinkIsOwn uses a link of one site at another, or at its own.
func requireLinkIsOwn(
	t *testing.T, fx *fixture, from, at *tenant, purpose token.Purpose,
) {
	t.Helper()
	made, err := from.Link(
		t.Context(), "7", reset.LinkOptions{Purpose: purpose},
	)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(made.Reveal(), from.url+"/"))
	raw, before := rawOf(made), at.hash(t)

	_, err = at.Check(t.Context(), reset.CheckInput{Token: raw})
	if from == at {
		require.NoError(t, err)
		return
	}
	require.ErrorIs(t, err, reset.ErrRejected)
	require.ErrorIs(t, at.Confirm(t.Context(), reset.ConfirmInput{
		Token: raw, Password: newPassword,
	}), reset.ErrRejected)

	rejected := fx.events.of(reset.OutcomeRejected)
	last := rejected[len(rejected)-1]
	require.Equal(t, at.name, last.SiteName)
	require.Equal(t, reset.Reason("signature"), last.Reason)
	require.Equal(t, before, at.hash(t))
}

func TestASiteMailsAsItselfFromItsOwnStore(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel() // a mail that another site sends is not waited for longer.

	for _, shared := range []bool{true, false} {
		fx, all := newTenants(t, shared, nil)
		for _, tt := range all {
			require.NoError(t, tt.Request(
				ctx, reset.RequestInput{Email: "ana@example.com"},
			))
			mails, err := tt.outbox.Wait(ctx, 1)
			require.NoError(t, err)
			require.NoError(t, tt.Confirm(t.Context(), reset.ConfirmInput{
				Token: mailtest.Token(mails[0]), Password: newPassword,
			}))
			require.Equal(t, []string{"7"}, tt.ended.all())
		}

		fx.drain(t)
		for _, tt := range all {
			mails := tt.outbox.Messages()
			require.Len(t, mails, 2, "the link and the notice")
			for _, msg := range mails {
				tt.requireOwn(t, msg, all)
			}
		}
		requireEventsBySite(t, fx, all)
	}
}

// requireEventsBySite sees that each site has made each event once.
func requireEventsBySite(t *testing.T, fx *fixture, all []*tenant) {
	t.Helper()
	for _, outcome := range []reset.Outcome{
		reset.OutcomeRequested, reset.OutcomeMailed, reset.OutcomeConfirmed,
		reset.OutcomeNoticeMailed,
	} {
		var names []string
		for _, ev := range fx.events.of(outcome) {
			names = append(names, ev.SiteName)
		}
		slices.Sort(names)
		require.Equal(t, []string{"", "b", "c"}, names, outcome)
	}
	require.Len(t, fx.events.all(), 4*len(all))
}

func TestASiteKnowsOnlyTheAccountsOfItsStore(t *testing.T) {
	t.Parallel()
	fx, all := newTenants(t, false, nil)
	for i, tt := range all {
		own := reset.User{
			ID:    fmt.Sprint("only-", i),
			Email: fmt.Sprintf("only%d@example.com", i), PasswordHash: oldHash,
		}
		require.NoError(t, tt.store.Add(own))
	}

	for i, tt := range all {
		for j := range all {
			_, err := tt.Link(
				t.Context(), fmt.Sprint("only-", j), reset.LinkOptions{},
			)
			require.Equal(t, i == j, err == nil)
			require.NoError(t, tt.Request(t.Context(), reset.RequestInput{
				Email: fmt.Sprintf("only%d@example.com", j),
			}))
		}
	}

	fx.drain(t)
	for i, tt := range all {
		mails := tt.outbox.Messages()
		require.Len(t, mails, 1)
		require.Equal(t, fmt.Sprintf("only%d@example.com", i), mails[0].To)
	}
}
