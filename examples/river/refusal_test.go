package riverjobs_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	riverjobs "github.com/lostkey-go/lostkey/examples/river"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
)

// workUntil lets a worker take jobs until there is one of this kind.
func (f *fixture) workUntil(
	t *testing.T, where, keys string, mailer mail.Mailer,
	changes ...func(*reset.Config),
) {
	t.Helper()
	svc, err := newService(keys, mailer, riverjobs.Dispatch(f.insert), changes...)
	require.NoError(t, err)
	client, err := startWorker(t.Context(), f.pool, f.schema, svc)
	require.NoError(t, err)
	waitFor(t, where, func() bool { return f.count(t, where) == 1 })
	require.NoError(t, client.Stop(context.Background()))
	require.NoError(t, svc.Shutdown(context.Background()))
}

// accept requests a mail of a process that differs from the others.
func (f *fixture) accept(
	t *testing.T, keys string, changes ...func(*reset.Config),
) {
	t.Helper()
	svc, err := newService(
		keys, new(mailtest.Recorder), riverjobs.Dispatch(f.insert), changes...)
	require.NoError(t, err)
	require.NoError(t,
		svc.Request(t.Context(), reset.RequestInput{Email: addrOf(1)}))
	require.NoError(t, svc.Shutdown(t.Context()))
}

const (
	completed = "state = 'completed'"
	cancelled = "state = 'cancelled'"
	isRefused = "attempt > 1"
)

// That a worker refuses a job a few times must not be for ever.
func TestForgedJobIsCancelledAndMailsNobody(t *testing.T) {
	t.Parallel()
	f, mails := newFixture(t), new(mailtest.Recorder)
	require.NoError(t, riverjobs.Dispatch(f.insert)(t.Context(), reset.Job{
		ID: mail.NewID(), Kind: mail.KindPasswordChanged,
		Email: "eve@example.com", RequestedAt: time.Now().AddDate(100, 0, 0),
	}))
	f.workUntil(t, cancelled, f.keys, mails)
	require.Equal(t, 1,
		f.count(t, fmt.Sprintf("attempt = %d", riverjobs.Refusals)))
	require.Empty(t, mails.Messages())
}

func TestMailWaitsForAWorkerThatHasItsKey(t *testing.T) {
	t.Parallel()
	f, mails := newFixture(t), new(mailtest.Recorder)
	made, err := token.GenerateKeys("new")
	require.NoError(t, err)
	rotated := made.Reveal() + "," + f.keys

	f.accept(t, rotated)
	f.workUntil(t, isRefused, f.keys, mails)
	require.Zero(t, f.count(t, cancelled))
	require.Empty(t, mails.Messages())

	f.workUntil(t, completed, rotated, mails)
	require.Len(t, mails.Messages(), 1)
}

func TestMailOfAMachineThatIsAheadWaitsUntilItIsDue(t *testing.T) {
	t.Parallel()
	f, mails := newFixture(t), new(mailtest.Recorder)
	ahead := func(c *reset.Config) {
		c.Now = func() time.Time { return time.Now().Add(5 * time.Minute) }
	}

	f.accept(t, f.keys, ahead)
	f.workUntil(t, isRefused, f.keys, mails)
	require.Zero(t, f.count(t, cancelled))
	require.Empty(t, mails.Messages())

	f.workUntil(t, completed, f.keys, mails, ahead) // five minutes later
	require.Len(t, mails.Messages(), 1)
}
