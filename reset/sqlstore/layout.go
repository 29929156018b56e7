package sqlstore

import (
	"context"
	"database/sql"
	"strings"

	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
)

// A layout is what the catalog says of one table. It is empty if there is none.
type layout struct {
	columns []column
	indexes []index
	isView  bool
}

// A column is one of the table's. What an engine does not tell is zero.
type column struct {
	name      string
	kind      string // the type alone, "varchar"
	declared  string // the type as declared, "varchar(60)"
	length    int    // in characters or bytes, 0 for any
	charset   string
	nullable  bool
	generated string // what it is computed from
	rowID     bool   // SQLite's INTEGER PRIMARY KEY, which needs no index
}

// null returns the declaration that keeps c as it is.
func (c column) null() string {
	if c.nullable {
		return " NULL"
	}
	return " NOT NULL"
}

// An index has its keys in the form that normalise gives them. A generated
// column stands as what it is computed from.
type index struct {
	name    string
	unique  bool
	partial string // its condition, normalised
	keys    []string
	fixed   bool // it belongs to a constraint and cannot be dropped
}

func (s *Store) layout(ctx context.Context, table string) (layout, error) {
	switch s.dialect {
	case sqldialect.PostgreSQL:
		return s.layoutPostgreSQL(ctx, table)
	case sqldialect.MySQL:
		return s.layoutMySQL(ctx, table)
	default:
		return s.layoutSQLite(ctx, table)
	}
}

// find returns a column, or nil. PostgreSQL tells quoted names apart by case.
func (l layout) find(d sqldialect.Dialect, name string) *column {
	for i, c := range l.columns {
		if c.name == name ||
			d != sqldialect.PostgreSQL && strings.EqualFold(c.name, name) {
			return &l.columns[i]
		}
	}
	return nil
}

// rowID reports whether a column is SQLite's row id.
func (l layout) rowID(name string) bool {
	c := l.find(sqldialect.SQLite, name)
	return c != nil && c.rowID
}

// addKey adds one row of the catalog, which has a key of an index.
func (l *layout) addKey(i index, key string) {
	for _, c := range l.columns {
		if c.generated != "" && strings.EqualFold(c.name, key) {
			key = c.generated
		}
	}
	key = normalise(key)

	if n := len(l.indexes); n > 0 && l.indexes[n-1].name == i.name {
		l.indexes[n-1].keys = append(l.indexes[n-1].keys, key)
		return
	}
	i.keys = []string{key}
	l.indexes = append(l.indexes, i)
}

// normalise brings a column or an expression into one spelling, whatever the
// engine puts around it.
func normalise(expression string) string {
	text := strings.NewReplacer(
		`"`, "", "`", "", "'", "", " ", "", "[", "", "]", "",
		"::text", "", "::charactervarying", "", "lcase(", "lower(",
	).Replace(strings.ToLower(expression))

	for {
		shorter := strings.NewReplacer("((", "(", "))", ")").Replace(text)
		if shorter == text {
			return text
		}
		text = shorter
	}
}

// each runs a query and gives every row's columns as text, by their names in
// lower case. NULL is "".
func (s *Store) each(
	ctx context.Context, q querier, visit func(row map[string]string),
	query string, args ...any,
) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err below reports what matters.

	names, err := rows.Columns()
	if err != nil {
		return err
	}
	values, dest := make([]sql.NullString, len(names)), make([]any, len(names))
	for i := range values {
		dest[i] = &values[i]
	}

	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		row := make(map[string]string, len(names))
		for i, name := range names {
			row[strings.ToLower(name)] = values[i].String
		}
		visit(row)
	}
	return rows.Err()
}

// A querier is a database or a transaction.
type querier interface {
	QueryContext(
		ctx context.Context, query string, args ...any,
	) (*sql.Rows, error)
}
