// Package sqlaudit keeps an audit trail of resets, and a list of blocked
// networks, in tables of the application's database, over database/sql.
//
// A [Trail] is a [reset.Sink], for Config.Events of package reset.
// [Blocks.Blocked] is for Hooks.Blocked. The Examples connect both. Each has a
// table of its own, which the statements of its Schema method make. Run them at
// every start, or put them into the application's migrations.
//
// # Security
//
// The trail holds user ids and addresses of clients, which are personal data.
// [Trail.Prune] deletes old rows. There is no address of mail, token, password
// or hash in it. Who may read the trail and block a network is for the
// application to check.
//
// Names of tables are checked and quoted by the constructors. Values travel as
// parameters only.
package sqlaudit
