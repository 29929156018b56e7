package reset_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

// engine is what a durable queue does: it keeps jobs as JSON and calls Process
// until that returns nil.
type engine struct {
	mu   sync.Mutex
	jobs [][]byte
}

func (e *engine) dispatch(_ context.Context, job reset.Job) error {
	text, err := json.Marshal(job)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.jobs = append(e.jobs, text)
	return nil
}

// run works each queued job once and queues again what failed. It returns the
// errors.
func (e *engine) run(t *testing.T, svc *reset.Service) (failures []error) {
	t.Helper()
	e.mu.Lock()
	jobs := e.jobs
	e.jobs = nil
	e.mu.Unlock()
	for _, text := range jobs {
		var job reset.Job
		require.NoError(t, json.Unmarshal(text, &job))
		if err := svc.Process(t.Context(), job); err != nil {
			failures = append(failures, err)
			e.mu.Lock()
			e.jobs = append(e.jobs, text)
			e.mu.Unlock()
		}
	}

	return failures
}

func TestJobsSurviveAQueueOfTheApplications(t *testing.T) {
	t.Parallel()
	var queue engine
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Queue.Dispatch, cfg.Lifetimes.MaxReset = queue.dispatch, 3*time.Hour
	})
	require.NoError(t, fx.Request(t.Context(), reset.RequestInput{
		Email:    "ana@example.com",
		Locale:   "es",
		Client:   netip.MustParseAddr("192.0.2.1"),
		Lifetime: 2 * time.Hour,
	}))
	require.Len(t, queue.jobs, 1)
	require.Empty(t, queue.run(t, fx.Service))

	mails := fx.outbox.Messages()
	require.Len(t, mails, 1)
	checked, err := fx.Check(
		t.Context(), reset.CheckInput{Token: mailtest.Token(mails[0])},
	)
	require.NoError(t, err)
	require.Equal(t, 2*time.Hour, checked.ExpiresAt.Sub(fx.clock.Now()))
	require.Equal(
		t, "192.0.2.1", fx.events.of(reset.OutcomeMailed)[0].Client.String(),
	)

	require.NoError(t, fx.confirm(t, mailtest.Token(mails[0])))
	require.Empty(t, queue.run(t, fx.Service))
	require.Equal(
		t, []string{"ana@example.com"}, fx.to(mail.KindPasswordChanged),
		"the notice goes through the same queue",
	)
}

func TestJobSurvivesJSON(t *testing.T) {
	t.Parallel()
	want := reset.Job{
		ID:            "x",
		Kind:          mail.KindPasswordChanged,
		Email:         "ana@example.com",
		Also:          []string{"ana@home.example"},
		Label:         "Bakery",
		UserID:        "7",
		Locale:        "es,pt-BR",
		Browser:       "Firefox, Linux",
		Client:        netip.MustParseAddr("2001:db8::1"),
		RequestedAt:   time.Date(2026, 11, 21, 12, 0, 0, 123456789, time.UTC),
		Lifetime:      time.Hour,
		SessionsEnded: true,
		Throttled:     true,
	}

	text, err := json.Marshal(want)
	require.NoError(t, err)
	var got reset.Job
	require.NoError(t, json.Unmarshal(text, &got))
	require.True(t, reflect.DeepEqual(want, got), "%s", text)

	text, err = json.Marshal(reset.Job{ID: "x"})
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &got))
}

func TestEngineRetriesATemporaryFailure(t *testing.T) {
	t.Parallel()
	var queue engine
	fx := newFixture(
		t, func(cfg *reset.Config) { cfg.Queue.Dispatch = queue.dispatch },
	)
	fx.request(t, "ana@example.com")
	fx.outbox.Fail(temporary)
	failures := queue.run(t, fx.Service)
	require.Len(t, failures, 1)
	require.Equal(t, mail.VerdictTemporary, mail.VerdictOf(failures[0]))

	fx.outbox.Fail(nil)
	require.Empty(t, queue.run(t, fx.Service))
	require.Len(t, fx.outbox.Messages(), 1)
	require.Empty(t, queue.jobs)
}

func TestEngineDoesNotMailTheOthersAgain(t *testing.T) {
	t.Parallel()
	var queue engine
	fx := newFixture(
		t, func(cfg *reset.Config) { cfg.Queue.Dispatch = queue.dispatch },
	)
	for i := range 3 {
		fx.add(t, reset.User{
			ID:           fmt.Sprintf("s%d", i),
			Email:        "shared@example.com",
			PasswordHash: oldHash,
		})
	}
	fx.request(t, "shared@example.com")
	n := 0
	fx.outbox.Fail(func(msg mail.Message) error {
		if n++; n == 2 {
			return temporary(msg)
		}
		return nil
	})
	require.Empty(t, queue.run(t, fx.Service))
	require.Len(t, fx.outbox.Messages(), 2)
	require.Len(t, queue.jobs, 1, "the one that failed, as a job of its own")
	require.Empty(t, queue.run(t, fx.Service))
	require.Empty(t, queue.jobs)

	ids := make(map[string]bool)
	for _, msg := range fx.outbox.Messages() {
		ids[msg.ID] = true
	}
	require.Len(t, ids, 3)
	require.Len(t, fx.outbox.Messages(), 3)
}

func TestProcessRefusesJobsOfUnknownKinds(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	odd := job()
	odd.Kind, odd.RequestedAt = "newsletter", fx.clock.Now()
	require.ErrorIs(
		t, fx.Process(t.Context(), fx.Sign(odd)), reset.ErrJobRefused,
	)
	require.Equal(
		t, []string{"bad-kind"}, fx.events.reasons(reset.OutcomeJobRefused),
	)
	require.Empty(t, fx.outbox.Messages())
}
