package sqlstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
)

// longestHash is what hash.Hasher makes at most, in bytes.
const longestHash = 128

// Check looks at the live table, and that of further addresses, and returns
// what is wrong with them. It reads the database's catalog and query plans, and
// no row of a user. Log what it returns.
//
// For Queries, it finds out whether an index serves ByEmail and ByRecovery, and
// nothing else. Of a view it looks at columns and at the plan. It does not look
// at rights, triggers, and whether the rows themselves are unique or in lower
// case.
//
// The error is the database's, also where it refuses ByEmail, as PostgreSQL
// does for a value of Table.Where that is not of its column's type. ctx governs
// everything.
func (s *Store) Check(ctx context.Context) ([]Finding, error) {
	findings, err := s.check(ctx)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: check: %w", err)
	}
	return findings, nil
}

func (s *Store) check(ctx context.Context) ([]Finding, error) {
	if s.table.isZero() {
		return s.checkStatements(ctx)
	}

	layout, err := s.layout(ctx, s.table.Name)
	if err != nil {
		return nil, err
	}
	if len(layout.columns) == 0 {
		return []Finding{{
			Code: FindingNoTable,
			Text: "The table is not there, or this database user may not see it.",
		}}, nil
	}

	in := inspection{Table: s.table, d: s.dialect, layout: layout}
	if in.columns() {
		return in.findings, nil // The statements below would fail.
	}
	if err := in.ask(ctx, s); err != nil {
		return nil, err
	}
	if s.table.Recovery.Name == "" {
		return in.findings, nil
	}
	more, err := s.checkRecovery(ctx, layout)
	return append(in.findings, more...), err
}

// checkStatements looks at how the statements of a host would be run.
func (s *Store) checkStatements(ctx context.Context) ([]Finding, error) {
	for _, query := range []string{s.queries.ByEmail, s.queries.ByRecovery} {
		if query == "" {
			continue
		}
		plan, err := s.plan(ctx, query, s.emailParams(query, plannedAddress))
		if err != nil {
			return nil, err
		}
		if plan.readsAll {
			return []Finding{{Code: FindingNoAddressIndex, Text: textNoIndex}}, nil
		}
	}
	return nil, nil
}

// ask has the database tell the rest, and judges it.
func (in *inspection) ask(ctx context.Context, s *Store) (err error) {
	if in.foldsHash, err = s.ignoresCase(ctx, in.Name, in.Hash); err != nil {
		return err
	}
	if in.foldsEmail, err = s.ignoresCase(ctx, in.Name, in.Email); err != nil {
		return err
	}

	alone := in.Table
	alone.Recovery = RecoveryTable{} // It has a plan of its own.
	query := alone.queries(in.d).ByEmail
	plan, err := s.plan(ctx, query, s.emailParams(query, plannedAddress))
	if err != nil {
		return err
	}

	in.hash()
	in.address(plan)
	return nil
}

// ignoresCase asks the database how a column compares. The column gives an
// empty set its type and collation, and a literal is compared in it.
func (s *Store) ignoresCase(
	ctx context.Context, table, column string,
) (bool, error) {
	var folds flag
	err := s.db.QueryRowContext(ctx,
		"SELECT v = 'A' FROM (SELECT "+s.dialect.Quote(column)+" AS v FROM "+
			s.dialect.Quote(table)+
			" WHERE 1 = 0 UNION ALL SELECT 'a') AS one",
	).Scan(&folds)
	return bool(folds), err
}

// An inspection gathers findings about one table.
type inspection struct {
	Table
	d      sqldialect.Dialect
	layout layout
	// foldsHash and foldsEmail say that a column compares without case.
	foldsHash, foldsEmail bool
	// prefix is the table's name and a dot, if it is not the users'.
	prefix   string
	findings []Finding
}

func (in *inspection) add(code FindingCode, column, text, sql string) {
	in.findings = append(
		in.findings, Finding{code, in.prefix + column, text, sql},
	)
}

// alter returns an ALTER TABLE statement.
func (in *inspection) alter(change string) string {
	return "ALTER TABLE " + in.d.Quote(in.Name) + " " + change
}

// A wantedColumn has the declaration with which it can be added, if it can.
type wantedColumn struct{ name, declare string }

// columns reports those that are not there.
func (in *inspection) columns() bool {
	wanted := []wantedColumn{
		{in.ID, ""},
		{in.Email, ""},
		{in.Hash, in.hashType() + " NULL"},
		{in.Stamp, "BIGINT NOT NULL DEFAULT 0"},
		{in.Locale, "VARCHAR(35) NULL"},
		{in.Label, "VARCHAR(255) NULL"},
		{in.Disabled, "BOOLEAN NOT NULL DEFAULT FALSE"},
		{in.DisabledAt, "TIMESTAMP NULL"},
		{in.Active, "BOOLEAN NOT NULL DEFAULT TRUE"},
	}
	for _, c := range in.Where {
		wanted = append(wanted, wantedColumn{c.Column, ""})
	}
	return in.missing(wanted)
}

// missing reports the columns that are not there, and whether there are any.
func (in *inspection) missing(wanted []wantedColumn) bool {
	for _, c := range wanted {
		if c.name == "" || in.layout.find(in.d, c.name) != nil {
			continue
		}
		statement := ""
		if c.declare != "" {
			statement = in.alter("ADD COLUMN " + in.d.Quote(c.name) + " " +
				c.declare)
		}
		in.add(FindingNoColumn, c.name,
			"The table has no such column. Correct the name in Config.Table, "+
				"or add the column.", statement)
	}
	return len(in.findings) > 0
}

// hashType is what a hash column should be.
func (in *inspection) hashType() string {
	if in.d == sqldialect.MySQL {
		return "VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin"
	}
	return "TEXT"
}

// hash judges the column of the hash. SQLite's types bound nothing.
func (in *inspection) hash() {
	c := in.layout.find(in.d, in.Hash)
	if slices.Contains([]string{"bytea", "bpchar", "binary"}, c.kind) {
		text := "A column of type " + c.kind +
			" does not give back the text that was put in."
		if c.kind == "binary" {
			text += " The NUL bytes it added stay until they are trimmed."
		}
		in.add(FindingHashType, in.Hash, text, in.changeHash(c))
	}
	if c.length > 0 && c.length < longestHash {
		in.add(FindingHashTooShort, in.Hash, fmt.Sprintf(
			"The column holds %d characters, and a hash has up to %d.",
			c.length, longestHash,
		), in.changeHash(c))
	}
	if in.foldsHash {
		in.add(FindingHashCollation, in.Hash,
			"The column compares without case, so that statements of the "+
				"application's own take one hash for another.",
			in.changeHash(c))
	}

	for _, i := range in.layout.indexes {
		if slices.Contains(i.keys, normalise(in.Hash)) {
			in.add(FindingHashIndexed, in.Hash,
				"The index "+i.name+" has the hash. Nothing looks a hash up, "+
					"and each change of a password pays for it.",
				in.dropIndex(i))
		}
	}
}

// changeHash gives the column its proper type and loses no hash.
func (in *inspection) changeHash(c *column) string {
	name := in.d.Quote(in.Hash)
	switch in.d {
	case sqldialect.PostgreSQL:
		using := ""
		if c.kind == "bytea" {
			using = " USING convert_from(" + name + ", 'UTF8')"
		}
		return in.alter("ALTER COLUMN " + name + " TYPE TEXT" + using)
	case sqldialect.MySQL:
		return in.alter("MODIFY " + name + " " + in.hashType() + c.null())
	default:
		return "" // SQLite changes no column. A new table has to be filled.
	}
}

func (in *inspection) dropIndex(i index) string {
	switch {
	case i.fixed:
		return ""
	case in.d == sqldialect.MySQL:
		return in.alter("DROP INDEX " + in.d.Quote(i.name))
	case in.d == sqldialect.PostgreSQL:
		return "DROP INDEX " + i.name // regclass has quoted it.
	default:
		return "DROP INDEX " + in.d.Quote(i.name)
	}
}
