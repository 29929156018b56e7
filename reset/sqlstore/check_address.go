package sqlstore

import (
	"slices"
	"strings"

	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
)

const textNoIndex = "No index serves the look-up by address, so that each " +
	"request for a link reads the whole table."

// address judges how addresses are looked up, and whether they are unique.
func (in *inspection) address(plan plan) {
	unique := in.layout.isView || slices.ContainsFunc(
		in.layout.indexes, in.keepsUnique,
	)

	in.collation()
	in.addressIndex(plan, unique)
	if !unique {
		in.add(FindingNotUnique, in.Email,
			"Nothing keeps two accounts from having spellings of one address. "+
				"Whoever may register can then hide an owner's account among "+
				"others.", in.makeUnique())
	}
	in.idIndex("UNIQUE INDEX")
}

// collation reports an address that is found in one spelling alone.
func (in *inspection) collation() {
	if in.match(in.d) == MatchColumn && !in.foldsEmail {
		in.add(FindingAddressCollation, in.Email,
			"The column tells the case of letters apart, so that an address "+
				"is found as it is spelled and in no other way. Set "+
				"EmailMatch to MatchFolded, or to MatchLowered if all "+
				"addresses are stored in lower case.",
			in.ignoreCase())
	}
}

// addressIndex reports a look-up that reads the whole table. Where addresses
// are not unique, the index it proposes makes them so if it can.
func (in *inspection) addressIndex(plan plan, unique bool) {
	if !plan.readsAll && in.servedBy(plan) {
		return
	}
	folded := in.match(in.d) == MatchFolded

	statement := in.makeIndex(folded, "INDEX")
	if !unique && folded {
		statement = in.makeUnique() // It serves the look-up as well.
	}
	if in.d == sqldialect.MySQL && folded {
		statement = "" // MariaDB has no index on an expression.
	}
	in.add(FindingNoAddressIndex, in.Email, textNoIndex+in.hint(), statement)
}

// idIndex reports an id that is not indexed.
func (in *inspection) idIndex(kind string) {
	hasID := func(i index) bool { return i.keys[0] == normalise(in.ID) }
	if in.layout.isView || in.layout.rowID(in.ID) ||
		slices.ContainsFunc(in.layout.indexes, hasID) {
		return
	}
	in.add(FindingNoIDIndex, in.ID,
		"No index begins with the id, so that each look-up by it reads "+
			"the whole table.",
		"CREATE "+kind+" "+in.indexName("_"+in.ID)+" ON "+
			in.indexed()+" ("+in.d.Quote(in.ID)+")")
}

// hint says what no statement does.
func (in *inspection) hint() string {
	if in.d == sqldialect.MySQL && in.match(in.d) == MatchFolded {
		return " MariaDB cannot use an index for lower(column). Set " +
			"EmailMatch to MatchColumn."
	}
	return ""
}

// folds reports whether an index key is the folded address.
func (in *inspection) folds(key string) bool {
	return strings.Contains(key, "lower("+normalise(in.Email)+")")
}

// keepsUnique reports whether i keeps addresses unique, within a tenant if
// there is one.
func (in *inspection) keepsUnique(i index) bool {
	if !i.unique {
		return false
	}
	if i.partial != "" && !slices.ContainsFunc(in.Where, func(c Condition) bool {
		return strings.Contains(i.partial, normalise(c.Column))
	}) {
		return false
	}

	var rest []string
	for _, key := range i.keys {
		if !slices.ContainsFunc(in.Where, func(c Condition) bool {
			return key == normalise(c.Column)
		}) {
			rest = append(rest, key)
		}
	}
	plain := in.foldsEmail || in.match(in.d) == MatchLowered
	return len(rest) == 1 &&
		(in.folds(rest[0]) || plain && rest[0] == normalise(in.Email))
}

// servedBy reports whether the plan looks the address up, and not the tenant
// alone.
func (in *inspection) servedBy(plan plan) bool {
	if in.layout.isView {
		return true // The indexes are another table's.
	}
	if in.d != sqldialect.MySQL {
		return slices.ContainsFunc(plan.keys, func(key string) bool {
			key = normalise(key)
			return strings.Contains(key, normalise(in.Email)) ||
				strings.Contains(key, "<expr>")
		})
	}

	// Without keys it has found out that there is no such row, by a unique
	// index, or because a table of MyISAM is empty.
	return slices.ContainsFunc(in.layout.indexes, func(i index) bool {
		return (plan.keys == nil || slices.Contains(plan.keys, i.name)) &&
			slices.ContainsFunc(i.keys, func(key string) bool {
				return in.folds(key) || key == normalise(in.Email)
			})
	})
}

// makeUnique returns the statement for the unique index.
func (in *inspection) makeUnique() string {
	plain := in.foldsEmail || in.match(in.d) == MatchLowered
	if in.d != sqldialect.MySQL {
		return in.makeIndex(!plain || in.match(in.d) == MatchFolded,
			"UNIQUE INDEX")
	}

	marks := ""
	for _, c := range in.Where {
		if c.IsNull {
			marks += " AND " + in.d.Quote(c.Column) + " IS NULL"
		}
	}
	if plain && marks == "" {
		return in.makeIndex(false, "UNIQUE INDEX")
	}

	// An index there has no condition, so a column of its own has it.
	folded := "lower(" + in.d.Quote(in.Email) + ")"
	if marks != "" {
		folded = "CASE WHEN " + strings.TrimPrefix(marks, " AND ") + " THEN " +
			folded + " END"
	}
	extra := in.Email + "_lower"
	return in.alter("ADD COLUMN " + in.d.Quote(extra) +
		" VARCHAR(255) AS (" + folded + ") STORED, ADD UNIQUE INDEX " +
		in.indexName("_"+in.Email+"_lower") +
		" (" + in.tenants() + in.d.Quote(extra) + ")")
}

// makeIndex returns the statement for an index on the address, folded or as it
// is stored, behind the tenant and for the rows of Where.
func (in *inspection) makeIndex(folded bool, kind string) string {
	key, suffix := in.d.Quote(in.Email), "_"+in.Email
	if folded {
		key, suffix = "lower("+key+")", suffix+"_lower"
	}
	if kind == "INDEX" {
		suffix += "_lookup"
	}

	var marks []string
	for _, c := range in.Where {
		if c.IsNull && in.d != sqldialect.MySQL {
			marks = append(marks, in.d.Quote(c.Column)+" IS NULL")
		}
	}
	where := ""
	if len(marks) > 0 {
		where = " WHERE " + strings.Join(marks, " AND ")
	}

	return "CREATE " + kind + " " + in.indexName(suffix) + " ON " +
		in.indexed() + " (" + in.tenants() + key + ")" + where
}

// tenants returns the columns of Where that have a value, each with a comma.
func (in *inspection) tenants() string {
	var list strings.Builder
	for _, c := range in.Where {
		if !c.IsNull {
			list.WriteString(in.d.Quote(c.Column) + ", ")
		}
	}
	return list.String()
}

// indexed returns the table as CREATE INDEX wants it. SQLite wants the schema
// at the index.
func (in *inspection) indexed() string {
	if in.d == sqldialect.SQLite {
		return in.d.Quote(sqldialect.Unqualified(in.Name))
	}
	return in.d.Quote(in.Name)
}

func (in *inspection) indexName(suffix string) string {
	table := sqldialect.Unqualified(in.Name)
	name := table + suffix
	name = name[:min(len(name), 63)]
	if schema, _, ok := strings.Cut(in.Name, "."); ok &&
		in.d == sqldialect.SQLite {
		name = schema + "." + name
	}
	return in.d.Quote(name)
}

// ignoreCase returns the statement that makes the address compare without case.
func (in *inspection) ignoreCase() string {
	c := in.layout.find(in.d, in.Email)
	if in.d != sqldialect.MySQL || c.charset == "" {
		return ""
	}
	return in.alter("MODIFY " + in.d.Quote(in.Email) + " " + c.declared +
		" CHARACTER SET " + c.charset + " COLLATE " + c.charset +
		"_general_ci" + c.null())
}
