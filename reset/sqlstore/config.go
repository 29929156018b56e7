package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
)

// Dialect is the kind of database behind the *sql.DB. The zero value is
// refused.
type Dialect int

const (
	// SQLite is SQLite 3 through any driver. Set a busy timeout of a second or
	// more, otherwise a second writer sees an error where it could have waited.
	SQLite Dialect = Dialect(sqldialect.SQLite)
	// PostgreSQL is PostgreSQL through a driver whose errors have a SQLState
	// method, as those of pgx's stdlib package and lib/pq do.
	PostgreSQL Dialect = Dialect(sqldialect.PostgreSQL)
	// MySQL is MySQL or MariaDB.
	MySQL Dialect = Dialect(sqldialect.MySQL)
)

// validate returns the dialect in the form that the statements are made with.
func (d Dialect) validate() (sqldialect.Dialect, error) {
	dialect := sqldialect.Dialect(d)
	if !dialect.Known() {
		return 0, fmt.Errorf(
			"sqlstore: Config.Dialect is %d, want SQLite, PostgreSQL or MySQL",
			d,
		)
	}
	return dialect, nil
}

// Config configures a [Store]. Exactly one of Table and Queries must be set.
type Config struct {
	// Dialect is required.
	Dialect Dialect
	// Table is the plain case of one table, described by names.
	Table Table
	// Queries are complete statements for every other case.
	Queries Queries
	// InTx, if set, runs inside the transaction of ReplaceHash after the new
	// password is in place. It is the place to end the user's sessions, count
	// up a stamp or put a row in an outbox. [reset.EndSessionsInStore] needs
	// it. seen is the user before the change. An error undoes everything and is
	// returned wrapped.
	//
	// It must write through tx and do nothing else, because it may run again
	// when the database refuses the transaction. On SQLite, and under
	// REPEATABLE READ and stricter, that happens far more often where it reads,
	// or deletes rows by a column without an index.
	InTx func(ctx context.Context, tx *sql.Tx, seen reset.User) error
}

// Queries are complete SQL statements. Parameters are written as the driver
// wants them, $1 and so on for PostgreSQL and ? elsewhere. Every statement must
// use all of its own. A table without a stamp compares an empty text literal
// with its parameter.
//
// ByEmail, ByRecovery and ByID yield six columns: id, address, hash, stamp,
// locale, disabled. A seventh is the label, and an eighth the further addresses
// of the account, as one text with a line feed between them and in an order
// that is always the same. NULL is read as "" or false. A row whose id is not
// the text that ByID was asked for counts as not found.
type Queries struct {
	// ByEmail takes the typed address. Where parameters are ?, it takes it as
	// often as there are marks outside of quotes. It should yield rows whose
	// address is spelled exactly like it first, and end with LIMIT 100. Of more
	// than 10,000 rows the rest is not looked at.
	ByEmail string
	// ByRecovery is optional, goes with the eighth column, and is what ByEmail
	// is for the further addresses.
	ByRecovery string
	// ByID takes the id.
	ByID string
	// Replace takes, in this order, the new hash, the id, and, as they were
	// verified, the old hash, the address, the stamp, and with ByRecovery the
	// text of the eighth column. It must change one row if the id and all of
	// those are the same and the account is not disabled, and no row otherwise.
	// A missing condition is a link that survives the change it should die of.
	// Compare bytes where the column ignores case or trailing spaces, and write
	// COALESCE(hash, '') where the hash may be NULL.
	Replace string
	// Swap takes the new hash, the id and the old hash. Without it, what
	// SwapFor returns fails.
	Swap string
}

// compile returns the statements of a valid configuration.
func (c Config) compile() (Queries, error) {
	if c.Queries == (Queries{}) {
		return c.Table.Queries(c.Dialect)
	}
	if !c.Table.isZero() {
		return Queries{}, errors.New(
			"sqlstore: Config.Table and Config.Queries are both set, want one",
		)
	}
	dialect, err := c.Dialect.validate()
	if err != nil {
		return Queries{}, err
	}
	return c.Queries, c.Queries.validate(dialect)
}

func (q Queries) validate(d sqldialect.Dialect) error {
	replaceParams := 5
	if q.ByRecovery != "" {
		replaceParams = 6
	}
	statements := []struct {
		field, text string
		params      int
		required    bool
	}{
		{"ByEmail", q.ByEmail, 1, true},
		{"ByID", q.ByID, 1, true},
		{"ByRecovery", q.ByRecovery, 1, false},
		{"Replace", q.Replace, replaceParams, true},
		{"Swap", q.Swap, 3, false},
	}

	for _, s := range statements {
		if strings.TrimSpace(s.text) == "" {
			if s.required {
				return fmt.Errorf(
					"sqlstore: Config.Queries.%s is empty, want a statement",
					s.field,
				)
			}
			continue
		}

		// Counting marks cannot prove a statement right, but it finds a
		// forgotten condition when the program starts instead of at the first
		// reset.
		if !hasParams(d, s.text, s.params) {
			return fmt.Errorf(
				"sqlstore: Config.Queries.%s needs %d parameters",
				s.field, s.params,
			)
		}
	}

	return nil
}

func hasParams(d sqldialect.Dialect, text string, n int) bool {
	if d != sqldialect.PostgreSQL {
		return countMarks(text) >= n
	}
	for i := range n {
		if !strings.Contains(text, d.Param(i+1)) {
			return false
		}
	}
	return true
}

// quoted matches a literal or a name in quotes. A doubled quote reads as two of
// them.
var quoted = regexp.MustCompile("'[^']*'|\"[^\"]*\"|`[^`]*`")

// countMarks counts the parameters of a statement that writes them as ?.
func countMarks(text string) int {
	return strings.Count(quoted.ReplaceAllString(text, ""), "?")
}
