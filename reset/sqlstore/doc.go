// Package sqlstore keeps the users of package reset in a table the application
// already has, over database/sql and without a driver of its own. Package
// sqlaudit has the audit trail and the list of blocked networks.
//
// Most programs need [New] with a [Table], and nothing else. What
// ends the sessions goes into Config.InTx, as the Example shows.
//
// Tables that do not fit take [Queries], complete statements of the host's own.
//
// [Store.Check] looks at the live table and says what is wrong with it and what
// to run. Call it when the program starts.
//
// # Tables of frameworks
//
// Django's auth_user, which Django goes on using. Give hash.Config the Params
// hash.Django, so that it can:
//
//	sqlstore.Table{
//		Name: "auth_user", ID: "id", Email: "email", Hash: "password",
//		Active: "is_active",
//	}
//
// Rails with has_secure_password (password_digest) or Devise:
//
//	sqlstore.Table{
//		Name: "users", ID: "id", Email: "email",
//		Hash: "encrypted_password", DisabledAt: "locked_at",
//	}
//
// Spring Security's users, whose user name is the address. Authorities stay as
// they are. New hashes are hash.Spring:
//
//	sqlstore.Table{
//		Name: "users", ID: "username", Email: "username",
//		Hash: "password", Active: "enabled",
//	}
//
// One tenant of a table that several share, and rows that a soft delete marks.
// Each tenant has a Store of its own, because the tenant comes from the host's
// code and never from a request:
//
//	Where: []sqlstore.Condition{
//		{Column: "tenant_id", Value: tenant},
//		{Column: "deleted_at", IsNull: true},
//	},
//
// A Django or Spring that signs in with the same rows ends its own sessions by
// itself where they are bound to the hash, as Django's are.
//
// # Security
//
// A new password is one conditional update on everything that was verified,
// which is hash, all addresses, stamp and disabled flag, compared byte for byte
// whatever the column's collation. However many confirmations of one link run
// at once, in one process or in several, one changes the row and the others get
// [reset.ErrStale]. What must happen with the change, ending sessions above
// all, belongs in Config.InTx, which shares its transaction.
//
// Names are checked and quoted once, in New. Values travel as parameters only
// and are never trimmed or encoded anew. Errors carry what the driver says and
// add no value of their own.
//
// The package does not create or migrate the users' table, and does not make
// the address unique. Several accounts on one address are all returned, 100 of
// them at most, and those that are spelled as it was typed come first. A unique
// index on lower(email) is the application's to make. [Table] has the statement
// for each engine, and says what happens without.
//
// A typed text that the address column cannot hold, such as a Cyrillic letter
// where the column is latin1, matches no row. The engines' errors about it are
// known by their numbers, and do not pass for an outage.
//
// Look-ups may go to a replica that lags, but the writes must reach the
// primary. To split them, wrap two Stores. A reset whose reply is lost is then
// reported as failed until the replica has caught up, because the row is read
// once more to find out.
//
// # Databases
//
// Tested with SQLite 3 (modernc, mattn, ncruces), PostgreSQL 15 (pgx, lib/pq)
// and MariaDB 10.11 (go-sql-driver). Every isolation level is safe, and the
// engine's default is best. Stricter ones refuse look-ups and writes for no
// reason of their own, which costs further attempts, and no visitor sees them.
//
// Unsuitable columns for the hash are those that do not give back what was put
// in: BINARY(n) on MySQL, which pads with NUL bytes, and any column shorter
// than the hashes to come. The kit in package resettest finds them.
package sqlstore
