// Package sqldialect knows how SQLite, PostgreSQL and MySQL differ. That is how
// names and parameters are written, how two texts are compared byte for byte,
// and which errors say that another transaction was in the way or that a column
// cannot hold a value. Packages sqlstore and sqlaudit share it.
package sqldialect

import (
	"regexp"
	"strconv"
	"strings"
)

// Dialect is the kind of a database. The values are those of the exported type
// in package sqlstore, which documents them.
type Dialect int

// The dialects.
const (
	SQLite Dialect = iota + 1
	PostgreSQL
	MySQL
)

// Known reports whether d is one of the three.
func (d Dialect) Known() bool { return d >= SQLite && d <= MySQL }

// namePart matches one part of a name. The bound of 63 is PostgreSQL's, which
// cuts longer names short without an error, so that two of them could mean one
// table.
var namePart = regexp.MustCompile(`\A[A-Za-z_][A-Za-z0-9_]{0,62}\z`)

// ValidColumn reports whether name is the plain name of a column.
func ValidColumn(name string) bool { return namePart.MatchString(name) }

// ValidTable reports whether name is the plain name of a table, with or without
// a schema before a dot.
func ValidTable(name string) bool {
	schema, table, dotted := strings.Cut(name, ".")
	if !dotted {
		return ValidColumn(name)
	}
	return ValidColumn(schema) && ValidColumn(table)
}

// Unqualified returns a checked name of a table without its schema.
func Unqualified(table string) string {
	return table[strings.LastIndexByte(table, '.')+1:]
}

// Quote writes a checked name so that a reserved word is a name as well. SQLite
// gets backticks too, because it reads an unknown name in double quotes as a
// string literal. That would turn a misspelled column into a condition that
// always holds.
func (d Dialect) Quote(name string) string {
	mark := "`"
	if d == PostgreSQL {
		mark = `"`
	}
	return mark + strings.ReplaceAll(name, ".", mark+"."+mark) + mark
}

// Param writes the n-th parameter, counted from 1.
func (d Dialect) Param(n int) string {
	if d == PostgreSQL {
		return "$" + strconv.Itoa(n)
	}
	return "?"
}

// Params writes the parameters from first to last, separated by commas.
func (d Dialect) Params(first, last int) string {
	list := make([]string, 0, last-first+1)
	for n := first; n <= last; n++ {
		list = append(list, d.Param(n))
	}
	return strings.Join(list, ", ")
}

// AsText returns an expression that reads a quoted column as text, with NULL as
// "". The cast happens in the database, so that a stamp kept as a number or a
// time reads the same here and in the condition of the update, whatever the
// driver makes of its type.
func (d Dialect) AsText(column string) string {
	switch d {
	case PostgreSQL:
		return "COALESCE(" + column + "::text, '')"
	case MySQL:
		return "COALESCE(CONVERT(" + column + " USING utf8mb4), '')"
	default:
		return "COALESCE(CAST(" + column + " AS TEXT), '')"
	}
}

// SameBytes returns a condition that compares the text of a quoted column with
// a parameter byte for byte. A column's own comparison may ignore case (MySQL's
// _ci, citext, NOCASE) or trailing spaces (PAD SPACE), and would then overwrite
// a row that is not the one that was verified.
func (d Dialect) SameBytes(column, param string) string {
	text := d.AsText(column)
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
