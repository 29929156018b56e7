// Package sqlstore keeps the users of package reset in a table the application
// already has, over database/sql and without a driver of its own.
//
// Most programs need [New] with a [Table], and end the user's sessions in
// Config.InTx, as the Example shows. Tables that do not fit take [Queries].
//
// [Store.Check] looks at the live table and says what is wrong with it and what
// to run. Call it when the program starts.
//
// # Tables of frameworks
//
// Django's auth_user. Give hash.Config the Params hash.Django, so that Django
// can go on using it:
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
// Spring Security's users, whose user name is the address, with hash.Spring:
//
//	sqlstore.Table{
//		Name: "users", ID: "username", Email: "username",
//		Hash: "password", Active: "enabled",
//	}
//
// A framework that signs in with the same rows ends its own sessions where they
// are bound to the hash, as Django's are. For tenants and rows that a soft
// delete marks, see [Condition].
//
// # Security
//
// A new password is one conditional update on everything that was verified. Of
// the confirmations of one link that run at once, in one process or in several,
// one changes the row and the others get [reset.ErrStale].
//
// Names are checked and quoted once, in New. Values travel as parameters only.
// Errors carry what the driver says and add no value of their own.
//
// The package does not create or migrate the users' table, and does not make
// addresses unique, as [Table] asks for.
//
// # Databases
//
// Tested with SQLite 3 (modernc, mattn, ncruces), PostgreSQL 15 (pgx, lib/pq)
// and MariaDB 10.11 (go-sql-driver). Every isolation level is safe. The
// engine's default is best, since stricter ones refuse more, which costs
// attempts.
//
// Look-ups may go to a replica that lags, but writes must reach the primary. To
// split them, wrap two Stores. A reset whose reply is lost is then reported as
// failed until the replica has caught up.
package sqlstore
