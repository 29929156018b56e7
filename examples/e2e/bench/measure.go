package main

import (
	"fmt"
	"io"
	"runtime"
	"text/tabwriter"
	"time"
)

// contender is one row of a table. op does the work once, and fails when it
// does not come out as it should.
type contender struct {
	name   string
	op     func() error
	best   time.Duration // for n runs, in the fastest pass
	n      int
	allocs float64
}

func (c *contender) nanos() float64 {
	return float64(c.best.Nanoseconds()) / float64(c.n)
}

// table holds contenders that do the same work; the first one is the floor.
type table struct {
	title string
	rows  []contender
}

// measure lets the contenders take turns.
func (t *table) measure(passes int, pass time.Duration) {
	for i := range t.rows {
		c := &t.rows[i]
		c.n = 1
		for c.best = c.time(); c.best < pass; c.best = c.time() {
			c.n *= 2
		}
		c.countAllocs()
	}
	for range passes {
		for i := range t.rows {
			t.rows[i].best = min(t.rows[i].best, t.rows[i].time())
		}
	}
}

func (c *contender) time() time.Duration {
	start := time.Now()
	for range c.n {
		if err := c.op(); err != nil {
			// it did not fail when the tables were made
			panic(fmt.Sprintf("%s: %v", c.name, err))
		}
	}
	return time.Since(start)
}

func (c *contender) countAllocs() {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c.time()
	runtime.ReadMemStats(&after)
	c.allocs = float64(after.Mallocs-before.Mallocs) / float64(c.n)
}

func (t *table) find(name string) *contender {
	for i := range t.rows {
		if t.rows[i].name == name {
			return &t.rows[i]
		}
	}
	panic("no row " + name)
}

func (t *table) print(out io.Writer) error {
	lines := []string{t.title + "\tns\tx floor\tallocs\t"}
	for i := range t.rows {
		c := &t.rows[i]
		lines = append(lines,
			fmt.Sprintf("%s\t%.0f\t%.2f\t%.0f\t", c.name, c.nanos(),
				c.nanos()/t.rows[0].nanos(), c.allocs))
	}
	return printAligned(out, append(lines, ""))
}

func printAligned(out io.Writer, lines []string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return w.Flush()
}
