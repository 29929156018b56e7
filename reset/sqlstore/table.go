package sqlstore

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
)

// EmailMatch says how FindByEmail compares the typed address with the column.
// It may find look-alikes, which package reset drops.
type EmailMatch int

const (
	// MatchDefault is MatchFolded on SQLite and PostgreSQL, and MatchColumn on
	// MySQL, whose usual collations ignore case.
	MatchDefault EmailMatch = iota
	// MatchFolded compares lower(column) with lower(address) and finds every
	// spelling. The unique index of [Table] serves it, but not on MariaDB. Use
	// MatchColumn there. Without an index each request reads the whole table.
	MatchFolded
	// MatchLowered compares the column with lower(address), for tables that
	// keep every address in lower case. The plain index on the column serves
	// it.
	MatchLowered
	// MatchColumn compares the column with the address. It finds other
	// spellings where the column ignores case (citext, NOCASE, MySQL's _ci
	// collations). The plain index serves it.
	MatchColumn
)

// Table names an existing table of users. Every name must match
// [A-Za-z_][A-Za-z0-9_]{0,62} and is used as written, in quotes, so that on
// PostgreSQL it is in lower case for a table made without them.
//
// Addresses should be unique whatever the case of their letters:
//
//	-- SQLite, PostgreSQL
//	CREATE UNIQUE INDEX users_email_lower ON users (lower(email));
//	-- MySQL 8.0.13
//	CREATE UNIQUE INDEX users_email_lower ON users ((lower(email)));
//	-- MariaDB, where the column compares the case of letters
//	ALTER TABLE users
//		ADD COLUMN email_lower VARCHAR(255) AS (lower(email)) STORED,
//		ADD UNIQUE INDEX users_email_lower (email_lower);
//
// A plain unique index does for a column that ignores case, such as citext or
// one of MySQL's _ci collations, and for a table that keeps every address in
// lower case. Without one, anybody can register other spellings of an address.
// Nobody gets another's link then, but a request also mails those accounts, up
// to the bound on mails, and an owner who types another spelling than the
// stored one is one of many.
type Table struct {
	// Name is the table, with its schema before a dot if it needs one.
	Name string
	// ID is the column of the primary key. It is required. Any type whose text
	// is the same each time it is read will do: integer, UUID, text.
	ID string
	// Email is the column of the address. It is required.
	Email string
	// Hash is the column of the encoded password hash. It is required. Give it
	// room for 255 bytes: TEXT on SQLite and PostgreSQL, VARBINARY(255) or an
	// ascii_bin VARCHAR(255) on MySQL. BYTEA and MySQL's BINARY(n) do not give
	// back the text that was put in. Do not index it.
	//
	// An account without a password has NULL or "". To lock an account by its
	// hash, write one of them, or "!" and random text, new each time, as
	// hash.NewUnusable returns. The same mark twice, such as a lone "!", brings
	// back to life the links that were made while it stood there before, used
	// invitations above all.
	Hash string
	// Stamp is an optional column. When its value changes, every link issued
	// for the user dies. An integer that is counted up is best, because the
	// text of a time depends on the time zone of the connection.
	Stamp string
	// Locale is an optional column with the language of the user's mail.
	Locale string
	// Label is an optional column with what tells the account from others of
	// the same address.
	Label string

	// Disabled is a column that is true for accounts that must not be reset. It
	// is BOOLEAN on PostgreSQL, an integer elsewhere. NULL counts as false. At
	// most one of Disabled, DisabledAt and Active may be set.
	Disabled string
	// DisabledAt is a column of any type that is not NULL for accounts that
	// must not be reset, such as disabled_at or deleted_at.
	DisabledAt string
	// Active is Disabled the other way round, such as Django's is_active. NULL
	// counts as false here too, so the account is disabled.
	Active string

	// Where holds for every row that the Store sees or changes. Empty means the
	// whole table.
	Where []Condition
	// Recovery is an optional table of further addresses.
	Recovery RecoveryTable
	// EmailMatch says how addresses are compared.
	EmailMatch EmailMatch
}

// isZero reports whether nothing is set.
func (t Table) isZero() bool {
	return reflect.ValueOf(t).IsZero()
}

func (t Table) validate() error {
	if t.Name == "" {
		return errors.New(
			"sqlstore: Config.Table.Name is empty, want the users' table",
		)
	}
	if !sqldialect.ValidTable(t.Name) {
		return errors.New(
			"sqlstore: Config.Table.Name is not a plain table name",
		)
	}

	columns := []struct {
		field, name string
		required    bool
	}{
		{"ID", t.ID, true},
		{"Email", t.Email, true},
		{"Hash", t.Hash, true},
		{"Stamp", t.Stamp, false},
		{"Locale", t.Locale, false},
		{"Label", t.Label, false},
		{"Disabled", t.Disabled, false},
		{"DisabledAt", t.DisabledAt, false},
		{"Active", t.Active, false},
	}

	for _, c := range columns {
		if c.name == "" && c.required {
			return fmt.Errorf(
				"sqlstore: Config.Table.%s is empty, want a column", c.field,
			)
		}
		if c.name != "" && !sqldialect.ValidColumn(c.name) {
			return fmt.Errorf(
				"sqlstore: Config.Table.%s is not a plain column name", c.field,
			)
		}
		// Writing a hash over the address or the id would be beyond repair.
		if c.field != "Hash" && strings.EqualFold(c.name, t.Hash) {
			return fmt.Errorf(
				"sqlstore: Config.Table.%s and Hash name the same column",
				c.field,
			)
		}
	}

	if err := t.validateDisabled(); err != nil {
		return err
	}
	if t.EmailMatch < MatchDefault || t.EmailMatch > MatchColumn {
		return fmt.Errorf(
			"sqlstore: Config.Table.EmailMatch is %d, want a constant of its type",
			t.EmailMatch,
		)
	}

	if err := t.validateRecovery(); err != nil {
		return err
	}
	return t.validateWhere()
}

// validateDisabled refuses two columns that could contradict each other.
func (t Table) validateDisabled() error {
	first := ""
	for _, c := range []struct{ field, name string }{
		{"Disabled", t.Disabled},
		{"DisabledAt", t.DisabledAt},
		{"Active", t.Active},
	} {
		switch {
		case c.name == "":
		case first == "":
			first = c.field
		default:
			return fmt.Errorf(
				"sqlstore: Config.Table.%s and %s are both set, want one",
				first, c.field,
			)
		}
	}
	return nil
}
