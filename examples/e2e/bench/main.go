// Command bench prints what tokens cost: this library's, and those of the
// libraries that people use instead, doing the same work in one process.
//
//	go -C examples/e2e run ./bench            the tables
//	go -C examples/e2e run ./bench -check     and the goals
//
// With -check it fails where a goal is missed by more than 30 %.
//
// Every figure is the best of many short passes, in which the contenders take
// turns, so that other load on the machine hits all of them. Read the ratios:
// the nanoseconds are those of one machine on one day.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"time"
)

func main() {
	passes := flag.Int("passes", 40,
		"how many passes; each figure is the best one")
	pass := flag.Duration("pass", 5*time.Millisecond,
		"how long one contender runs in one pass")
	check := flag.Bool("check", false,
		"exit 1 when a goal is missed by more than 30 %")
	flag.Parse()
	log.SetFlags(0)
	if err := run(os.Stdout, *passes, *pass, *check); err != nil {
		log.Fatal("bench: ", err)
	}
}

func run(out io.Writer, passes int, pass time.Duration, check bool) error {
	tables, err := tables()
	if err != nil {
		return err
	}
	for i := range tables {
		tables[i].measure(passes, pass)
		if err := tables[i].print(out); err != nil {
			return err
		}
	}
	return goals(out, tables, check)
}

// tables returns what is measured. The first contender of each is the floor.
func tables() ([]table, error) {
	ours, err := newOurs()
	if err != nil {
		return nil, err
	}
	rivals, err := newRivals()
	if err != nil {
		return nil, err
	}
	issue := table{
		title: "Issue",
		rows: append([]contender{{name: floorName, op: floorIssue()}},
			ours.issue()...),
	}
	verify := table{
		title: "Verify",
		rows: append([]contender{{name: floorName, op: floorVerify()}},
			ours.verify()...),
	}
	for _, r := range rivals {
		issue.rows = append(issue.rows, contender{name: r.name, op: r.issue})
		verify.rows = append(verify.rows, contender{name: r.name, op: r.verify})
	}

	reject := table{
		title: "Reject",
		rows: append([]contender{{
			name: floorName + " (verify)",
			op:   floorVerify(),
		}}, ours.reject()...),
	}
	reject.rows = append(reject.rows, rivals[0].rejects...)
	for _, t := range []table{issue, verify, reject} {
		for _, c := range t.rows {
			if err := c.op(); err != nil {
				return nil, fmt.Errorf("%s, %s: %w", t.title, c.name, err)
			}
		}
	}

	return []table{issue, verify, reject}, nil
}
