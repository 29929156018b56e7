package main

import (
	"fmt"
	"os"
	"strings"
)

// A progress is a bar on one line of a terminal. Elsewhere it is silent.
type progress struct {
	out         *os.File // nil for none.
	done, total int
}

// newProgress has its bar on the standard error.
func newProgress(total int) *progress {
	p := &progress{total: total}
	info, err := os.Stderr.Stat()
	if err == nil && info.Mode()&os.ModeCharDevice != 0 {
		p.out = os.Stderr
	}
	return p
}

func (p *progress) step(what string) {
	if p.out == nil {
		return
	}
	const width = 30
	full := width * p.done / max(p.total, 1)
	_, _ = fmt.Fprintf(p.out, "\r[%s%s] %3d %%  %-40s",
		strings.Repeat("#", full), strings.Repeat(".", width-full),
		100*p.done/max(p.total, 1), what)
	p.done++
}

func (p *progress) end() {
	if p.out == nil {
		return
	}
	_, _ = fmt.Fprintf(p.out, "\r%-80s\r", "")
}
