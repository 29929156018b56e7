package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"
)

// The names of the targets.
const (
	nameAudited = "library, SQLite, audit"
	nameSilent  = "library, SQLite"
	nameBare    = "bare handler, SQLite"
	nameWebapp  = "web application, SQLite"
	nameTable   = "token table, SQLite"
	nameDjango  = "Django, SQLite"

	nameAuditedServer = "library, PostgreSQL, audit"
	nameWebappServer  = "web application, PostgreSQL"
	nameTableServer   = "token table, PostgreSQL"
)

// compare runs all targets, one volley at a time, and prints what it costs.
func compare(ctx context.Context, opts options, out io.Writer) (err error) {
	folder, err := os.MkdirTemp("", "load")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()

	m := &maker{folder: folder, postgres: opts.postgres, users: opts.users}
	targets, err := m.all(ctx, opts, out)
	defer func() {
		for _, t := range targets {
			err = errors.Join(err, t.stop())
		}
	}()
	if err != nil {
		return err
	}

	total := 2 * (opts.rounds + 1) * len(targets)
	if !opts.check {
		total += len(targets) * len(opts.rates)
	}
	bar := newProgress(total)
	each, err := compareCosts(ctx, targets, opts, bar)
	if err != nil {
		return err
	}
	if opts.check {
		bar.end()
		printCosts(out, targets, each)
		return goals(out, targets, each)
	}

	curves, err := climb(ctx, targets, opts, bar)
	bar.end()
	if err != nil {
		return err
	}
	printCosts(out, targets, each)
	printCurves(out, curves)
	if err := goals(out, targets, each); err != nil {
		return err
	}
	if opts.svg == "" {
		return nil
	}
	return os.WriteFile(opts.svg, draw(curves), 0o644) //nolint:gosec // it is a picture.
}

// all starts the targets. Those that need what is missing are left out.
func (m *maker) all(
	ctx context.Context, opts options, out io.Writer,
) (all []*target, err error) {
	add := func(t *target, err error) error {
		if t != nil {
			all = append(all, t)
		}
		return err
	}

	for _, own := range []struct{ name, kind string }{
		{nameBare, serveBare},
		{nameSilent, serveSilent},
		{nameAudited, serveAudited},
		{nameTable, serveTable},
	} {
		if err := add(m.own(ctx, own.name, own.kind, false)); err != nil {
			return all, err
		}
	}
	if t, err := m.djangoServer(ctx, nameDjango); err == nil {
		all = append(all, t)
	} else if os.Getenv("LOSTKEY_REQUIRE_TOOLS") == "1" {
		return all, err
	} else {
		_, _ = fmt.Fprintf(out, "skipped: no Django: %v\n", err)
	}
	if opts.check {
		return all, nil
	}

	if err := add(m.webapp(ctx, nameWebapp, false)); err != nil {
		return all, err
	}
	if err := reach(ctx, opts.postgres); err != nil {
		if os.Getenv("LOSTKEY_REQUIRE_SERVICES") == "1" {
			return all, err
		}
		_, _ = fmt.Fprintf(out, "skipped: no PostgreSQL: %v\n", err)
		return all, nil
	}
	err = add(m.own(ctx, nameAuditedServer, serveAudited, true))
	if err == nil {
		err = add(m.webapp(ctx, nameWebappServer, true))
	}
	if err == nil {
		err = add(m.own(ctx, nameTableServer, serveTable, true))
	}
	return all, err
}

func reach(ctx context.Context, postgres string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	db, err := sql.Open("pgx", postgres)
	if err != nil {
		return err
	}
	return errors.Join(db.PingContext(ctx), db.Close())
}

// A curve is how one target did at each rate that it could be asked at.
type curve struct {
	name  string
	steps []step
}

type step struct {
	rate int
	*measurement
}

// overloaded reports whether the server is behind. Higher rates would only keep
// it busy.
func (s step) overloaded() bool {
	return s.failed > 0 || s.percentile(95) > time.Second
}

// climb asks each target at each rate, the targets in turn.
func climb(
	ctx context.Context, targets []*target, opts options, bar *progress,
) ([]*curve, error) {
	curves := make([]*curve, len(targets))
	for i, t := range targets {
		curves[i] = &curve{name: t.name}
	}

	for _, rate := range opts.rates {
		for i, t := range targets {
			bar.step(fmt.Sprintf("%s, %d/s", t.name, rate))
			c := curves[i]
			if n := len(c.steps); n > 0 && c.steps[n-1].overloaded() {
				continue
			}
			m, err := t.measure(ctx, opts.users, mixed,
				func(typed func() string) (*volley, error) {
					return fire(ctx, t.address, rate, opts.lasts, typed)
				})
			if err != nil {
				return nil, err
			}
			c.steps = append(c.steps, step{rate, m})
		}
	}
	return curves, nil
}

func printCosts(out io.Writer, targets []*target, each map[*target]costs) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "\nProcessor time of a request, µs\tknown\tunknown\t")
	for _, t := range targets {
		_, _ = fmt.Fprintf(w, "%s\t%.0f\t%.0f\t\n",
			t.name, each[t].best(known), each[t].best(unknown))
	}
	_ = w.Flush()
}

func printCurves(out io.Writer, curves []*curve) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, c := range curves {
		_, _ = fmt.Fprintf(w, "\n%s\tanswers/s\tp50 ms\tp95\tp99\tmax\t"+
			"µs/request\trows\twritten kB\tmailed\t\n", c.name)
		for _, s := range c.steps {
			sent := "all"
			if s.mailed >= 0 && s.mailed < s.typed {
				sent = fmt.Sprintf("%.0f %%",
					100*float64(s.mailed)/float64(s.typed))
			}
			_, _ = fmt.Fprintf(w,
				"%d/s\t%.0f\t%.1f\t%.1f\t%.1f\t%.1f\t%.0f\t%d\t%d\t%s\t\n",
				s.rate, s.throughput(), millis(s.percentile(50)),
				millis(s.percentile(95)), millis(s.percentile(99)),
				millis(s.percentile(100)), s.perRequest(), s.rows,
				s.bytes/1000, sent)
		}
	}
	_ = w.Flush()
}
