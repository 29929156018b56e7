package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// calm is how long a server must have been idle before its work counts as
// done. It is longer than the audit trail keeps events in memory.
const calm = 200 * time.Millisecond

// A measurement is what a volley cost a server, with the work that it did after
// its answers.
type measurement struct {
	*volley
	typed     int // addresses with an account.
	mailed    int // mails sent, or -1 where they cannot be counted.
	processor time.Duration
	bytes     int64
	rows      int
}

// perRequest is the processor time of one request, in microseconds.
func (m *measurement) perRequest() float64 {
	return float64(m.processor) / float64(max(1, m.answered)) /
		float64(time.Microsecond)
}

// complete returns an error if a request had no answer, or an account no mail.
// What a server leaves out costs nothing.
func (m *measurement) complete() error {
	switch {
	case m.failed > 0:
		return fmt.Errorf("no answer to %d of %d", m.failed, m.offered)
	case m.mailed >= 0 && m.mailed != m.typed:
		return fmt.Errorf("%d mails, want %d", m.mailed, m.typed)
	}
	return nil
}

// measure has shoot send requests and waits until the server is idle again.
func (t *target) measure(
	ctx context.Context, users int, of visitors,
	shoot func(typed func() string) (*volley, error),
) (*measurement, error) {
	m := &measurement{mailed: -1}
	before, err := t.counters(ctx)
	if err != nil {
		return nil, err
	}

	addresses := make([]string, 1<<14)
	for i := range addresses {
		addresses[i] = of.address(users)
	}
	next := newCounter()
	typed := func() string {
		return addresses[next.add()%len(addresses)]
	}
	if m.volley, err = shoot(typed); err != nil {
		return nil, err
	}
	if err := t.settle(ctx); err != nil {
		return nil, err
	}

	after, err := t.counters(ctx)
	if err != nil {
		return nil, err
	}
	m.processor, m.bytes = after.spent(before.cost)
	m.rows = after.rows - before.rows
	if !t.django {
		m.mailed = after.mails - before.mails
	}
	for i := range next.value() {
		if isKnown(addresses[i%len(addresses)]) {
			m.typed++
		}
	}
	return m, nil
}

// counters are what a target has done up to some moment.
type counters struct {
	cost
	mails, rows int
}

func (t *target) counters(ctx context.Context) (c counters, err error) {
	if !t.django {
		if c.mails, err = t.mails(ctx); err != nil {
			return c, fmt.Errorf("%s: count mails: %w", t.name, err)
		}
	}
	if c.rows, err = t.countRows(ctx); err != nil {
		return c, fmt.Errorf("%s: count rows: %w", t.name, err)
	}
	c.cost, err = t.cost(ctx)
	return c, err
}

// settle waits until the server uses no processor any longer, for half a minute
// at most.
func (t *target) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()

	before, err := t.cost(ctx)
	for err == nil {
		select {
		case <-time.After(calm):
		case <-ctx.Done():
			return fmt.Errorf("%s is not done: %w", t.name, ctx.Err())
		}
		var after cost
		if after, err = t.cost(ctx); err != nil {
			break
		}
		if used, _ := after.spent(before); used < 2*time.Millisecond {
			return nil
		}
		before = after
	}
	return err
}

// costs are what a request costs a server, in microseconds of processor time,
// by who asks.
type costs map[visitors][]float64

// best is the least of them. Whatever else runs on the machine only adds.
func (c costs) best(of visitors) float64 {
	if len(c[of]) == 0 {
		return 0
	}
	return slices.Min(c[of])
}

// compareCosts sends short bursts to the servers in turn, so that other load on
// the machine hits all of them.
func compareCosts(
	ctx context.Context, targets []*target, opts options, bar *progress,
) (map[*target]costs, error) {
	const burst, warm = 600, 300
	all := map[*target]costs{}

	for round := range opts.rounds + 1 {
		for _, t := range targets {
			for _, of := range []visitors{known, unknown} {
				bar.step("a request to " + t.name)
				count := burst
				if round == 0 {
					count = warm
				}
				m, err := t.measure(ctx, opts.users, of,
					func(typed func() string) (*volley, error) {
						return rush(ctx, t.address, count, typed)
					})
				if err != nil {
					return nil, err
				}

				if err := m.complete(); err != nil {
					return nil, fmt.Errorf("%s: %w", t.name, err)
				}
				if round == 0 {
					all[t] = costs{}
					continue
				}
				all[t][of] = append(all[t][of], m.perRequest())
			}
		}
	}
	return all, nil
}
