package sqlstore

import (
	"strconv"
	"strings"

	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
)

// Queries returns the statements that New makes from t, to read, to show to
// whoever runs the database, or to change one of and pass as Config.Queries. It
// refuses what New refuses.
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
		ByEmail: from + t.emailCondition(d) + t.where(d, 2) + t.exactFirst(d),
		ByID:    from + id + " = " + d.Param(1) + t.where(d, 2),
		Replace: update + " AND " + d.SameBytes(d.Quote(t.Email), d.Param(4)) +
			" AND " + stamp + " AND NOT " + t.disabled(d) +
			t.where(d, 6),
		Swap: update + t.where(d, 4),
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

func (t Table) emailCondition(d sqldialect.Dialect) string {
	column, param := d.Quote(t.Email), d.Param(1)
	switch t.match(d) {
	case MatchLowered:
		return column + " = lower(" + param + ")"
	case MatchColumn:
		return column + " = " + param
	default:
		return "lower(" + column + ") = lower(" + param + ")"
	}
}
