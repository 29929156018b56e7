package reset_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

type eventLog struct {
	mu     sync.Mutex
	events []reset.Event
}

func (l *eventLog) Record(_ context.Context, ev reset.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, ev)
}

func (l *eventLog) all() []reset.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.events)
}

// check makes every test that has a fixture a test that no event holds what
// events must not hold, nor an outcome or a reason outside the closed sets.
func (l *eventLog) check(t *testing.T) {
	t.Helper()
	outcomes, known := reset.Outcomes(), reset.Reasons()
	for _, ev := range l.all() {
		require.Contains(t, outcomes, ev.Outcome)
		if ev.Reason != "" {
			require.Contains(t, known, ev.Reason, ev.Outcome)
		}

		text := fmt.Sprint(
			ev.Outcome, ev.Reason, ev.RequestID, ev.Purpose, ev.Client, ev.Err,
		)
		for _, secret := range []string{
			"@example.com", "@Example.com", "$argon2", newPassword, "eyJ",
		} {
			require.NotContains(t, text, secret)
		}
	}
}

// of returns the events of one outcome.
func (l *eventLog) of(outcome reset.Outcome) []reset.Event {
	var events []reset.Event
	for _, ev := range l.all() {
		if ev.Outcome == outcome {
			events = append(events, ev)
		}
	}
	return events
}

// reasons returns the reasons of the events of one outcome.
func (l *eventLog) reasons(outcome reset.Outcome) []string {
	var reasons []string
	for _, ev := range l.of(outcome) {
		reasons = append(reasons, string(ev.Reason))
	}
	return reasons
}

// outcomes returns all outcomes in order.
func (l *eventLog) outcomes() []reset.Outcome {
	var outcomes []reset.Outcome
	for _, ev := range l.all() {
		outcomes = append(outcomes, ev.Outcome)
	}
	return outcomes
}
