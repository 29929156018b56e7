//go:build !race

package reset_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

// check returns the first claim that the schedule breaks, or nothing.
func (x *explorer) check(t *testing.T) string {
	t.Helper()
	for _, claim := range []func(*testing.T) string{
		x.checkWinners, x.checkAnswers, x.checkFollowing, x.checkLinks,
	} {
		if broken := claim(t); broken != "" {
			return broken
		}
	}
	return ""
}

func isFollowUp(job reset.Job) bool { return job.Unresolved != "" }

func isUnknown(
	err error,
) bool {
	return errors.Is(err, reset.ErrUnknownOutcome)
}

func (s *schedule) visitors() []*actor {
	return slices.DeleteFunc(
		slices.Clone(s.actors), func(a *actor) bool { return !a.visitor },
	)
}

// checkWinners: of all links that are bound to one state, one changes the
// password, once.
func (x *explorer) checkWinners(*testing.T) string {
	told, wrote := 0, 0
	for _, a := range x.run.visitors() {
		if !a.crashed && a.err == nil {
			told++
		}
		if a.landed > 0 {
			wrote++
		}
	}

	if told > 1 || wrote > 1 {
		return fmt.Sprintf(
			"%d visitors were told of success, %d have written", told, wrote,
		)
	}
	return ""
}

// checkAnswers: what each visitor was told is so.
func (x *explorer) checkAnswers(*testing.T) string {
	row := x.run.row()
	for _, a := range x.run.visitors() {
		inForce := a.encoded != "" && row.PasswordHash == a.encoded
		switch {
		case a.crashed, isUnknown(a.err):
		case a.err == nil && (a.landed == 0 || !inForce && x.run.changed < a.landed):
			return a.name + " was told of success, and the new password is not in force"
		case errors.Is(a.err, reset.ErrRejected) && inForce:
			return a.name + " was rejected, and the new password is in force"
		case a.err != nil && !errors.Is(
			a.err, reset.ErrRejected,
		) && a.landed > 0:
			return a.name + " was told that the link stays good," +
				" and the password was changed: " + a.err.Error()
		}
	}

	return ""
}

// checkFollowing: where a confirmation has changed the password, sessions end
// after it and a notice is queued, or an event says what could not be done.
// Two kinds of change are left out. A process that has crashed does neither.
// And a change that somebody else overwrote before anybody saw it is covered by
// what follows that other change.
func (x *explorer) checkFollowing(*testing.T) string {
	for _, a := range x.run.visitors() {
		overwritten := a.err != nil && x.run.changed > a.landed
		if a.landed == 0 || a.crashed || overwritten {
			continue
		}

		ended := x.inStore ||
			slices.ContainsFunc(
				x.run.ended, func(at int) bool { return at > a.landed },
			)
		noticed := slices.ContainsFunc(x.run.queue, func(q *queued) bool {
			return q.by == a && (q.mailed || !isFollowUp(q.job))
		})
		unqueued := x.run.said(reset.OutcomeNoticeFailed, "queue")

		switch {
		case !ended && !x.run.said(
			reset.OutcomeSessionsFailed, "",
		) && (a.err == nil || !unqueued):
			return a.name + " has changed the password, and no session was ended"
		case !noticed && !unqueued:
			return a.name + " has changed the password, and no notice was queued"
		}
	}

	return ""
}

func (s *schedule) said(outcome reset.Outcome, reason string) bool {
	return slices.ContainsFunc(s.events, func(ev reset.Event) bool {
		return ev.Outcome == outcome && string(ev.Reason) == reason
	})
}

// checkLinks: a link that was not used works while the account is as it was,
// and is refused for a named reason otherwise.
func (x *explorer) checkLinks(t *testing.T) string {
	t.Helper()
	used := false
	for i, a := range x.run.visitors() {
		if a.landed > 0 {
			continue
		}
		x.run.events = nil
		_, err := x.svc.Check(t.Context(), reset.CheckInput{Token: x.links[i]})
		good := matches(x.run.row(), ana())
		if good != (err == nil) {
			return fmt.Sprintf(
				"the link of %s was not used, and Check says %v", a.name, err,
			)
		}

		if good && !used {
			used = true
			in := reset.ConfirmInput{Token: x.links[i], Password: newPassword}
			if err := x.svc.Confirm(t.Context(), in); err != nil {
				return fmt.Sprintf(
					"the link of %s was not used, and Confirm says %v", a.name,
					err,
				)
			}
			continue
		}

		reason := x.run.events[0].Reason
		if reason != reset.Reason(token.ReasonStale) && reason != "disabled" {
			return fmt.Sprintf(
				"the link of %s is refused as %q", a.name, reason,
			)
		}
	}

	return ""
}

// Every order of the steps within the bounds of each row, against the Service
// itself. The least number of schedules is what there were when the row was
// written, so that none is lost unseen.
//
//lostkey:covers ASVS-15.4.2 CWE-367
func TestEveryInterleavingOfConfirmations(t *testing.T) {
	t.Parallel()
	password, address, disable := []string{
		"password",
	}, []string{
		"address",
	}, []string{
		"disable",
	}
	all := []string{"password", "address", "disable"}

	for name, row := range map[string]struct {
		explorer
		least int
	}{
		"one visitor, three faults": {
			explorer{confirms: 1, faults: 3}, 357,
		},
		"one visitor, a password change, three faults": {
			explorer{confirms: 1, others: password, faults: 3}, 1953,
		},
		"one visitor, all changes, two faults": {
			explorer{confirms: 1, others: all, faults: 2}, 24688,
		},
		"two visitors, two faults": {
			explorer{confirms: 2, faults: 2}, 66082,
		},
		"two visitors, two faults, sessions end in the store": {
			explorer{confirms: 2, faults: 2, inStore: true}, 7755,
		},
		"two visitors, a password change, one fault": {
			explorer{confirms: 2, others: password, faults: 1}, 5011,
		},
		"two visitors, an address change, one fault": {
			explorer{confirms: 2, others: address, faults: 1}, 5176,
		},
		"two visitors, a disabling, one fault": {
			explorer{confirms: 2, others: disable, faults: 1}, 5176,
		},
		"three visitors, one fault": {
			explorer{confirms: 3, faults: 1}, 27050,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				schedules, broken := row.explore(t)
				require.Empty(t, broken)
				require.GreaterOrEqual(t, schedules, row.least)
				t.Logf("%d schedules", schedules)
			})
		})
	}
}

// replacing is a store whose writes go another way.
type replacing struct {
	*explorer
	replace func(
		ctx context.Context, x *explorer, seen reset.User, encoded string,
	) error
}

func (r replacing) ReplaceHash(
	ctx context.Context, seen reset.User, encoded string,
) error {
	if by, ok := ctx.Value(actorKey{}).(*actor); ok {
		by.encoded = encoded
	}
	return r.replace(ctx, r.explorer, seen, encoded)
}

// readThenWrite compares in one step and writes in another.
func readThenWrite(
	ctx context.Context, x *explorer, seen reset.User, encoded string,
) error {
	by, _ := ctx.Value(actorKey{}).(*actor)
	row, err := x.FindByID(ctx, seen.ID)
	if err != nil {
		return err
	}
	if !matches(row, seen) {
		return reset.ErrStale
	}
	alive := x.step(ctx, func() []move {
		return []move{{name: "writes", do: func() { x.overwrite(by, encoded) }}}
	})
	if !alive {
		return errModel
	}
	return nil
}

// noReread is a Service that takes every error to mean that nothing was
// written, and tells the visitor so. The store makes that answer for it.
func noReread(
	ctx context.Context, x *explorer, seen reset.User, encoded string,
) error {
	if x.ReplaceHash(ctx, seen, encoded) != nil {
		return reset.ErrStale
	}
	return nil
}

// rereadBelieved is a Service that looks after an error, and takes an old hash
// to mean that nothing was written.
func rereadBelieved(
	ctx context.Context, x *explorer, seen reset.User, encoded string,
) error {
	err := x.ReplaceHash(ctx, seen, encoded)
	if err == nil || errors.Is(err, reset.ErrStale) {
		return err
	}
	row, err := x.FindByID(ctx, seen.ID)
	if err == nil && row.PasswordHash != encoded {
		return reset.ErrStale
	}
	return err
}

// The explorer finds what it is made to find.
func TestExplorerFindsPlantedFaults(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		explorer
		replace func(context.Context, *explorer, reset.User, string) error
		claim   string
	}{
		"read-then-write": {
			explorer{confirms: 2},
			readThenWrite,
			"2 visitors were told of success",
		},
		"no re-read": {
			explorer{confirms: 1, faults: 1},
			noReread,
			"was rejected, and the new password is in force",
		},
		"re-read believed": {
			explorer{confirms: 1, faults: 1},
			rereadBelieved,
			"was rejected, and the new password is in force",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				row.store = func(reset.Store) reset.Store {
					return replacing{&row.explorer, row.replace}
				}
				schedules, broken := row.explore(t)
				require.Contains(t, broken, row.claim)
				t.Logf("found in schedule %d: %s", schedules, broken)
			})
		})
	}
}
