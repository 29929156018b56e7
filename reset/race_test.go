package reset_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

// gate lets n callers in together, and anybody after them straight through.
type gate struct {
	mu      sync.Mutex
	waiting int
	open    chan struct{}
}

func newGate(n int) *gate { return &gate{waiting: n, open: make(chan struct{})} }

func (g *gate) pass() {
	g.mu.Lock()
	g.waiting--
	if g.waiting == 0 {
		close(g.open)
	}
	g.mu.Unlock()
	<-g.open
}

// spyStore is a store whose methods a test can take over.
type spyStore struct {
	reset.Store
	findByEmail func(ctx context.Context, email string) ([]reset.User, error)
	findByID    func(ctx context.Context, id string) (reset.User, error)
	replace     func(ctx context.Context, seen reset.User, encoded string) error
}

func (s *spyStore) FindByEmail(ctx context.Context, email string) ([]reset.User, error) {
	if s.findByEmail != nil {
		return s.findByEmail(ctx, email)
	}
	return s.Store.FindByEmail(ctx, email)
}

func (s *spyStore) FindByID(ctx context.Context, id string) (reset.User, error) {
	if s.findByID != nil {
		return s.findByID(ctx, id)
	}
	return s.Store.FindByID(ctx, id)
}

func (s *spyStore) ReplaceHash(ctx context.Context, seen reset.User, encoded string) error {
	if s.replace != nil {
		return s.replace(ctx, seen, encoded)
	}
	return s.Store.ReplaceHash(ctx, seen, encoded)
}

// newSpyFixture puts a spy between the service and the fixture's store.
func newSpyFixture(t *testing.T, change func(cfg *reset.Config)) (*fixture, *spyStore) {
	t.Helper()
	spy := &spyStore{}
	sc := newFixture(t, func(cfg *reset.Config) {
		spy.Store = cfg.Store
		cfg.Store = spy
		if change != nil {
			change(cfg)
		}
	})
	return sc, spy
}

// patientHasher is cheap and turns nobody away.
func patientHasher(t *testing.T) *hash.Hasher {
	t.Helper()
	slots, err := hash.NewSlots(hash.SlotsConfig{Queue: 2000})
	require.NoError(t, err)
	h, err := hash.NewInsecure(hash.Config{Params: hash.Argon2id{MemoryKiB: 64, Time: 1, Threads: 1}, Slots: slots})
	require.NoError(t, err)
	return h
}

func TestConfirmHasOneWinnerAtABarrier(t *testing.T) {
	t.Parallel()
	for _, racers := range []int{64, 1000} {
		t.Run(fmt.Sprint(racers), func(t *testing.T) {
			t.Parallel()
			sc, spy := newSpyFixture(t, func(cfg *reset.Config) { cfg.Hasher = patientHasher(t) })
			raw := sc.link(t, "7")
			barrier := newGate(racers)
			spy.findByID = func(ctx context.Context, id string) (reset.User, error) {
				user, err := spy.Store.FindByID(ctx, id)
				barrier.pass() // everybody has verified before anybody writes
				return user, err
			}
			results := make([]error, racers)
			var group sync.WaitGroup
			for i := range racers {
				group.Go(func() {
					results[i] = sc.Confirm(t.Context(), reset.ConfirmInput{Token: raw, Password: fmt.Sprintf("%s %d", newPassword, i)})
				})
			}
			group.Wait()
			winner := -1
			for i, err := range results {
				if err == nil {
					require.Equal(t, -1, winner, "a second winner")
					winner = i
					continue
				}
				require.ErrorIs(t, err, reset.ErrRejected)
				rejected, _ := errors.AsType[*token.RejectedError](err)
				require.Equal(t, token.ReasonStale, rejected.Reason)
			}
			require.NotEqual(t, -1, winner, "no winner")
			result, err := cheapHasher().Verify(t.Context(), fmt.Sprintf("%s %d", newPassword, winner), sc.user(t, "7").PasswordHash)
			require.NoError(t, err)
			require.True(t, result.OK, "the winner's password is not the one in force")
			sc.drain(t)
			require.Len(t, sc.to(mail.KindPasswordChanged), 1, "losers must not be told of, nor told")
			require.Len(t, sc.events.of(reset.OutcomeConfirmed), 1)
			require.Len(t, sc.events.of(reset.OutcomeLostRace), racers-1)
		})
	}
}

func TestEveryLinkOfAnAccountDiesWithTheFirstOneUsed(t *testing.T) {
	t.Parallel()
	sc := newFixture(t, nil)
	first, second := sc.link(t, "7"), sc.link(t, "7")
	require.NoError(t, sc.confirm(t, second))
	require.ErrorIs(t, sc.confirm(t, first), reset.ErrRejected)
	require.ErrorIs(t, sc.confirm(t, second), reset.ErrRejected)
}

func TestConfirmingTheSamePasswordAlsoKillsTheLink(t *testing.T) {
	t.Parallel()
	sc := newFixture(t, nil)
	require.NoError(t, sc.confirm(t, sc.link(t, "7")))
	raw := sc.link(t, "7")
	require.NoError(t, sc.confirm(t, raw))
	require.ErrorIs(t, sc.confirm(t, raw), reset.ErrRejected)
}

// errLost is what a driver says of a connection that broke.
var errLost = errors.New("driver: connection reset by peer")

func TestReplyLostAfterTheWriteIsASuccess(t *testing.T) {
	t.Parallel()
	sc, spy := newSpyFixture(t, nil)
	spy.replace = func(ctx context.Context, seen reset.User, encoded string) error {
		require.NoError(t, spy.Store.ReplaceHash(ctx, seen, encoded))
		return errLost
	}
	require.NoError(t, sc.confirm(t, sc.link(t, "7")))
	sc.drain(t)
	require.Len(t, sc.to(mail.KindPasswordChanged), 1)
	require.Len(t, sc.events.of(reset.OutcomeConfirmed), 1)
	require.Empty(t, sc.events.of(reset.OutcomeConfirmFailed))
}

func TestReplyLostBeforeTheWriteLeavesTheLinkGood(t *testing.T) {
	t.Parallel()
	sc, spy := newSpyFixture(t, nil)
	raw := sc.link(t, "7")
	spy.replace = func(context.Context, reset.User, string) error { return errLost }
	err := sc.confirm(t, raw)
	require.ErrorIs(t, err, errLost)
	require.ErrorIs(t, err, reset.ErrUnknownOutcome, "the write may be committed later")
	require.NotErrorIs(t, err, reset.ErrRejected)
	require.Equal(t, oldHash, sc.user(t, "7").PasswordHash)
	require.Equal(t, []string{reset.ReasonUnknown}, sc.events.reasons(reset.OutcomeConfirmFailed))
	require.Empty(t, sc.events.of(reset.OutcomeConfirmed))
	spy.replace = nil
	require.NoError(t, sc.confirm(t, raw))
}

func TestReplyLostAndSomebodyElseWroteIsALostRace(t *testing.T) {
	t.Parallel()
	sc, spy := newSpyFixture(t, nil)
	spy.replace = func(context.Context, reset.User, string) error {
		require.NoError(t, sc.store.Update("7", func(user *reset.User) { user.PasswordHash = "$somebody$else" }))
		return errLost
	}
	require.ErrorIs(t, sc.confirm(t, sc.link(t, "7")), reset.ErrRejected)
	require.Len(t, sc.events.of(reset.OutcomeLostRace), 1)
	require.Empty(t, sc.events.of(reset.OutcomeConfirmed))
}

func TestReplyLostAndAccountGoneIsALostRace(t *testing.T) {
	t.Parallel()
	sc, spy := newSpyFixture(t, nil)
	spy.replace = func(context.Context, reset.User, string) error {
		require.NoError(t, sc.store.Delete("7"))
		return errLost
	}
	require.ErrorIs(t, sc.confirm(t, sc.link(t, "7")), reset.ErrRejected)
}

func TestReplyLostAndNobodyCanTellIsAnErrorNotARejection(t *testing.T) {
	t.Parallel()
	sc, spy := newSpyFixture(t, nil)
	raw := sc.link(t, "7")
	down := false
	spy.replace = func(context.Context, reset.User, string) error {
		down = true
		return errLost
	}
	spy.findByID = func(ctx context.Context, id string) (reset.User, error) {
		if down {
			return reset.User{}, errors.New("driver: no route to host")
		}
		return spy.Store.FindByID(ctx, id)
	}
	err := sc.confirm(t, raw)
	require.ErrorIs(t, err, errLost)
	require.ErrorIs(t, err, reset.ErrUnknownOutcome)
	require.NotErrorIs(t, err, reset.ErrRejected)
	require.Equal(t, []string{reset.ReasonUnknown}, sc.events.reasons(reset.OutcomeConfirmFailed))
}

func TestVisitorWhoHangsUpDuringTheWriteDoesNotInterruptIt(t *testing.T) {
	t.Parallel()
	sc, spy := newSpyFixture(t, nil)
	ctx, hangUp := context.WithCancel(t.Context())
	spy.replace = func(ctx context.Context, seen reset.User, encoded string) error {
		hangUp()
		require.NoError(t, ctx.Err())
		_, bounded := ctx.Deadline()
		require.True(t, bounded, "a store that hangs must not hang Confirm")
		return spy.Store.ReplaceHash(ctx, seen, encoded)
	}
	require.NoError(t, sc.Confirm(ctx, reset.ConfirmInput{Token: sc.link(t, "7"), Password: newPassword}))
	sc.drain(t)
	require.Len(t, sc.to(mail.KindPasswordChanged), 1)
}

func TestVisitorWhoHangsUpBeforeTheWriteChangesNothing(t *testing.T) {
	t.Parallel()
	ctx, hangUp := context.WithCancel(t.Context())
	sc := newFixture(t, func(cfg *reset.Config) {
		cfg.Policy = policyFunc(func(context.Context, string, []string) error {
			hangUp()
			return nil
		})
	})
	raw := sc.link(t, "7")
	require.ErrorIs(t, sc.Confirm(ctx, reset.ConfirmInput{Token: raw, Password: newPassword}), context.Canceled)
	require.Equal(t, oldHash, sc.user(t, "7").PasswordHash)
	require.NoError(t, sc.confirmAgain(t, raw))
}

// lateContext ends without anybody being told: as if the visitor hung up just before the derivation.
type lateContext struct {
	context.Context //nolint:containedctx // it is a context
	gone            atomic.Bool
}

func (c *lateContext) Err() error {
	if c.gone.Load() {
		return context.Canceled
	}
	return nil
}

func TestVisitorWhoHangsUpBeforeTheDerivationChangesNothing(t *testing.T) {
	t.Parallel()
	ctx := &lateContext{Context: context.WithoutCancel(t.Context())}
	hasher, err := hash.NewInsecure(hash.Config{
		Params: hash.Argon2id{MemoryKiB: 64, Time: 1, Threads: 1},
		Normalize: func(password string) string {
			ctx.gone.Store(true)
			return password
		},
	})
	require.NoError(t, err)
	sc := newFixture(t, func(cfg *reset.Config) { cfg.Hasher = hasher })
	raw := sc.link(t, "7")
	require.ErrorIs(t, sc.Confirm(ctx, reset.ConfirmInput{Token: raw, Password: newPassword}), context.Canceled)
	require.Equal(t, oldHash, sc.user(t, "7").PasswordHash)
	require.NoError(t, sc.confirmAgain(t, raw))
}

func (sc *fixture) confirmAgain(t *testing.T, raw string) error {
	t.Helper()
	return sc.Confirm(context.WithoutCancel(t.Context()), reset.ConfirmInput{Token: raw, Password: newPassword})
}

type policyFunc func(ctx context.Context, password string, words []string) error

func (f policyFunc) Check(ctx context.Context, password string, words []string) error {
	return f(ctx, password, words)
}

// A replica may be minutes behind. Verifying against it is safe, because the write compares with the primary.
func TestStaleReplicaLetsNobodyInTwice(t *testing.T) {
	t.Parallel()
	sc, spy := newSpyFixture(t, nil)
	raw := sc.link(t, "7")
	replica := sc.user(t, "7")
	spy.findByID = func(context.Context, string) (reset.User, error) { return replica, nil }
	require.NoError(t, sc.confirm(t, raw))
	for range 20 {
		require.ErrorIs(t, sc.confirm(t, raw), reset.ErrRejected)
	}
	require.Len(t, sc.events.of(reset.OutcomeConfirmed), 1)
}
