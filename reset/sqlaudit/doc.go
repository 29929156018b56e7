// Package sqlaudit keeps an audit trail of resets, and a list of blocked
// networks, in tables of the application's database. It works over database/sql
// and without a driver of its own.
//
// A [Trail] is a [reset.Sink]. It tells who asked for a link, from where and
// when, what became of it, and when and from where the link was used.
// [Blocks.Blocked] is what Hooks.Blocked of [reset.Config] takes. The
// Examples connect both.
//
// Each makes its table with the statements of its Schema method, which can be
// run at every start or put into the application's migrations. Neither needs
// the other, nor the users in a [sqlstore.Store].
//
// # Security
//
// The trail holds user ids and addresses of clients, which are personal data,
// and no address of mail, token, password or hash. [Trail.Prune] deletes old
// rows. Who may read the trail and block a network is the application's to
// decide. The package does not check it.
//
// Names of tables are checked and quoted once, by the constructors. Values
// travel as parameters only.
package sqlaudit
