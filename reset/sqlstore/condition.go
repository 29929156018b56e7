package sqlstore

import (
	"fmt"
	"strings"

	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
)

// A Condition holds for every row that a [Store] may see or change. It is for
// the tenant of a table that several share, and for rows that a soft delete
// only marks:
//
//	Where: []sqlstore.Condition{
//		{Column: "tenant_id", Value: tenant},
//		{Column: "deleted_at", IsNull: true},
//	},
//
// Each tenant has a Store of its own, so that no request names one. A row that
// does not meet a condition does not exist for the Store.
type Condition struct {
	// Column is required, and checked as the names of [Table] are.
	Column string
	// Value is what the column must equal, as the column compares. It is a
	// string, a bool, an int or an int64. An empty string is refused, because
	// it is a forgotten tenant more often than anything else.
	Value any
	// IsNull asks for NULL. Value must be nil then.
	IsNull bool
}

const (
	maxConditions     = 8
	maxConditionBytes = 255
)

// validateWhere judges the conditions of t.
func (t Table) validateWhere() error {
	if len(t.Where) > maxConditions {
		return fmt.Errorf(
			"sqlstore: Config.Table.Where has %d conditions, want %d at most",
			len(t.Where), maxConditions,
		)
	}

	seen := map[string]bool{strings.ToLower(t.Hash): true}
	for i, c := range t.Where {
		fault := c.fault()
		if fault == "" && seen[strings.ToLower(c.Column)] {
			fault = "Column names the hash, or the column of another one"
		}
		if fault != "" {
			return fmt.Errorf(
				"sqlstore: Config.Table.Where[%d].%s", i, fault,
			)
		}
		seen[strings.ToLower(c.Column)] = true
	}

	return nil
}

// fault says what is wrong with c by itself.
func (c Condition) fault() string {
	switch {
	case !sqldialect.ValidColumn(c.Column):
		return "Column is not a plain column name"
	case c.IsNull && c.Value != nil:
		return "Value and IsNull are both set, want one"
	case c.IsNull:
		return ""
	}

	switch value := c.Value.(type) {
	case nil:
		return "Value is nil, want one, or IsNull"
	case string:
		if value == "" || len(value) > maxConditionBytes {
			return fmt.Sprintf(
				"Value has %d bytes, want 1 to %d",
				len(value), maxConditionBytes,
			)
		}
		return ""
	case bool, int, int64:
		return ""
	default:
		return fmt.Sprintf(
			"Value is of type %T, want a string, bool, int or int64", value,
		)
	}
}

// where returns the conditions as the end of a WHERE clause, with parameters
// from first on.
func (t Table) where(d sqldialect.Dialect, first int) string {
	var text strings.Builder
	for _, c := range t.Where {
		text.WriteString(" AND " + d.Quote(c.Column))
		if c.IsNull {
			text.WriteString(" IS NULL")
			continue
		}
		text.WriteString(" = " + d.Param(first))
		first++
	}
	return text.String()
}

// values returns the parameters of where, in their order.
func (t Table) values() []any {
	var values []any
	for _, c := range t.Where {
		if !c.IsNull {
			values = append(values, c.Value)
		}
	}
	return values
}
