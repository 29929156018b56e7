// Command migrate counts what kinds of password hashes a users table holds, so
// that one knows what is left to move to argon2id. It reads one column, derives
// nothing and needs no password:
//
//	go run ./migrate -driver pgx -dsn "$DATABASE_URL" -table users -column password_hash
//
// Rows are moved by the logins of their owners, through
// hash.Hasher.VerifyAndUpdate; those of people who do not come back are moved
// by a reset. Run this from time to time, and drop a legacy format from
// hash.Config.Accept once nobody has it.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"text/tabwriter"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/lostkey-go/lostkey/hash"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "migrate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("migrate", flag.ContinueOnError)
	driver := flags.String("driver", "sqlite", "sqlite, pgx or mysql")
	dsn := flags.String("dsn", "", "data source; a file for sqlite")
	table := flags.String("table", "users",
		"table, with its schema before a dot if it needs one")
	column := flags.String("column", "password_hash",
		"column of the stored hash")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *dsn == "" {
		return errors.New("-dsn is empty")
	}
	for _, name := range []string{*table, *column} {
		// Names cannot be parameters of a statement, so they are checked.
		if name == "" ||
			strings.Trim(strings.ToLower(name),
				"abcdefghijklmnopqrstuvwxyz0123456789_.") != "" {
			return errors.New("-table and -column may hold letters, digits, " +
				"'_' and '.' only")
		}
	}
	db, err := sql.Open(*driver, *dsn)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // it was only read
	found, err := count(ctx, db, "SELECT "+*column+" FROM "+*table)
	if err != nil {
		return err
	}
	return found.print(out)
}

// kind is what rows are counted by.
type kind struct {
	scheme, params string
	next           string // what becomes of such a row
}

type census map[kind]int

func count(ctx context.Context, db *sql.DB, query string) (census, error) {
	// The same configuration as the login's: it decides what is accepted and
	// what counts as up to date.
	hasher, err := hash.New(hash.Config{})
	if err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	found := make(census)
	for rows.Next() {
		var stored sql.NullString
		if err := rows.Scan(&stored); err != nil {
			return nil, err
		}
		found[inspect(hasher, stored.String)]++
	}
	return found, rows.Err()
}

// inspect sorts one stored string. Nothing of it is kept beyond the kind.
func inspect(hasher *hash.Hasher, stored string) kind {
	info, err := hasher.Inspect(stored)
	broken, known := errors.AsType[*hash.FormatError](err)
	switch {
	case known && errors.Is(err, hash.ErrUnknownFormat):
		return kind{broken.Scheme, "", refusal(err)}
	case known:
		return kind{broken.Scheme, broken.Field, refusal(err)}
	case err != nil:
		return kind{"unknown", "", "nobody can log in: not accepted"}
	case info.Scheme == "unusable":
		return kind{"no password", "", "invitation only"}
	case info.NeedsRehash:
		return kind{info.Scheme, info.Params, "upgraded at the next login"}
	}
	return kind{info.Scheme, info.Params, "up to date"}
}

func refusal(err error) string {
	switch {
	case errors.Is(err, hash.ErrUnknownFormat):
		return "nobody can log in: no preset reads it"
	case errors.Is(err, hash.ErrUnsupported):
		return "nobody can log in: unsupported"
	case errors.Is(err, hash.ErrOverLimit):
		return "nobody can log in: over the limit"
	case errors.Is(err, hash.ErrUnknownPepper):
		return "nobody can log in: pepper missing"
	}
	return "nobody can log in: malformed"
}

// print writes the kinds, most frequent first.
func (c census) print(out io.Writer) error {
	total, current := 0, 0
	kinds := make([]kind, 0, len(c))
	for k, n := range c {
		kinds = append(kinds, k)
		total += n
		if k.next == "up to date" {
			current += n
		}
	}
	slices.SortFunc(kinds, func(a, b kind) int {
		if c[a] != c[b] {
			return c[b] - c[a]
		}
		return strings.Compare(a.scheme+" "+a.params+" "+a.next,
			b.scheme+" "+b.params+" "+b.next)
	})
	text := "ROWS\tFORMAT\tPARAMETERS\tNEXT\n"
	for _, k := range kinds {
		text += fmt.Sprintf("%d\t%s\t%s\t%s\n", c[k], k.scheme, k.params,
			k.next)
	}
	text += fmt.Sprintf("%d\tin all\t\t%d up to date\n", total, current)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if _, err := io.WriteString(w, text); err != nil {
		return err
	}
	return w.Flush()
}
