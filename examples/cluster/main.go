package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	riverjobs "github.com/lostkey-go/lostkey/examples/river"
	"github.com/lostkey-go/lostkey/token"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == instanceArg {
		os.Exit(instanceMain())
	}
	ctx, stop := signal.NotifyContext(
		context.Background(), os.Interrupt, syscall.SIGTERM,
	)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

// instanceMain is the main function of an instance.
func instanceMain() int {
	// Ctrl-C reaches all processes of a terminal. The program tells the
	// instances when to stop.
	signal.Ignore(os.Interrupt)
	if err := runInstance(os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "instance:", err)
		return 1
	}
	return 0
}

// run starts the cluster and shows its mails until ctx ends.
func run(ctx context.Context, args []string, out, log io.Writer) error {
	flags := flag.NewFlagSet("cluster", flag.ContinueOnError)
	flags.SetOutput(log)
	opts := options{Instances: 3, Users: 1000, Log: log}
	flags.StringVar(&opts.Listen, "addr", "127.0.0.1:8080",
		"address of nginx")
	flags.StringVar(&opts.Postgres, "postgres", defaultPostgres(),
		"URL of a database, on whose server the program makes one of its own")
	flags.StringVar(&opts.Redis, "redis", defaultRedis(), "address of Redis")
	clock := flags.Duration("clock", 0,
		"by how much the clock of instance-3 is wrong, such as 5m or -5h")
	if err := flags.Parse(args); err != nil {
		return err
	}

	keys := os.Getenv("LOSTKEY_KEYS")
	if keys == "" {
		ring, err := token.GenerateKeys("dev")
		if err != nil {
			return err
		}
		keys = ring.Reveal()
	}
	opts.Settings = settings{
		Keys: keys, Timeout: riverjobs.Timeout, Rescue: riverjobs.RescueAfter,
	}
	opts.Each = func(i int, s *settings) {
		if i == 2 {
			s.Clock = *clock
		}
	}
	c, err := startCluster(ctx, opts)
	if err != nil {
		return err
	}
	c.inbox.onAccept(func(m received) error {
		_, err := fmt.Fprintf(out, "\nMail from %s to %s: %s\n\n%s\n",
			m.By, m.To, m.Subject, m.Text)
		return err
	})
	_, _ = fmt.Fprintf(out, "Open %s and ask for user-1@app.example, "+
		"up to user-%d@app.example. Mails are shown here. Ctrl-C stops.\n",
		c.url, opts.Users)
	<-ctx.Done()
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx),
		time.Minute)
	defer cancel()
	return c.stop(stopCtx)
}

func defaultPostgres() string {
	if dsn := os.Getenv("LOSTKEY_POSTGRES"); dsn != "" {
		return dsn
	}
	return "postgres://postgres@127.0.0.1:5432/postgres"
}

func defaultRedis() string {
	if addr := os.Getenv("LOSTKEY_REDIS"); addr != "" {
		return addr
	}
	return "127.0.0.1:6379"
}
