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

func newGate(
	n int,
) *gate {
	return &gate{waiting: n, open: make(chan struct{})}
}

func (g *gate) pass() {
	g.mu.Lock()
	g.waiting--
	if g.waiting == 0 {
		close(g.open)
	}
	g.mu.Unlock()
	<-g.open
}

// waitingHasher is cheap and turns nobody away.
func waitingHasher(t *testing.T) *hash.Hasher {
	t.Helper()
	slots, err := hash.NewSlots(hash.SlotsConfig{Queue: 2000})
	require.NoError(t, err)
	h, err := hash.NewInsecure(hash.Config{
		Params: hash.Argon2id{MemoryKiB: 64, Time: 1, Threads: 1},
		Slots:  slots,
	})
	require.NoError(t, err)
	return h
}

//lostkey:covers ASVS-2.3.4 ASVS-6.5.1 ASVS-15.4.2 FP-CS-6 CWE-362 CWE-367
func TestConfirmHasOneWinnerAtABarrier(t *testing.T) {
	t.Parallel()
	for _, racers := range []int{64, 1000} {
		t.Run(fmt.Sprint(racers), func(t *testing.T) {
			t.Parallel()
			fx, spy := newSpyFixture(
				t, func(cfg *reset.Config) { cfg.Hasher = waitingHasher(t) },
			)
			raw := fx.link(t, "7")
			barrier := newGate(racers)
			spy.findByID = func(
				ctx context.Context, id string,
			) (reset.User, error) {
				user, err := spy.Store.FindByID(ctx, id)
				barrier.pass() // everybody has verified before anybody writes
				return user, err
			}
			results := make([]error, racers)
			var group sync.WaitGroup

			for i := range racers {
				group.Go(func() {
					results[i] = fx.Confirm(t.Context(), reset.ConfirmInput{
						Token:    raw,
						Password: fmt.Sprintf("%s %d", newPassword, i),
					})
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
			result, err := cheapHasher().Verify(
				t.Context(), fmt.Sprintf("%s %d", newPassword, winner),
				fx.user(t, "7").PasswordHash,
			)
			require.NoError(t, err)
			require.True(
				t, result.OK, "the winner's password is not the one in force",
			)

			fx.drain(t)
			require.Len(
				t, fx.to(mail.KindPasswordChanged), 1,
				"losers must not be told of, nor told",
			)
			require.Len(t, fx.events.of(reset.OutcomeConfirmed), 1)
			require.Len(t, fx.events.of(reset.OutcomeLostRace), racers-1)
		})
	}
}

//lostkey:covers ASVS-6.5.1 FP-CS-6 CWE-294
func TestEveryLinkOfAnAccountDiesWithTheFirstOneUsed(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	first, second := fx.link(t, "7"), fx.link(t, "7")
	require.NoError(t, fx.confirm(t, second))
	require.ErrorIs(t, fx.confirm(t, first), reset.ErrRejected)
	require.ErrorIs(t, fx.confirm(t, second), reset.ErrRejected)
}

func TestConfirmingTheSamePasswordAlsoKillsTheLink(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	require.NoError(t, fx.confirm(t, fx.link(t, "7")))
	raw := fx.link(t, "7")
	require.NoError(t, fx.confirm(t, raw))
	require.ErrorIs(t, fx.confirm(t, raw), reset.ErrRejected)
}

// errLost is what a driver says of a connection that broke.
var errLost = errors.New("driver: connection reset by peer")

func TestReplyLostAfterTheWriteIsASuccess(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, nil)
	spy.replace = func(
		ctx context.Context, seen reset.User, encoded string,
	) error {
		require.NoError(t, spy.Store.ReplaceHash(ctx, seen, encoded))
		return errLost
	}
	require.NoError(t, fx.confirm(t, fx.link(t, "7")))
	fx.drain(t)
	require.Len(t, fx.to(mail.KindPasswordChanged), 1)
	require.Len(t, fx.events.of(reset.OutcomeConfirmed), 1)
	require.Empty(t, fx.events.of(reset.OutcomeConfirmFailed))
}

func TestReplyLostBeforeTheWriteLeavesTheLinkGood(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, nil)
	raw := fx.link(t, "7")
	spy.replace = func(context.Context, reset.User, string) error {
		return errLost
	}
	err := fx.confirm(t, raw)
	require.ErrorIs(t, err, errLost)
	require.ErrorIs(
		t, err, reset.ErrUnknownOutcome, "the write may be committed later",
	)
	require.NotErrorIs(t, err, reset.ErrRejected)
	require.Equal(t, oldHash, fx.user(t, "7").PasswordHash)
	require.Equal(
		t, []string{"unknown"}, fx.events.reasons(reset.OutcomeConfirmFailed),
	)
	require.Empty(t, fx.events.of(reset.OutcomeConfirmed))

	spy.replace = nil
	require.NoError(t, fx.confirm(t, raw))
}

func TestReplyLostAndSomebodyElseWroteIsALostRace(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, nil)
	spy.replace = func(context.Context, reset.User, string) error {
		require.NoError(t, fx.store.Update(
			"7",
			func(user *reset.User) { user.PasswordHash = "$somebody$else" },
		))
		return errLost
	}
	require.ErrorIs(t, fx.confirm(t, fx.link(t, "7")), reset.ErrRejected)
	require.Len(t, fx.events.of(reset.OutcomeLostRace), 1)
	require.Empty(t, fx.events.of(reset.OutcomeConfirmed))
}

func TestReplyLostAndAccountGoneIsALostRace(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, nil)
	spy.replace = func(context.Context, reset.User, string) error {
		require.NoError(t, fx.store.Delete("7"))
		return errLost
	}
	require.ErrorIs(t, fx.confirm(t, fx.link(t, "7")), reset.ErrRejected)
}

func TestReplyLostAndNobodyCanTellIsAnErrorNotARejection(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, nil)
	raw := fx.link(t, "7")
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

	err := fx.confirm(t, raw)
	require.ErrorIs(t, err, errLost)
	require.ErrorIs(t, err, reset.ErrUnknownOutcome)
	require.NotErrorIs(t, err, reset.ErrRejected)
	require.Equal(
		t, []string{"unknown"}, fx.events.reasons(reset.OutcomeConfirmFailed),
	)
}

func TestVisitorWhoHangsUpDuringTheWriteDoesNotInterruptIt(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, nil)
	ctx, hangUp := context.WithCancel(t.Context())
	spy.replace = func(
		ctx context.Context, seen reset.User, encoded string,
	) error {
		hangUp()
		require.NoError(t, ctx.Err())
		_, bounded := ctx.Deadline()
		require.True(t, bounded, "a store that hangs must not hang Confirm")
		return spy.Store.ReplaceHash(ctx, seen, encoded)
	}

	require.NoError(t, fx.Confirm(
		ctx, reset.ConfirmInput{Token: fx.link(t, "7"), Password: newPassword},
	))

	fx.drain(t)
	require.Len(t, fx.to(mail.KindPasswordChanged), 1)
}

func TestVisitorWhoHangsUpBeforeTheWriteChangesNothing(t *testing.T) {
	t.Parallel()
	ctx, hangUp := context.WithCancel(t.Context())
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Policy = policyFunc(func(context.Context, string, []string) error {
			hangUp()
			return nil
		})
	})
	raw := fx.link(t, "7")
	require.ErrorIs(
		t,
		fx.Confirm(ctx, reset.ConfirmInput{Token: raw, Password: newPassword}),
		context.Canceled,
	)
	require.Equal(t, oldHash, fx.user(t, "7").PasswordHash)
	require.NoError(t, fx.confirmAgain(t, raw))
}

// lateContext ends without anybody being told: as if the visitor hung up just
// before the derivation.
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
	fx := newFixture(t, func(cfg *reset.Config) { cfg.Hasher = hasher })
	raw := fx.link(t, "7")
	require.ErrorIs(
		t,
		fx.Confirm(ctx, reset.ConfirmInput{Token: raw, Password: newPassword}),
		context.Canceled,
	)
	require.Equal(t, oldHash, fx.user(t, "7").PasswordHash)
	require.NoError(t, fx.confirmAgain(t, raw))
}

func (fx *fixture) confirmAgain(t *testing.T, raw string) error {
	t.Helper()
	return fx.Confirm(
		context.WithoutCancel(t.Context()),
		reset.ConfirmInput{Token: raw, Password: newPassword},
	)
}

// A replica may be minutes behind. Verifying against it is safe, because the
// write compares with the primary.
func TestStaleReplicaLetsNobodyInTwice(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, nil)
	raw := fx.link(t, "7")
	replica := fx.user(t, "7")
	spy.findByID = func(context.Context, string) (reset.User, error) {
		return replica, nil
	}
	require.NoError(t, fx.confirm(t, raw))
	for range 20 {
		require.ErrorIs(t, fx.confirm(t, raw), reset.ErrRejected)
	}
	require.Len(t, fx.events.of(reset.OutcomeConfirmed), 1)
}
