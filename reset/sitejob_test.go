package reset_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

// Another process has the same sites, and works on what this one has queued.
func TestJobsFindTheirSiteInAnyProcess(t *testing.T) {
	t.Parallel()
	var queue engine
	dispatch := func(cfg *reset.Config) { cfg.Queue.Dispatch = queue.dispatch }
	_, here := newTenants(t, false, dispatch)
	_, there := newTenants(t, false, dispatch)

	for i, worker := range there {
		for _, tt := range here {
			require.NoError(t, tt.Request(
				t.Context(), reset.RequestInput{Email: "ana@example.com"},
			))
			require.NoError(
				t, tt.Invite(t.Context(), reset.SendInput{UserID: newcomer(t, tt)}),
			)
		}
		require.Empty(t, queue.run(t, worker.Service), "whichever is asked")

		for j, tt := range there {
			mails := tt.outbox.Messages()
			require.Len(t, mails, i+1)
			tt.requireOwn(t, mails[i], there)
			_, err := here[j].Check(
				t.Context(),
				reset.CheckInput{Token: mailtest.Token(mails[i])},
			)
			require.NoError(t, err, "the link is of the site that was asked")
			require.Empty(t, here[j].outbox.Messages())
		}
	}
}

// newcomer adds an account that can be invited to the tenant's store here, and
// that no other store has.
func newcomer(t *testing.T, tt *tenant) string {
	t.Helper()
	id := "new-" + mail.NewID()
	require.NoError(t, tt.store.Add(
		reset.User{ID: id, Email: id + "@example.com"},
	))
	return id
}

func TestNoticesFindTheirSite(t *testing.T) {
	t.Parallel()
	var queue engine
	fx, all := newTenants(t, false, func(cfg *reset.Config) {
		cfg.Queue.Dispatch = queue.dispatch
	})
	for _, tt := range all {
		made, err := tt.Link(t.Context(), "7", reset.LinkOptions{})
		require.NoError(t, err)
		require.NoError(t, tt.Confirm(t.Context(), reset.ConfirmInput{
			Token: rawOf(made), Password: newPassword,
		}))
		require.NoError(t, tt.NotifyChanged(
			t.Context(), reset.NotifyInput{UserID: "7"},
		))
	}

	require.Empty(t, queue.run(t, fx.Service))
	for _, tt := range all {
		mails := tt.outbox.Messages()
		require.Len(t, mails, 2)
		tt.requireOwn(t, mails[0], all)
	}
}

func TestJobMovedToAnotherSiteIsRefused(t *testing.T) {
	t.Parallel()
	var jobs []reset.Job
	fx, all := newTenants(t, true, func(cfg *reset.Config) {
		cfg.Queue.Dispatch = func(_ context.Context, job reset.Job) error {
			jobs = append(jobs, job)
			return nil
		}
	})
	for _, from := range all {
		jobs = nil
		require.NoError(t, from.Request(
			t.Context(), reset.RequestInput{Email: "ana@example.com"},
		))
		require.Len(t, jobs, 1)
		require.Equal(t, from.name, jobs[0].SiteName)

		for _, to := range append(all, newTenant("nobody", "x.example")) {
			if to.name == from.name {
				continue
			}
			moved := jobs[0]
			moved.SiteName = to.name
			for _, worker := range all {
				require.ErrorIs(
					t, worker.Process(t.Context(), moved), reset.ErrJobRefused,
				)
			}
		}
	}

	for _, tt := range all {
		require.Empty(t, tt.outbox.Messages())
	}
	for _, reason := range fx.events.reasons(reset.OutcomeJobRefused) {
		require.Equal(t, "bad-mac", reason)
	}
	require.Len(t, fx.events.of(reset.OutcomeJobRefused), 3*3*3)
}

// A process that is deployed before its configuration, or after.
func TestJobOfAnUnknownSiteWaitsUntilTheSiteIsKnown(t *testing.T) {
	t.Parallel()
	var queue engine
	dispatch := func(cfg *reset.Config) { cfg.Queue.Dispatch = queue.dispatch }
	_, here := newTenants(t, true, dispatch)
	there := newFixture(t, dispatch)
	require.NoError(t, here[1].Request(
		t.Context(), reset.RequestInput{Email: "ana@example.com"},
	))

	for range 2 {
		failures := queue.run(t, there.Service)
		require.Len(t, failures, 1)
		require.ErrorIs(t, failures[0], reset.ErrUnknownSite)
		require.NotErrorIs(t, failures[0], reset.ErrJobRefused)
	}
	require.Equal(
		t, []string{"unknown-site", "unknown-site"},
		there.events.reasons(reset.OutcomeJobRefused),
	)
	require.Equal(t, "b", there.events.of(reset.OutcomeJobRefused)[0].SiteName)

	late := newTenant("b", "b.example")
	late.join(t, there.Service, true)
	require.Empty(t, queue.run(t, there.Service))
	require.Len(t, late.outbox.Messages(), 1)
	require.Empty(t, there.outbox.Messages(), "never as the first")
}

func TestJobOfASiteThatStaysUnknownEndsWithItsWindow(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	for kind, window := range map[mail.Kind]time.Duration{
		mail.KindReset:           15 * time.Minute,
		mail.KindPasswordChanged: 24 * time.Hour,
	} {
		job := jobAt(fx.clock.Now())
		job.SiteName, job.Kind = "gone", kind
		job = fx.Sign(job)

		fx.clock.advance(window)
		require.ErrorIs(t, fx.Process(t.Context(), job), reset.ErrUnknownSite)
		fx.clock.advance(time.Second)
		require.NoError(t, fx.Process(t.Context(), job))
	}

	job := jobAt(fx.clock.Now())
	job.SiteName, job.Throttled = "gone", true
	require.NoError(t, fx.Process(t.Context(), fx.Sign(job)), "sends nothing")

	require.Equal(t, []string{"too-late"}, fx.events.reasons(reset.OutcomeSkipped))
	require.Equal(
		t, []string{"gave-up"}, fx.events.reasons(reset.OutcomeNoticeFailed),
	)
	require.Equal(t, "gone", fx.events.of(reset.OutcomeNoticeFailed)[0].SiteName)
	require.Empty(t, fx.outbox.Messages())
}

// Jobs of a version that knew of no sites, or of a process without them.
func TestJobWithoutASiteIsOfTheFirst(t *testing.T) {
	t.Parallel()
	plain := newFixture(t, nil)
	signed := plain.Sign(jobAt(plain.clock.Now()))
	text, err := json.Marshal(signed)
	require.NoError(t, err)
	require.NotContains(t, string(text), `"site"`)

	_, all := newTenants(t, false, nil)
	for i, worker := range all {
		require.NoError(t, worker.Process(t.Context(), signed))
		require.Len(t, all[0].outbox.Messages(), i+1)
	}
}

func TestAFailedMailOfASiteIsRetriedAsItself(t *testing.T) {
	t.Parallel()
	var queue engine
	fx, all := newTenants(t, false, func(cfg *reset.Config) {
		cfg.Queue.Dispatch = queue.dispatch
	})
	b := all[1]
	second := ana()
	second.ID = "8"
	require.NoError(t, b.store.Add(second))
	require.NoError(t, b.Request(
		t.Context(), reset.RequestInput{Email: "ana@example.com"},
	))
	failed := false
	b.outbox.Fail(func(msg mail.Message) error {
		if failed {
			return nil
		}
		failed = true
		return temporary(msg)
	})

	require.Empty(t, queue.run(t, fx.Service), "the rest is a job of its own")
	require.Empty(t, queue.run(t, fx.Service))
	require.Len(t, b.outbox.Messages(), 2)
	for _, ev := range fx.events.all() {
		require.Equal(t, "b", ev.SiteName, ev.Outcome)
	}
}

// In the pool of this process.
func TestMailThatIsGivenUpIsItsSites(t *testing.T) {
	t.Parallel()
	fx, all := newTenants(t, false, nil)
	for _, tt := range all {
		tt.outbox.Fail(temporary)
		require.NoError(t, tt.Request(
			t.Context(), reset.RequestInput{Email: "ana@example.com"},
		))
	}
	fx.drain(t)

	names := make(map[string]bool)
	for _, ev := range fx.events.of(reset.OutcomeMailFailed) {
		require.Equal(t, reset.Reason("shutdown"), ev.Reason)
		names[ev.SiteName] = true
	}
	require.Equal(t, map[string]bool{"": true, "b": true, "c": true}, names)
}
