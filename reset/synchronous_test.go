package reset_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

func TestSynchronousModeStartsNoGoroutine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// Without a Shutdown: the bubble fails if anything is left running.
		fx := &fixture{
			outbox: &mailtest.Recorder{},
			events: &eventLog{},
			clock:  &clock{now: time.Now()},
		}
		store := &spyStore{
			findByEmail: func(context.Context, string) ([]reset.User, error) {
				return []reset.User{ana()}, nil
			},
		}

		svc, err := reset.New(reset.Config{
			Site:     site,
			From:     "no-reply@app.example",
			Keys:     testKeys(),
			Store:    store,
			Mailer:   fx.outbox,
			Sessions: reset.KeepSessions(),
			Hasher:   cheapHasher(),
			Events:   fx.events,
			Queue:    reset.Queue{Synchronous: true},
		})

		require.NoError(t, err)
		require.NoError(t, svc.Request(
			t.Context(), reset.RequestInput{Email: "ana@example.com"},
		))
		require.Len(t, fx.outbox.Messages(), 1)
		require.Equal(
			t, []reset.Outcome{reset.OutcomeRequested, reset.OutcomeMailed},
			fx.events.outcomes(),
		)
	})
}

func TestSynchronousWorkOutlivesTheVisitor(t *testing.T) {
	t.Parallel()
	fx := newFixture(
		t, func(cfg *reset.Config) { cfg.Queue.Synchronous = true },
	)
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	require.NoError(
		t, fx.Request(ctx, reset.RequestInput{Email: "ana@example.com"}),
	)
	require.Len(t, fx.outbox.Messages(), 1)
}
