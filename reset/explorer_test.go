//go:build !race

package reset_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

// An explorer drives a Service through every order of the steps of some actors
// over a model of a store, depth first, by running the same actors again and
// again with other choices. Nothing is drawn by chance, and one goroutine runs
// at a time, which leaves the race detector nothing to find.
//
// A step is one call of the store, of the function that ends sessions or of the
// queue. Every call may go well or fail in each way that its moves name, and a
// visitor may crash before each, as long as the schedule has no more failures
// than faults. A write that was left under way is committed at any later time.
// A job that looks for one is worked on once in all orders with everything
// else, and then until it is done. Visitors differ by nothing but their
// number, so they begin in the order of their numbers.
type explorer struct {
	confirms int
	others   []string // of "password", "address" and "disable", each one step
	faults   int      // at most so many failures and crashes in one schedule
	inStore  bool     // sessions end with the write

	// store, if set, is put between the Service and the model: planted faults.
	store func(reset.Store) reset.Store

	svc   *reset.Service
	links []string
	clock *clock
	run   *schedule
	path  []branch
}

// A branch is one choice of a schedule, for the search to come back to.
type branch struct{ picked, of int }

// errModel is what the model's calls fail with.
var errModel = errors.New("model: connection lost")

// plainRenderer writes mails that nobody reads.
type plainRenderer struct{}

func (plainRenderer) Render(mail.Data) (mail.Message, error) {
	return mail.Message{Subject: "x", Text: "x"}, nil
}

// start makes the Service and the links, all bound to the same state.
func (x *explorer) start(t *testing.T) {
	t.Helper()

	hasher, err := hash.NewInsecure(
		hash.Config{Params: hash.PBKDF2SHA256{Rounds: 1}},
	)
	require.NoError(t, err)
	x.clock = &clock{now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	var store reset.Store = x
	if x.store != nil {
		store = x.store(x)
	}
	sessions := reset.EndSessionsWith(x.endSessions)
	if x.inStore {
		sessions = reset.EndSessionsInStore()
	}

	x.svc, err = reset.New(reset.Config{
		Site:     site,
		From:     "app@app.example",
		Keys:     testKeys(),
		Store:    store,
		Mailer:   mail.MailerFunc(x.send),
		Sessions: sessions,
		Hasher:   hasher,
		Events:   reset.SinkFunc(x.record),
		Limits:   reset.Limits{Off: true},
		Queue:    reset.Queue{Dispatch: x.dispatch},
		Now:      x.clock.Now,
		Policy: policyFunc(
			func(context.Context, string, []string) error { return nil },
		),
		Mail: reset.Mail{Renderer: plainRenderer{}},
	})

	require.NoError(t, err)

	x.run = newSchedule()
	for range x.confirms {
		made, err := x.svc.Link(t.Context(), "7", reset.LinkOptions{})
		require.NoError(t, err)
		x.links = append(x.links, rawOf(made))
		x.clock.advance(time.Second)
	}
}

// explore runs all schedules and returns how many there were, and the first
// one that breaks a claim.
func (x *explorer) explore(t *testing.T) (schedules int, broken string) {
	t.Helper()
	x.start(t)
	defer func() { require.NoError(t, x.svc.Shutdown(t.Context())) }()

	x.path = nil
	for {
		x.replay(t.Context())
		schedules++
		if claim := x.check(t); claim != "" && broken == "" {
			broken = claim + "\n\t" + strings.Join(x.run.log, "\n\t")
		}

		last := len(x.path) - 1
		for last >= 0 && x.path[last].picked+1 == x.path[last].of {
			last--
		}
		if last < 0 || broken != "" {
			return schedules, broken
		}
		x.path = x.path[:last+1]
		x.path[last].picked++
	}
}

// replay runs one schedule: as the path says, and then the first move each
// time.
func (x *explorer) replay(ctx context.Context) {
	run := newSchedule()
	x.run = run
	for i := range x.confirms {
		x.launch(
			ctx,
			fmt.Sprintf("visitor %d", i+1),
			true,
			func(ctx context.Context, a *actor) {
				a.err = x.svc.Confirm(ctx, reset.ConfirmInput{
					Token:    x.links[i],
					Password: newPassword,
				})
			},
		)
	}

	for _, name := range x.others {
		x.launch(
			ctx, name, false,
			func(ctx context.Context, _ *actor) { x.change(ctx, name) },
		)
	}

	for depth := 0; ; depth++ {
		moves := run.moves(x.faults)
		if len(moves) == 0 {
			break
		}
		if depth == len(x.path) {
			x.path = append(x.path, branch{of: len(moves)})
		}
		run.take(moves[x.path[depth].picked])
	}

	// What has crashed must come to its end, and has no effect any more.
	for _, a := range run.actors {
		a.stop()
	}
	x.settle(ctx)
}

// settle does the jobs that are still queued, without failures: an engine calls
// for as long as it takes.
func (x *explorer) settle(ctx context.Context) {
	x.run.now++
	for _, q := range x.run.queue {
		if isFollowUp(q.job) && !q.done {
			q.done = x.svc.Process(
				context.WithValue(ctx, jobKey{}, q), q.job,
			) == nil
		}
	}
}

// A schedule is one run: the model's rows, what was done, and who is at which
// step.
type schedule struct {
	rows    []reset.User // all versions of the one row
	pending []move       // writes that will be committed later
	actors  []*actor
	queue   []*queued
	ended   []int // when sessions were ended
	events  []reset.Event
	changed int // when somebody other than a confirmation set the password
	now     int // counts the moves
	faults  int
	log     []string
}

func newSchedule() *schedule { return &schedule{rows: []reset.User{ana()}} }

func (s *schedule) row() reset.User { return s.rows[len(s.rows)-1] }

func (s *schedule) write(change func(row *reset.User)) {
	row := s.row()
	change(&row)
	s.rows = append(s.rows, row)
}

// A queued is a job in the model's queue.
type queued struct {
	job    reset.Job
	by     *actor
	mailed bool
	done   bool
}

// An actor is a goroutine that stands before one of its steps.
type actor struct {
	name    string
	visitor bool
	offer   func() []move // what may become of the step it stands before
	next    func() (struct{}, bool)
	stop    func()
	pause   func(struct{}) bool
	done    bool
	crashed bool
	begun   bool

	err     error
	encoded string // the hash that the Service made for it
	landed  int    // when that was written, or 0
}

// A move is one thing that may happen next.
type move struct {
	name  string
	fault bool
	by    *actor // who goes on after it; nil for a late commit
	do    func()
}

type (
	actorKey struct{}
	jobKey   struct{}
)

func (x *explorer) launch(
	ctx context.Context, name string, visitor bool,
	body func(context.Context, *actor),
) {
	a := &actor{name: name, visitor: visitor}
	a.next, a.stop = iter.Pull(func(yield func(struct{}) bool) {
		a.pause = yield
		body(context.WithValue(ctx, actorKey{}, a), a)
		a.done = true
	})
	x.run.actors = append(x.run.actors, a)
	a.next()
}

// step waits until the explorer has made one of the moves. It is false when the
// actor has crashed. Without an actor the first move is made at once.
func (x *explorer) step(ctx context.Context, offer func() []move) bool {
	a, ok := ctx.Value(actorKey{}).(*actor)
	if !ok {
		offer()[0].do()
		return true
	}
	if a.crashed {
		return false
	}
	a.offer = offer
	return a.pause(struct{}{})
}

// moves lists what may happen next, in a fixed order.
func (s *schedule) moves(faults int) []move {
	var all []move
	first := true
	for _, a := range s.actors {
		waits := a.visitor && !a.begun && !first
		if a.visitor && !a.begun {
			first = false
		}
		if a.done || a.crashed || waits {
			continue
		}
		for _, m := range a.offer() {
			m.by, m.name = a, a.name+" "+m.name
			if !m.fault || s.faults < faults {
				all = append(all, m)
			}
		}
		if a.visitor && s.faults < faults {
			all = append(all, move{
				name:  a.name + " crashes",
				fault: true,
				do:    func() { a.begun, a.crashed = true, true },
			})
		}
	}

	return append(all, s.pending...)
}

func (s *schedule) take(m move) {
	s.now++
	s.log = append(s.log, m.name)
	if m.fault {
		s.faults++
	}
	m.do()
	if m.by != nil {
		m.by.begun = true
		m.by.next()
	}
	s.pending = slices.DeleteFunc(
		s.pending, func(p move) bool { return p.name == m.name },
	)
}
