//go:build !race

package reset_test

import (
	"context"
	"fmt"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
)

// FindByID reads the row, an older version of it, or fails.
func (x *explorer) FindByID(
	ctx context.Context, _ string,
) (user reset.User, err error) {
	alive := x.step(ctx, func() []move {
		last := len(x.run.rows) - 1
		moves := []move{{name: "reads", do: func() { user = x.run.rows[last] }}}
		for i, row := range x.run.rows[:last] {
			moves = append(moves, move{
				name: fmt.Sprintf(
					"reads what the row was %d changes ago", last-i,
				),
				fault: true,
				do:    func() { user = row },
			})
		}

		return append(moves, move{
			name:  "fails to read",
			fault: true,
			do:    func() { err = errModel },
		})
	})

	if !alive {
		return reset.User{}, errModel
	}
	return user, err
}

// FindByEmail is not needed for confirmations.
func (x *explorer) FindByEmail(context.Context, string) ([]reset.User, error) {
	return nil, errModel
}

// ReplaceHash compares and writes in one step, which may fail on either side of
// it, be refused for nothing, or be committed later.
func (x *explorer) ReplaceHash(
	ctx context.Context, seen reset.User, encoded string,
) (err error) {
	by, _ := ctx.Value(actorKey{}).(*actor)
	if by != nil {
		by.encoded = encoded
	}
	alive := x.step(ctx, func() []move {
		run := x.run
		moves := []move{
			{
				name: "replaces the hash",
				do:   func() { err = x.swap(by, seen, encoded) },
			},
			{
				name:  "fails before the write",
				fault: true,
				do:    func() { err = errModel },
			},
		}

		if !matches(run.row(), seen) {
			return moves
		}
		return append(
			moves,
			move{
				name:  "is told stale for nothing",
				fault: true,
				do:    func() { err = reset.ErrStale },
			},
			move{name: "fails after the write", fault: true, do: func() {
				_ = x.swap(by, seen, encoded)
				err = errModel
			}},
			move{
				name:  "fails, and the write will be committed later",
				fault: true,
				do: func() {
					run.pending = append(run.pending, move{
						name: "the write of " + by.name + " is committed",
						do:   func() { _ = x.swap(by, seen, encoded) },
					})
					err = errModel
				},
			},
		)
	})

	if !alive {
		return errModel
	}
	return err
}

func matches(row, seen reset.User) bool {
	return row.PasswordHash == seen.PasswordHash && row.Email == seen.Email &&
		row.Stamp == seen.Stamp && !row.Disabled
}

func (x *explorer) swap(by *actor, seen reset.User, encoded string) error {
	if !matches(x.run.row(), seen) {
		return reset.ErrStale
	}
	x.overwrite(by, encoded)
	return nil
}

func (x *explorer) overwrite(by *actor, encoded string) {
	x.run.write(func(row *reset.User) { row.PasswordHash = encoded })
	if by != nil {
		by.landed = x.run.now
	}
}

// change is what the application does of its own, in one step.
func (x *explorer) change(ctx context.Context, name string) {
	x.step(ctx, func() []move {
		return []move{{name: "is changed", do: func() {
			x.run.write(func(row *reset.User) {
				switch name {
				case "password":
					row.PasswordHash = "$somebody$else"
					x.run.changed = x.run.now
				case "address":
					row.Email = "ana@new.example"
				case "disable":
					row.Disabled = true
				}
			})
		}}}
	})
}

func (x *explorer) endSessions(ctx context.Context, _ string) (err error) {
	end := func() { x.run.ended = append(x.run.ended, x.run.now) }
	alive := x.step(ctx, func() []move {
		return []move{
			{name: "ends sessions", do: end},
			{
				name:  "fails before it ends sessions",
				fault: true,
				do:    func() { err = errModel },
			},
			{
				name:  "fails after it has ended sessions",
				fault: true,
				do: func() {
					end()
					err = errModel
				},
			},
		}
	})

	if !alive {
		return errModel
	}
	return err
}

// dispatch queues a job. A job that waits for a write is worked on at once, in
// all orders with everything else.
func (x *explorer) dispatch(ctx context.Context, job reset.Job) (err error) {
	by, _ := ctx.Value(actorKey{}).(*actor)
	var q *queued
	queue := func() {
		q = &queued{job: job, by: by}
		x.run.queue = append(x.run.queue, q)
	}

	alive := x.step(ctx, func() []move {
		return []move{
			{name: "queues a notice", do: queue},
			{
				name:  "fails before it queues a notice",
				fault: true,
				do:    func() { err = errModel },
			},
			{
				name:  "fails after it has queued a notice",
				fault: true,
				do: func() {
					queue()
					err = errModel
				},
			},
		}
	})

	if !alive {
		return errModel
	}

	if q != nil && isFollowUp(job) {
		x.launch(
			context.WithValue(context.WithoutCancel(ctx), jobKey{}, q),
			"the worker",
			false,
			func(ctx context.Context, _ *actor) {
				q.done = x.svc.Process(ctx, job) == nil
			},
		)
	}

	return err
}

func (x *explorer) send(ctx context.Context, _ mail.Message) error {
	ctx.Value(jobKey{}).(*queued).mailed = true
	return nil
}

func (x *explorer) record(ctx context.Context, ev reset.Event) {
	if a, ok := ctx.Value(actorKey{}).(*actor); ok && a.crashed {
		return
	}
	x.run.events = append(x.run.events, ev)
}
