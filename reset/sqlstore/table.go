package sqlstore

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
)

// EmailMatch says how FindByEmail compares the typed address with the column.
// Whatever it finds, package reset keeps only rows whose stored address equals
// the typed one under ASCII folding and mails the stored address, so a
// comparison that also finds look-alikes costs a few rows and nothing else.
type EmailMatch int

const (
	// MatchDefault is MatchFolded on SQLite and PostgreSQL, and MatchColumn on
	// MySQL, whose usual collations ignore case and can use a plain index.
	MatchDefault EmailMatch = iota
	// MatchFolded compares lower(column) with lower(address) and finds every
	// spelling. It needs an index on the expression, otherwise each request
	// reads the whole table. The unique index of [Table] serves it, but MariaDB
	// cannot use that for this. Use MatchColumn there.
	MatchFolded
	// MatchLowered compares the column with lower(address). It is for tables
	// that keep every address in lower case. The plain index on the column
	// serves it.
	MatchLowered
	// MatchColumn compares the column with the address, as the column compares.
	// Other spellings are found where it ignores case (citext, NOCASE, MySQL's
	// _ci collations) and not found elsewhere. The plain index serves it.
	MatchColumn
)

// Table names an existing table of users. Every name must match
// [A-Za-z_][A-Za-z0-9_]{0,62} and is used as written, in quotes. On PostgreSQL
// a table made without quotes is spelled in lower case. New refuses other
// names. For joins, tenants, or a soft delete that hides rows, write Queries
// instead.
//
// Addresses should be unique whatever the case of their letters, or anybody who
// may register can have accounts under other spellings of somebody's address:
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
// lower case. Without such an index nobody gets another's link, but a request
// also mails the accounts under other spellings, as far as the bound on mails
// goes. The account whose address is spelled as it was typed comes first, so
// its owner is served however many others there are. An owner who types another
// spelling than the stored one is one of many.
type Table struct {
	// Name is the table, with its schema before a dot if it needs one.
	Name string
	// ID is the column of the primary key. It is required. Any type whose text
	// is the same each time it is read will do: integer, UUID, text.
	ID string
	// Email is the column of the address. It is required.
	Email string
	// Hash is the column of the encoded password hash. It is required. NULL and
	// "" both mean that the account has no password. Give it room for 255
	// bytes, which is TEXT on SQLite and PostgreSQL, VARBINARY(255) or an
	// ascii_bin VARCHAR(255) on MySQL. BYTEA and MySQL's BINARY(n) do not give
	// back the text that was put in. Do not index it, because an index makes
	// every change of a password dearer.
	//
	// To lock an account by its hash, or to take its password away, write "!"
	// and random text, new each time, or NULL, or "". The same marker twice,
	// such as a lone "!", brings back to life the links that were made while it
	// stood there before, used invitations above all.
	Hash string
	// Stamp is an optional column. When its value changes, every link issued
	// for the user dies. An integer that is counted up is best, because the
	// text of a time depends on the time zone of the connection.
	Stamp string
	// Locale is an optional column with the language of the user's mail.
	Locale string
	// Disabled is an optional column that is true for accounts that must not be
	// reset. It is BOOLEAN on PostgreSQL, an integer elsewhere. NULL counts as
	// false.
	Disabled string
	// DisabledAt is an optional column of any type that is not NULL for
	// accounts that must not be reset, such as disabled_at or deleted_at. At
	// most one of Disabled and DisabledAt may be set.
	DisabledAt string
	// EmailMatch says how addresses are compared.
	EmailMatch EmailMatch
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
		{"Disabled", t.Disabled, false},
		{"DisabledAt", t.DisabledAt, false},
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

	if t.Disabled != "" && t.DisabledAt != "" {
		return errors.New(
			"sqlstore: Config.Table.Disabled and DisabledAt are both set, want one",
		)
	}
	if t.EmailMatch < MatchDefault || t.EmailMatch > MatchColumn {
		return fmt.Errorf(
			"sqlstore: Config.Table.EmailMatch is %d, want a constant of its type",
			t.EmailMatch,
		)
	}

	return nil
}

// Queries returns the statements that New makes from t, to read, to show to
// whoever runs the database, or to change one of and pass as Config.Queries. It
// refuses what New refuses.
func (t Table) Queries(d Dialect) (Queries, error) {
	dialect, err := d.validate()
	if err != nil {
		return Queries{}, err
	}
	if err := t.validate(); err != nil {
		return Queries{}, err
	}
	return t.queries(dialect), nil
}

func (t Table) queries(d sqldialect.Dialect) Queries {
	name, id, column := d.Quote(t.Name), d.Quote(t.ID), d.Quote(t.Hash)
	fields := strings.Join([]string{
		t.idText(d),
		d.AsText(d.Quote(t.Email)),
		d.AsText(column),
		t.optional(d, t.Stamp),
		t.optional(d, t.Locale),
		t.disabled(d),
	}, ", ")

	from := "SELECT " + fields + " FROM " + name + " WHERE "
	update := "UPDATE " + name + " SET " + column + " = " + d.Param(1) +
		" WHERE " + id + " = " + d.Param(2) +
		" AND " + d.SameBytes(column, d.Param(3))

	stamp := "'' = " + d.Param(5)
	if t.Stamp != "" {
		stamp = d.SameBytes(d.Quote(t.Stamp), d.Param(5))
	}

	return Queries{
		ByEmail: from + t.emailCondition(d) + t.exactFirst(d),
		ByID:    from + id + " = " + d.Param(1),
		Replace: update + " AND " + d.SameBytes(d.Quote(t.Email), d.Param(4)) +
			" AND " + stamp + " AND NOT " + t.disabled(d),
		Swap: update,
	}
}

// exactFirst returns the ORDER BY clause that puts the address as it was typed
// before its other spellings, of which a stranger may have registered any
// number. Then it puts the oldest account first where ids count up.
func (t Table) exactFirst(d sqldialect.Dialect) string {
	return " ORDER BY CASE WHEN " +
		d.SameBytes(d.Quote(t.Email), d.Param(1)) +
		" THEN 0 ELSE 1 END, " +
		d.Quote(t.ID) + " LIMIT " + strconv.Itoa(maxMatches)
}

func (t Table) idText(d sqldialect.Dialect) string {
	if d == sqldialect.PostgreSQL {
		return d.Quote(t.ID) + "::text"
	}
	return d.Quote(t.ID)
}

func (t Table) optional(d sqldialect.Dialect, column string) string {
	if column == "" {
		return "''"
	}
	return d.AsText(d.Quote(column))
}

// disabled returns a truth value that is never NULL, so that NOT can stand
// before it.
func (t Table) disabled(d sqldialect.Dialect) string {
	switch {
	case t.Disabled != "":
		return "CASE WHEN " + d.Quote(t.Disabled) + " THEN TRUE ELSE FALSE END"
	case t.DisabledAt != "":
		return "CASE WHEN " + d.Quote(t.DisabledAt) +
			" IS NOT NULL THEN TRUE ELSE FALSE END"
	}
	return "FALSE"
}

func (t Table) emailCondition(d sqldialect.Dialect) string {
	match := t.EmailMatch
	if match == MatchDefault {
		match = MatchFolded
		if d == sqldialect.MySQL {
			match = MatchColumn
		}
	}

	column, param := d.Quote(t.Email), d.Param(1)
	switch match {
	case MatchLowered:
		return column + " = lower(" + param + ")"
	case MatchColumn:
		return column + " = " + param
	default:
		return "lower(" + column + ") = lower(" + param + ")"
	}
}
