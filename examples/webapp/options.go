package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// options are the command line and the environment.
type options struct {
	addr, url, database string
	mailDir, smtp, from string
	mfa, limits, expose bool
	keys                string
	now                 func() time.Time // nil but for tests
}

// environment is what must not stand on a command line, which every user of the
// machine can read in the list of processes.
type environment struct {
	keys     string // LOSTKEY_KEYS
	smtp     string // LOSTKEY_SMTP, for a URL with a password
	database string // LOSTKEY_DB, likewise
}

// parseOptions prints the flags to out when the arguments ask for them.
func parseOptions(
	args []string, env environment, out io.Writer,
) (options, error) {
	opts := options{
		keys: env.keys, limits: true,
		from: productName + " <no-reply@demo.example>",
	}
	flags := opts.flags()
	flags.SetOutput(io.Discard) // the caller prints the error
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(out)
		flags.Usage()
	}
	if err != nil {
		return options{}, err
	}

	switch {
	case flags.NArg() > 0:
		return options{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case strings.Contains(opts.smtp, "@"):
		return options{}, errors.New("-smtp names a user, and perhaps a " +
			"password, which every user of this machine can read in the " +
			"list of processes: set LOSTKEY_SMTP to the URL instead")
	case opts.smtp != "" && env.smtp != "":
		return options{}, errors.New("-smtp and LOSTKEY_SMTP are both set")
	case opts.database != "" && env.database != "":
		return options{}, errors.New("-db and LOSTKEY_DB are both set")
	}

	opts.smtp = cmp.Or(opts.smtp, env.smtp)
	opts.database = cmp.Or(opts.database, env.database, defaultDatabase())
	return opts, nil
}

func defaultDatabase() string {
	user := "lostkey-webapp-" + strconv.Itoa(os.Getuid())
	return filepath.Join(os.TempDir(), user, "webapp.db")
}

// flags returns the flags that fill opts. What is in opts is their default.
func (opts *options) flags() *flag.FlagSet {
	flags := flag.NewFlagSet("webapp", flag.ContinueOnError)
	flags.StringVar(&opts.addr, "addr", "127.0.0.1:8080",
		"listen on this `host:port`")
	flags.StringVar(&opts.url, "url", "",
		"public base `URL`, the start of every mailed link "+
			"(default http:// and the value of -addr)")
	flags.StringVar(&opts.database, "db", "",
		"SQLite `file`, made when it is missing, or a URL like "+
			"postgres://user@host/database or mysql://user@host/database; "+
			"one with a password goes into LOSTKEY_DB instead "+
			"(default "+defaultDatabase()+")")

	flags.StringVar(&opts.mailDir, "mail-dir", "",
		"also write each mail to this `folder`, as one .eml file")
	flags.StringVar(&opts.smtp, "smtp", "",
		"send mails through this server instead of showing them at /inbox, "+
			"`URL` like smtps://host:465; one with a password goes into "+
			"LOSTKEY_SMTP instead")
	flags.StringVar(&opts.from, "from", opts.from,
		"sender of the mails, an `address` or Name <address>")

	flags.BoolVar(&opts.mfa, "mfa", false,
		"accounts have a second factor: passwords of 8 characters will do")
	flags.BoolVar(&opts.expose, "expose-mails-and-audit", false,
		"show /inbox, with live links for every account, and /audit, which "+
			"can block networks, to anybody who can reach this server, not "+
			"to this machine alone")
	flags.Func("limits",
		"`on|off`: throttle sign-in, registration and reset (default on)",
		func(value string) error {
			if value != "on" && value != "off" {
				return errors.New("want on or off")
			}
			opts.limits = value == "on"
			return nil
		})
	return flags
}
