package sqlstore

// A Finding is one thing that [Store.Check] found wrong.
type Finding struct {
	// Code is one of the constants of its type, fit for a metric's label.
	Code FindingCode
	// Column is the column it is about, and empty for the whole table. In the
	// table of further addresses it is table.column, or the table.
	Column string
	// Text says what is wrong and what comes of it, in one or two sentences.
	Text string
	// SQL is a statement after which the finding is gone. It may lock a large
	// table for a while, and a unique index cannot be made while two accounts
	// share an address. It is empty where Text names another remedy.
	SQL string
}

// String returns what a log wants, without the statement.
func (f Finding) String() string {
	if f.Column == "" {
		return string(f.Code) + ": " + f.Text
	}
	return string(f.Code) + " (" + f.Column + "): " + f.Text
}

// FindingCode says what is wrong. The set is closed.
type FindingCode string

const (
	// FindingNoTable is a table that is not there, or not for this user to see.
	FindingNoTable FindingCode = "no-table"
	// FindingNoColumn is a column that is not there.
	FindingNoColumn FindingCode = "no-column"
	// FindingHashTooShort is a hash column of less than 128 characters, the
	// longest that hash.Hasher makes.
	FindingHashTooShort FindingCode = "hash-too-short"
	// FindingHashType is a hash column that does not give back what was put in.
	FindingHashType FindingCode = "hash-type"
	// FindingHashCollation is a hash column that ignores case, which the
	// Store's own statements do not.
	FindingHashCollation FindingCode = "hash-collation"
	// FindingHashIndexed is an index on the hash, which nothing looks up.
	FindingHashIndexed FindingCode = "hash-indexed"
	// FindingAddressCollation is MatchColumn over a column that does not ignore
	// case.
	FindingAddressCollation FindingCode = "address-collation"
	// FindingNoAddressIndex is an address without an index for EmailMatch, so
	// that each request reads the whole table, or all of a tenant.
	FindingNoAddressIndex FindingCode = "no-address-index"
	// FindingNotUnique is a table in which two accounts can have one address,
	// or two spellings of it.
	FindingNotUnique FindingCode = "address-not-unique"
	// FindingNoIDIndex is an id that no index begins with.
	FindingNoIDIndex FindingCode = "no-id-index"
	// FindingRecoveryKeyType is a RecoveryTable.UserID of another type than
	// Table.ID.
	FindingRecoveryKeyType FindingCode = "recovery-key-type"
)
