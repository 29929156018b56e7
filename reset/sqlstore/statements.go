package sqlstore

import (
	"strconv"
	"strings"

	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
)

// Queries returns the statements that New makes from t, to read, or to change
// one of and pass as Config.Queries. It refuses what New refuses.
//
// The values of Where are parameters after those that [Queries] names, or, in
// ByEmail where parameters are ?, before the last one. New gives them to the
// statements it makes itself and not to Config.Queries.
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
	}, ", ") + t.more(d)

	from := "SELECT " + fields + " FROM " + name + " WHERE "
	update := "UPDATE " + name + " SET " + column + " = " + d.Param(1) +
		" WHERE " + id + " = " + d.Param(2) +
		" AND " + d.SameBytes(column, d.Param(3))

	stamp := "'' = " + d.Param(5)
	if t.Stamp != "" {
		stamp = d.SameBytes(d.Quote(t.Stamp), d.Param(5))
	}

	q := Queries{
		ByEmail: from + t.sameAddress(d, d.Quote(t.Email)) + t.where(d, 2) +
			t.exactFirst(d),
		ByID: from + id + " = " + d.Param(1) + t.where(d, 2),
		Replace: update + " AND " + d.SameBytes(d.Quote(t.Email), d.Param(4)) +
			" AND " + stamp + " AND NOT " + t.disabled(d),
		Swap: update + t.where(d, 4),
	}
	if t.Recovery.Name == "" {
		q.Replace += t.where(d, 6)
		return q
	}

	q.ByRecovery = from + t.byRecovery(d)
	q.Replace += " AND " + d.SameBytes(t.addresses(d), d.Param(6)) +
		t.where(d, 7)
	return q
}

// more returns the columns that only some tables have.
func (t Table) more(d sqldialect.Dialect) string {
	switch {
	case t.Recovery.Name != "":
		return ", " + t.optional(d, t.Label) + ", " + d.AsText(t.addresses(d))
	case t.Label != "":
		return ", " + t.optional(d, t.Label)
	}
	return ""
}

// exactFirst returns the ORDER BY clause that puts the address as it was typed
// before its other spellings, of which a stranger may have registered any
// number. Then it puts the oldest account first where ids count up.
func (t Table) exactFirst(d sqldialect.Dialect) string {
	return " ORDER BY CASE WHEN " +
		d.SameBytes(d.Quote(t.Email), d.Param(1)) +
		" THEN 0 ELSE 1 END, " + t.oldestFirst(d)
}

// oldestFirst returns the rest of an ORDER BY clause. Without the table's name,
// PostgreSQL takes the id for the column of the result, which is text.
func (t Table) oldestFirst(d sqldialect.Dialect) string {
	return d.Quote(t.Name+"."+t.ID) + " LIMIT " + strconv.Itoa(maxMatches)
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
	case t.Active != "":
		return "CASE WHEN " + d.Quote(t.Active) + " THEN FALSE ELSE TRUE END"
	}
	return "FALSE"
}

// match returns what MatchDefault stands for.
func (t Table) match(d sqldialect.Dialect) EmailMatch {
	switch {
	case t.EmailMatch != MatchDefault:
		return t.EmailMatch
	case d == sqldialect.MySQL:
		return MatchColumn
	default:
		return MatchFolded
	}
}

// sameAddress returns the condition that a quoted column is the address.
func (t Table) sameAddress(d sqldialect.Dialect, column string) string {
	param := d.Param(1)
	switch t.match(d) {
	case MatchLowered:
		return column + " = lower(" + param + ")"
	case MatchColumn:
		return column + " = " + param
	default:
		return "lower(" + column + ") = lower(" + param + ")"
	}
}
