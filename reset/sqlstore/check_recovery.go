package sqlstore

import (
	"context"
	"slices"
	"strings"

	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
)

// checkRecovery looks at the table of further addresses. users is what it found
// out about the users' table.
func (s *Store) checkRecovery(
	ctx context.Context, users layout,
) ([]Finding, error) {
	r := s.table.Recovery
	layout, err := s.layout(ctx, r.Name)
	if err != nil {
		return nil, err
	}
	if len(layout.columns) == 0 {
		return []Finding{{
			Code: FindingNoTable, Column: r.Name,
			Text: "The table of further addresses is not there, or this " +
				"database user may not see it.",
		}}, nil
	}

	in := inspection{
		Table: Table{
			Name: r.Name, ID: r.UserID, Email: r.Email,
			EmailMatch: s.table.EmailMatch,
		},
		d: s.dialect, layout: layout, prefix: r.Name + ".",
	}
	if in.missing([]wantedColumn{
		{r.UserID, ""},
		{r.Email, ""},
		{r.Confirmed, "BOOLEAN NOT NULL DEFAULT FALSE"},
		{r.ConfirmedAt, "TIMESTAMP NULL"},
	}) {
		return in.findings, nil
	}

	in.foldsEmail, err = s.ignoresCase(ctx, r.Name, r.Email)
	if err != nil {
		return nil, err
	}
	email := r.column(s.dialect, r.Email)
	plan, err := s.plan(ctx, "SELECT "+email+
		r.rows(s.dialect, in.sameAddress(s.dialect, email)),
		[]any{plannedAddress})
	if err != nil {
		return nil, err
	}

	in.key(users.find(s.dialect, s.table.ID))
	in.collation()
	in.addressIndex(plan, true)
	in.idIndex("INDEX")
	return in.findings, nil
}

// key judges whether the column of the account's id is of the type of the id.
func (in *inspection) key(id *column) {
	c := in.layout.find(in.d, in.ID)
	if c.family() == id.family() {
		return
	}

	statement, name := "", in.d.Quote(in.ID)
	switch in.d {
	case sqldialect.PostgreSQL:
		statement = in.alter("ALTER COLUMN " + name + " TYPE " + id.declared +
			" USING " + name + "::text::" + id.declared)
	case sqldialect.MySQL:
		statement = in.alter("MODIFY " + name + " " + id.declared + c.null())
	case sqldialect.SQLite: // It changes no column.
	}
	in.add(FindingRecoveryKeyType, in.ID,
		"The column is of type "+c.declared+", and the id it holds is of type "+
			id.declared+". The database refuses to compare them, or converts "+
			"one for each row and uses no index.", statement)
}

// family is a name for all types that the column's values compare with.
func (c column) family() string {
	kind := strings.ToLower(c.kind + c.declared)
	families := []string{"int", "char", "text"}
	i := slices.IndexFunc(families, func(f string) bool {
		return strings.Contains(kind, f)
	})
	switch {
	case i == 0:
		return "integer"
	case i > 0:
		return "text, " + c.charset
	}
	return c.kind + c.declared
}
