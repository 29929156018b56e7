// Package stores has the tables that the stores in its folders are written for.
//
// Each folder is one way to write a reset.Store: pgxstore, sqlxstore,
// sqlcstore, gormstore, bunstore and entstore over PostgreSQL, of which
// gormstore and bunstore serve for MariaDB as they are. etcdstore is over a
// key-value store that compares and swaps, and a model for document databases
// that do. FerretDB 1.24 does not: of 64 conditional updates of one document at
// once, up to 35 reported success.
//
// Copy the one that is like your program. The rules are the same in all:
//
//   - ReplaceHash is one conditional write, which compares everything that was
//     read. No row changed is reset.ErrStale.
//   - The sessions end in the transaction of that write, which
//     reset.EndSessionsInStore says to the Service.
//   - That transaction is READ COMMITTED in SQL, whatever the default of the
//     connection. One statement decides, so nothing is gained from
//     SERIALIZABLE, where the losers of a race get error 40001.
//   - An id that is not spelled as the column spells it is of no account.
//
// None of them has User.Recovery. A store that does compares it as well.
package stores

import _ "embed" // the schemas

// Schema and SchemaMySQL make the tables, in PostgreSQL and in MariaDB.
var (
	//go:embed schema.sql
	Schema string
	//go:embed schema.mysql.sql
	SchemaMySQL string
)
