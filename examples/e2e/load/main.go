// Command load asks for password resets as many visitors would, at rates that
// grow, and prints and draws what that costs. It asks this library, the web
// application that has it, Django's own reset, and a table of tokens as most
// tutorials write it, in turn and in one run, so that their ratios hold
// whatever the machine is.
//
//	go -C examples/e2e run ./load                    the table
//	go -C examples/e2e run ./load -svg FILE          and the chart
//	go -C examples/e2e run ./load -check             seconds, and the goals
//	go -C examples/e2e run ./load -growth            with 1,000 to 3,000,000 users
//
// All servers are processes of their own on the loopback interface. Each runs
// for a bounded time and ends with this program. PostgreSQL is that of
// LOSTKEY_POSTGRES, or the usual local one, where databases are made and
// dropped. It needs Linux, and Debian's python3-django and gunicorn. What is
// missing is skipped, with a word about it.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// options are the command line.
type options struct {
	serve         string
	rates         rates
	lasts         time.Duration
	rounds, users int
	svg           string
	check, growth bool
	postgres      string
}

// rates are in requests a second.
type rates []int

func (r *rates) String() string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint([]int(*r)), " ", ","), "[]")
}

func (r *rates) Set(text string) error {
	*r = nil
	for field := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 || n > 100_000 {
			return fmt.Errorf("a rate is %q, want 1 to 100000", field)
		}
		*r = append(*r, n)
	}
	return nil
}

func main() {
	log.SetFlags(0)
	opts := options{rates: rates{100, 200, 400, 800, 1600, 3200, 6400}}
	flag.StringVar(&opts.serve, "serve", "",
		"be this `server`, for the program's own use")
	flag.Var(&opts.rates, "rates", "requests a second, one rate after another")
	flag.DurationVar(&opts.lasts, "for", 3*time.Second,
		"how long each rate lasts, a minute at most")
	flag.IntVar(&opts.rounds, "rounds", 10, "rounds of the comparison of costs")
	flag.IntVar(&opts.users, "users", 1000, "accounts in each database")
	flag.StringVar(&opts.svg, "svg", "", "write the chart to this `file`")
	flag.BoolVar(&opts.check, "check", false,
		"compare costs alone, and exit 1 when a goal is missed by more than 30 %")
	flag.BoolVar(&opts.growth, "growth", false,
		"measure how the cost grows with the number of users, and no more")
	flag.Parse()
	opts.postgres = postgresURL()
	opts.lasts = min(opts.lasts, time.Minute)

	ctx, stop := signal.NotifyContext(
		context.Background(), os.Interrupt, syscall.SIGTERM,
	)
	err := run(ctx, opts)
	stop()
	if err != nil {
		log.Fatal("load: ", err)
	}
}

func postgresURL() string {
	return cmp.Or(os.Getenv("LOSTKEY_POSTGRES"),
		"postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable")
}

func run(ctx context.Context, opts options) error {
	switch {
	case opts.serve != "":
		where := os.Getenv("LOAD_DATABASE")
		return serve(opts.serve, where, os.Stdin, os.Stdout)
	case opts.growth:
		return growth(ctx, opts, os.Stdout)
	}
	return compare(ctx, opts, os.Stdout)
}
