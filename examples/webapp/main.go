// Command webapp is a small web application with accounts, whose forgotten
// passwords are reset by lostkey. Users and sessions live in one SQLite file;
// mails go to a page at /inbox unless -smtp, or LOSTKEY_SMTP for a URL with a
// password, names a server. The inbox and the audit trail are for this machine
// alone, see localOnly.
//
//	go run ./webapp
//
// Where to look: application.go puts the parts together, sessions.go ends a
// user's sessions in the transaction that stores a new password, login.go is
// the only other place that touches password hashes.
package main

import (
	"cmp"
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
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/token"
)

// options are the command line and the environment.
type options struct {
	addr, url, database string
	mailDir, smtp, from string
	mfa, limits, expose bool
	keys                string
}

// environment is what must not stand on a command line, which every user of the
// machine can read in the list of processes.
type environment struct {
	keys string // LOSTKEY_KEYS
	smtp string // LOSTKEY_SMTP, for a URL with a password
}

// shutdownTimeout bounds each half of stopping: requests that run, then mails
// that wait.
const shutdownTimeout = 10 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	env := environment{keys: os.Getenv("LOSTKEY_KEYS"), smtp: os.Getenv("LOSTKEY_SMTP")}
	err := run(ctx, os.Args[1:], env, os.Stdout, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "webapp:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, then stops in order: no new requests, the mails
// that wait, the database.
func run(ctx context.Context, args []string, env environment, out io.Writer, log *slog.Logger) error {
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
		log.Warn("links and passwords travel in clear: give -url an https address", "url", opts.url)
	}
	hasher, err := newHasher()
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	app, err := newApplication(ctx, opts, ring, hasher, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{
		Handler:           app.routes(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second, // longer than a password hash that waits its turn
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	_, _ = fmt.Fprintf(out, "Listening on %s. Open %s in a browser. Ctrl-C stops.\n", listener.Addr(), opts.url)

	select {
	case err = <-failed:
	case <-ctx.Done():
		log.Info("stopping")
	}
	return errors.Join(err, stopServer(server), app.close())
}

// openableAddress is configured, as far as a browser can open it: port 0 becomes
// the port that was picked, and a host that stands for every network becomes
// localhost.
func openableAddress(configured string, actual net.Addr) string {
	host, port, err := net.SplitHostPort(configured)
	if err != nil {
		return configured
	}
	if _, picked, err := net.SplitHostPort(actual.String()); err == nil {
		port = picked
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
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
		return errors.Join(fmt.Errorf("stop the server: %w", err), server.Close())
	}
	return nil
}

// parseOptions prints the flags to out when the arguments ask for them.
func parseOptions(args []string, env environment, out io.Writer) (options, error) {
	opts := options{keys: env.keys, limits: true, from: productName + " <no-reply@demo.example>"}
	database := filepath.Join(os.TempDir(), "lostkey-webapp-"+strconv.Itoa(os.Getuid()), "webapp.db")
	flags := flag.NewFlagSet("webapp", flag.ContinueOnError)
	flags.StringVar(&opts.addr, "addr", "127.0.0.1:8080", "listen on this `host:port`")
	flags.StringVar(&opts.url, "url", "", "public base `URL`, the start of every mailed link (default http:// and the value of -addr)")
	flags.StringVar(&opts.database, "db", database, "SQLite `file`, made when it is missing")
	flags.StringVar(&opts.mailDir, "mail-dir", "", "also write each mail to this `folder`, as one .eml file")
	flags.StringVar(&opts.smtp, "smtp", "", "send mails through this server instead of showing them at /inbox, `URL` like smtps://host:465; one with a password goes into LOSTKEY_SMTP instead")
	flags.StringVar(&opts.from, "from", opts.from, "sender of the mails, an `address` or Name <address>")
	flags.BoolVar(&opts.mfa, "mfa", false, "accounts have a second factor: passwords of 8 characters will do")
	flags.BoolVar(&opts.expose, "expose-mails-and-audit", false,
		"show /inbox, with live links for every account, and /audit to anybody who can reach this server, not to this machine alone")
	flags.Func("limits", "`on|off`: throttle sign-in, registration and reset (default on)", func(value string) error {
		if value != "on" && value != "off" {
			return errors.New("want on or off")
		}
		opts.limits = value == "on"
		return nil
	})
	flags.SetOutput(io.Discard) // the caller prints the error
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(out)
		flags.Usage()
	}
	if err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	switch {
	case strings.Contains(opts.smtp, "@"):
		return options{}, errors.New("-smtp names a user, and perhaps a password, which every user of " +
			"this machine can read in the list of processes: set LOSTKEY_SMTP to the URL instead")
	case opts.smtp != "" && env.smtp != "":
		return options{}, errors.New("-smtp and LOSTKEY_SMTP are both set")
	}
	opts.smtp = cmp.Or(opts.smtp, env.smtp)
	return opts, nil
}

// newHasher makes the one hasher of the process. Its queue lets a rush of
// visitors wait for some seconds, well within the server's WriteTimeout; those
// who come when it is full are asked to try again.
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
	log.Warn("LOSTKEY_KEYS is not set: signing with a key made now, so every mailed link dies when this process ends")
	key, err := token.GenerateKey("dev")
	if err != nil {
		return token.Keys{}, err
	}
	return token.NewKeys(key)
}
