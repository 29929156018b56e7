// Command webapp is a small web application with accounts, whose forgotten
// passwords are reset by lostkey. Users and sessions live in one SQLite file,
// or in the PostgreSQL or MySQL database that -db names. Mails go to a page at
// /inbox unless -smtp, or LOSTKEY_SMTP for a URL with a password, names a
// server. The inbox and the audit page, where networks can be blocked, are for
// this machine alone, see localOnly.
//
//	go run ./webapp
//
// Where to look: application.go puts the parts together, sessions.go ends a
// user's sessions in the transaction that stores a new password, login.go is
// the only other place that touches password hashes. totp.go asks for a second
// factor, locked.go locks an account whose owner says "this was not me", and
// addresses.go and recovery.go have links of the application's own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/token"
)

// shutdownTimeout bounds each half of stopping: requests that run, then mails
// that wait.
const shutdownTimeout = 10 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(
		context.Background(), os.Interrupt, syscall.SIGTERM,
	)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	env := environment{
		keys: os.Getenv("LOSTKEY_KEYS"), smtp: os.Getenv("LOSTKEY_SMTP"),
		database: os.Getenv("LOSTKEY_DB"),
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	err := run(ctx, os.Args[1:], env, os.Stdout, log)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "webapp:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, then stops in order: no new requests, the mails
// that wait, the database.
func run(
	ctx context.Context,
	args []string,
	env environment,
	out io.Writer,
	log *slog.Logger,
) error {
	opts, err := parseOptions(args, env, out)
	if err != nil {
		return err
	}
	ring, err := keyRing(opts.keys, log)
	if err != nil {
		return err
	}

	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", opts.addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if opts.url == "" {
		opts.url = "http://" + openableAddress(opts.addr, listener.Addr())
	}
	if strings.HasPrefix(opts.url, "http:") && !isThisMachine(opts.url) {
		log.Warn("links and passwords travel in clear: give -url an https "+
			"address", "url", opts.url)
	}

	hasher, err := newHasher()
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	app, err := newApplication(ctx, opts, ring, hasher, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}

	server := newServer(app.routes(), log)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	_, _ = fmt.Fprintf(out,
		"Listening on %s. Open %s in a browser. Ctrl-C stops.\n",
		listener.Addr(), opts.url)

	select {
	case err = <-failed:
	case <-ctx.Done():
		log.Info("stopping")
	}
	return errors.Join(err, stopServer(server), app.close())
}

func newServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		// Longer than a password hash that waits its turn.
		WriteTimeout:   30 * time.Second,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// openableAddress is configured, as far as a browser can open it. Port 0
// becomes the port that was picked, and a host that stands for every network
// becomes localhost.
func openableAddress(configured string, actual net.Addr) string {
	host, port, err := net.SplitHostPort(configured)
	if err != nil {
		return configured
	}
	if _, picked, err := net.SplitHostPort(actual.String()); err == nil {
		port = picked
	}
	ip, err := netip.ParseAddr(host)
	if host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

func isThisMachine(site string) bool {
	u, err := url.Parse(site)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

func stopServer(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		err = fmt.Errorf("stop the server: %w", err)
		return errors.Join(err, server.Close())
	}
	return nil
}

// newHasher makes the one hasher of the process. Its queue lets a rush of
// visitors wait for some seconds, well within the server's WriteTimeout. Those
// who come when it is full are asked to try later.
func newHasher() (*hash.Hasher, error) {
	slots, err := hash.NewSlots(hash.SlotsConfig{Queue: 256})
	if err != nil {
		return nil, err
	}
	return hash.New(hash.Config{Slots: slots})
}

// keyRing reads the keys that sign links. Without any it makes one, which is
// enough to try the application and nothing more.
func keyRing(keys string, log *slog.Logger) (token.Keys, error) {
	if keys != "" {
		ring, err := token.ParseKeys(keys)
		if err != nil {
			return token.Keys{}, fmt.Errorf("LOSTKEY_KEYS: %w", err)
		}
		return ring, nil
	}
	log.Warn("LOSTKEY_KEYS is not set: signing with a key made now, " +
		"so every mailed link dies when this process ends")
	return token.GenerateKeys("dev")
}
