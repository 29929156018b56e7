package sqlstore

// A Finding is one thing about the users' table that [Store.Check] found wrong.
type Finding struct {
	// Code is one of the constants of its type, fit for a metric's label.
	Code FindingCode
	// Column is the column it is about. It is empty for the whole table. In the
	// table of further addresses it is table.column, or the table.
	Column string
	// Text says what is wrong and what comes of it, in one or two sentences.
	Text string
	// SQL is a statement after which the finding is gone. Read it before you
	// run it, because it may lock a large table for a while, and a unique index
	// cannot be made while two accounts share an address. It is empty where
	// the remedy is not a statement, and Text names it.
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
	// NoTable is a table that is not there, or not for this user to see.
	NoTable FindingCode = "no-table"
	// NoColumn is a column that is not there.
	NoColumn FindingCode = "no-column"
	// HashTooShort is a hash column of less than 128 characters, the longest
	// that hash.Hasher makes.
	HashTooShort FindingCode = "hash-too-short"
	// HashType is a hash column that does not give back what was put in.
	HashType FindingCode = "hash-type"
	// HashCollation is a hash column that compares without case. The Store
	// compares bytes all the same. Statements of the application's own do not.
	HashCollation FindingCode = "hash-collation"
	// HashIndexed is an index on the hash, which nothing ever looks up.
	HashIndexed FindingCode = "hash-indexed"
	// AddressCollation is MatchColumn over a column that tells the case of
	// letters apart, so that an owner who types another spelling than the
	// stored one is not found.
	AddressCollation FindingCode = "address-collation"
	// NoAddressIndex is an address that no index is for in the way that
	// FindByEmail compares it, so that each request reads the whole table, or
	// all of a tenant.
	NoAddressIndex FindingCode = "no-address-index"
	// NotUnique is a table in which two accounts can have one address, or two
	// spellings of it.
	NotUnique FindingCode = "address-not-unique"
	// NoIDIndex is an id that no index begins with.
	NoIDIndex FindingCode = "no-id-index"
	// RecoveryKeyType is a RecoveryTable.UserID that is of another type than
	// Table.ID.
	RecoveryKeyType FindingCode = "recovery-key-type"
)
