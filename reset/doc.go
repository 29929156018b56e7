// Package reset lets the users of a web application replace a forgotten
// password by a mailed link, without a table of tokens.
//
// Most programs need [New], [Service.Shutdown] and the pages of the resethttp
// package, with a [Store] over the users table: the sqlstore package, or three
// methods of your own, which the resettest package checks.
//
// # How it runs
//
// [Service.Request] takes what a visitor typed, charges [Limits] and queues a
// [Job]. A worker looks the accounts up, makes a link for each and mails it.
// [Service.Check] looks at a link, and [Service.Confirm] sets the new password.
//
// A link is signed, and bound to the account's id, its stored hash, the address
// it went to and an optional stamp. It dies when any of them changes. Using it
// changes the hash, so it works once. Nothing is written when a link is asked
// for.
//
// [Service.SendReset], [Service.Invite], [Service.Link], [Service.SendPurpose]
// and [Service.NotifyChanged] are for callers who may know who has an account,
// such as administrators. They say what is wrong with it and charge no limits.
//
// An error that a method does not name is internal, or an argument is out of
// range. An address of a client may be the zero Addr, for unknown.
//
// # Guarantees
//
// Each has tests. The threat model is in .github/SECURITY.md.
//
// Of any number of confirmations of one link, on any machines, one succeeds.
//
// Answer and time of Request tell nothing about accounts, whatever their state,
// and when the store or the mail server is down. All refused links get one
// answer.
//
// Links go to a stored address alone, and only if it equals the typed one up
// to the case of ASCII letters. Links are made from Config.Site, never from a
// Host header. Of what a visitor sends, mails show a language, a browser and a
// system, each out of a short list.
//
// Jobs hold no token. Events, errors, logs and print forms hold no token, link,
// address, password, hash or key, except under %p and %w, where package fmt
// calls no methods. Those of the request at hand are removed from the texts of
// the application's own errors.
//
// # What it does not do
//
// Several links of one account may live until one is used, and a single one
// cannot be revoked. User.Stamp narrows that. A login that upgrades a hash
// kills all of them.
//
// A restored backup, or an old hash that is written back, revives its links
// that have not expired. Rotate the key after a restore.
//
// Whoever reads the user's mail can reset the password. Ask for a second factor
// at the next login (NIST SP 800-63B-4 section 4.2), and with
// Hooks.BeforeConfirm before the reset.
//
// TLS, the login, sessions, the users table and the client's address are the
// application's.
//
// # Clocks
//
// Machines that share keys need the same time, to ten seconds. Otherwise links
// are refused as "not-yet-valid" or "expired", and jobs wait as "bad-date".
//
// # Compatibility
//
// A later version may add an [Outcome], a [Reason] or a field of a [Job], and
// renames and removes none. It takes the jobs and links of an older one.
//
// An older version refuses jobs that use what it does not know. So update the
// processes that work on jobs first, and take a version back in the reverse
// order.
package reset
