package sqlstore

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
)

// A RecoveryTable names a table of the accounts' further addresses, one in a
// row, which become reset.User.Recovery. django-allauth's is one:
//
//	Recovery: sqlstore.RecoveryTable{
//		Name: "account_emailaddress", UserID: "user_id", Email: "email",
//		Confirmed: "verified",
//	},
//
// It needs an index on the address as [EmailMatch] says, and one on UserID.
// Exactly one of Confirmed, ConfirmedAt and AllConfirmed must be set, because
// whoever reads an address that counts can take the account.
//
// An account may have five rows that count, a row with its own address
// included. The application sees to that. Package reset refuses accounts with
// more.
type RecoveryTable struct {
	// Name is the table, another one than Table.Name. Empty means that accounts
	// have one address.
	Name string
	// UserID is the column that holds what Table.ID does, and is of its type.
	// It is required.
	UserID string
	// Email is the column of the address. It is required. Addresses with a line
	// feed in them are taken for two.
	Email string
	// Confirmed is a column that is true for rows that count. It is BOOLEAN on
	// PostgreSQL, an integer elsewhere. NULL counts as false.
	Confirmed string
	// ConfirmedAt is a column of any type that is not NULL for rows that count.
	ConfirmedAt string
	// AllConfirmed says that every row counts, because the table holds
	// confirmed addresses alone.
	AllConfirmed bool
}

// maxRecovery is how many addresses are read of an account. It is one more than
// package reset takes, so that it can refuse the account.
const maxRecovery = 6

// lineFeed stands between the addresses of an account where they are one text.
const lineFeed = "\n"

func (t Table) validateRecovery() error {
	r := t.Recovery
	if r == (RecoveryTable{}) {
		return nil
	}
	switch {
	case !sqldialect.ValidTable(r.Name):
		return errors.New(
			"sqlstore: Config.Table.Recovery.Name is not a plain table name",
		)
	case strings.EqualFold(r.Name, t.Name):
		return errors.New(
			"sqlstore: Config.Table.Recovery.Name and Name are the same table",
		)
	case strings.EqualFold(r.UserID, r.Email):
		return errors.New(
			"sqlstore: Config.Table.Recovery.UserID and Email name the same " +
				"column",
		)
	}

	for _, c := range []struct {
		field, name string
		required    bool
	}{
		{"UserID", r.UserID, true},
		{"Email", r.Email, true},
		{"Confirmed", r.Confirmed, false},
		{"ConfirmedAt", r.ConfirmedAt, false},
	} {
		if (c.name != "" || c.required) && !sqldialect.ValidColumn(c.name) {
			return fmt.Errorf(
				"sqlstore: Config.Table.Recovery.%s is not a plain column name",
				c.field,
			)
		}
	}

	if n := r.confirmations(); n != 1 {
		return fmt.Errorf(
			"sqlstore: Config.Table.Recovery.Confirmed, ConfirmedAt and "+
				"AllConfirmed: %d are set, want one", n,
		)
	}
	return nil
}

// confirmations returns how many of the three fields are set that say which
// addresses are confirmed.
func (r RecoveryTable) confirmations() int {
	n := 0
	for _, isSet := range []bool{
		r.Confirmed != "", r.ConfirmedAt != "", r.AllConfirmed,
	} {
		if isSet {
			n++
		}
	}
	return n
}

// column returns a column under the table's name. Otherwise one that is not
// there could be taken for one of the users' table.
func (r RecoveryTable) column(d sqldialect.Dialect, name string) string {
	return d.Quote(r.Name + "." + name)
}

// rows returns the end of a statement that reads the confirmed rows for which
// condition holds.
func (r RecoveryTable) rows(d sqldialect.Dialect, condition string) string {
	confirmed := ""
	if r.Confirmed != "" {
		confirmed = " AND " + r.column(d, r.Confirmed)
	}
	if r.ConfirmedAt != "" {
		confirmed = " AND " + r.column(d, r.ConfirmedAt) + " IS NOT NULL"
	}
	return " FROM " + d.Quote(r.Name) + " WHERE " + condition + confirmed
}

// ofUser is the condition on the rows of the account at hand.
func (t Table) ofUser(d sqldialect.Dialect) string {
	return t.Recovery.column(d, t.Recovery.UserID) + " = " +
		d.Quote(t.Name+"."+t.ID)
}

// addresses returns an expression with the account's further addresses, sorted
// by their bytes.
func (t Table) addresses(d sqldialect.Dialect) string {
	r := t.Recovery
	address := d.AsText(r.column(d, r.Email))
	rows := r.rows(d, t.ofUser(d)) + " ORDER BY "

	switch d {
	case sqldialect.PostgreSQL:
		return `(SELECT string_agg(a, chr(10) ORDER BY a COLLATE "C") FROM ` +
			"(SELECT " + address + " AS a" + rows + address +
			` COLLATE "C" LIMIT ` + strconv.Itoa(maxRecovery) + ") AS r)"
	case sqldialect.MySQL:
		// MySQL cuts what GROUP_CONCAT makes at 1024 bytes.
		list := "CONCAT_WS(CHAR(10 USING utf8mb4)"
		for n := range maxRecovery {
			list += ", (SELECT " + address + rows + "CAST(" + address +
				" AS BINARY) LIMIT " + strconv.Itoa(n) + ", 1)"
		}
		return list + ")"
	default:
		return "(SELECT group_concat(a, char(10)) FROM (SELECT " + address +
			" AS a" + rows + "CAST(" + address + " AS BLOB) LIMIT " +
			strconv.Itoa(maxRecovery) + "))"
	}
}

// byRecovery returns the condition and the order of Queries.ByRecovery.
func (t Table) byRecovery(d sqldialect.Dialect) string {
	r := t.Recovery
	email := r.column(d, r.Email)
	return d.Quote(t.ID) + " IN (SELECT " + r.column(d, r.UserID) +
		r.rows(d, t.sameAddress(d, email)) + ")" + t.where(d, 2) +
		" ORDER BY CASE WHEN EXISTS (SELECT 1" +
		r.rows(d, t.ofUser(d)+" AND "+d.SameBytes(email, d.Param(1))) +
		") THEN 0 ELSE 1 END, " + t.oldestFirst(d)
}
