package sqlstore

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// Dialect is the kind of database behind the *sql.DB. It decides how parameters
// and names are written and which errors mean that two transactions were in
// each other's way. The zero value is refused by every constructor.
type Dialect int

const (
	// SQLite is SQLite 3 through any driver. Set a busy timeout of a second or
	// more, otherwise a second writer sees an error where it could have waited.
	SQLite Dialect = iota + 1
	// PostgreSQL is PostgreSQL through a driver whose errors have a SQLState
	// method, as those of pgx's stdlib package and lib/pq do.
	PostgreSQL
	// MySQL is MySQL or MariaDB.
	MySQL
)

var (
	errDialect    = errors.New("sqlstore: Dialect is not SQLite, PostgreSQL or MySQL")
	errNoDatabase = errors.New("sqlstore: the database is nil")
)

func (d Dialect) known() bool { return d >= SQLite && d <= MySQL }

// namePart matches one part of a name. The bound of 63 is PostgreSQL's, which
// cuts longer names short without an error, so that two of them could mean one
// table.
var namePart = regexp.MustCompile(`\A[A-Za-z_][A-Za-z0-9_]{0,62}\z`)

func validColumn(name string) bool { return namePart.MatchString(name) }

func validTable(name string) bool {
	schema, table, dotted := strings.Cut(name, ".")
	if !dotted {
		return validColumn(name)
	}
	return validColumn(schema) && validColumn(table)
}

// quote writes a checked name so that a reserved word is a name as well. SQLite
// gets backticks too, because it reads an unknown name in double quotes as a
// string literal. That would turn a misspelled column into a condition that
// always holds.
func (d Dialect) quote(name string) string {
	mark := "`"
	if d == PostgreSQL {
		mark = `"`
	}
	return mark + strings.ReplaceAll(name, ".", mark+"."+mark) + mark
}

// param writes the n-th parameter, counted from 1.
func (d Dialect) param(n int) string {
	if d == PostgreSQL {
		return "$" + strconv.Itoa(n)
	}
	return "?"
}

// params writes the parameters from first to last, separated by commas.
func (d Dialect) params(first, last int) string {
	list := make([]string, 0, last-first+1)
	for n := first; n <= last; n++ {
		list = append(list, d.param(n))
	}
	return strings.Join(list, ", ")
}

// asText returns an expression that reads a quoted column as text, with NULL as
// "". The cast happens in the database, so that a stamp kept as a number or a
// time reads the same here and in the condition of the update, whatever the
// driver makes of its type.
func (d Dialect) asText(column string) string {
	switch d {
	case PostgreSQL:
		return "COALESCE(" + column + "::text, '')"
	case MySQL:
		return "COALESCE(CONVERT(" + column + " USING utf8mb4), '')"
	default:
		return "COALESCE(CAST(" + column + " AS TEXT), '')"
	}
}

// sameBytes returns a condition that compares the text of a quoted column with
// a parameter byte for byte. A column's own comparison may ignore case (MySQL's
// _ci, citext, NOCASE) or trailing spaces (PAD SPACE), and would then overwrite
// a row that is not the one that was verified.
func (d Dialect) sameBytes(column, param string) string {
	text := d.asText(column)
	switch d {
	case PostgreSQL:
		return text + ` COLLATE "C" = ` + param + "::text"
	case MySQL:
		return "CAST(" + text + " AS BINARY) = CAST(CONVERT(" +
			param + " USING utf8mb4) AS BINARY)"
	default:
		return "CAST(" + text + " AS BLOB) = CAST(" + param + " AS BLOB)"
	}
}
