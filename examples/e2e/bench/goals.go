package main

import (
	"errors"
	"fmt"
	"io"
)

// slack is how far over a goal a shared machine may be before -check fails.
const slack = 1.3

type goal struct {
	name      string
	got, most float64
	exact     bool // counted, not timed: no slack
}

// goals compares what was measured with what the library is meant to keep.
func goals(out io.Writer, tables []table, check bool) error {
	issue, verify, reject := &tables[0], &tables[1], &tables[2]
	floorIssue, floorVerify := issue.rows[0].nanos(), verify.rows[0].nanos()
	ourIssue, ourVerify := issue.find(oursName), verify.find(oursName)
	ours := func(kind string) *contender {
		return reject.find("this library, " + kind)
	}
	all := []goal{
		{"issue, x floor", ourIssue.nanos() / floorIssue, 3.5, false},
		{"verify, x floor", ourVerify.nanos() / floorVerify, 4.2, false},
		{"issue, x golang-jwt", ourIssue.nanos() / issue.find(golangJWTName).nanos(), 0.35, false},
		{"verify, x golang-jwt", ourVerify.nanos() / verify.find(golangJWTName).nanos(), 0.35, false},
		{"issue, allocations", ourIssue.allocs, 3, true},
		{"verify, allocations", ourVerify.allocs, 4, true},
		{"over-long, 1 MB, x floor", ours("over-long, 1 MB").nanos() / floorVerify, 0.3, false},
		{"over-long, 1 MB of dots, x floor", ours("over-long, 1 MB of dots").nanos() / floorVerify, 0.3, false},
		{"over-long, allocations", ours("over-long, 1 MB").allocs, 0, true},
		{"over-long, 1 MB, x 2 KB", ours("over-long, 1 MB").nanos() / ours("over-long, 2 KB").nanos(), 1.1, false},
		{"wrong key id, x floor", ours("wrong key id").nanos() / floorVerify, 0.5, false},
		{"bad signature, x verify", ours("bad signature").nanos() / ourVerify.nanos(), 0.7, false},
	}
	lines := []string{"Goal\tis\tat most\t\t"}
	missed := 0
	for _, g := range all {
		limit, verdict := g.most, "kept"
		if !g.exact {
			limit *= slack
		}
		switch {
		// A stray allocation of the runtime's is no allocation of ours.
		case int(g.got*100) > int(limit*100)+1:
			verdict = "MISSED"
			missed++
		case g.got > g.most+0.01:
			verdict = "within the slack"
		}
		lines = append(lines,
			fmt.Sprintf("%s\t%.2f\t%.2f\t%s\t", g.name, g.got, g.most, verdict))
	}
	if err := printAligned(out, lines); err != nil {
		return err
	}
	if check && missed > 0 {
		return errors.New("goals were missed by more than 30 %")
	}
	return nil
}
