// Package reset lets the users of a web application replace a forgotten
// password by a mailed link, without a table of tokens.
//
// For most use cases use [New], [Service.Shutdown] and the pages of the
// resethttp package, with a [Store] over the users table: the sqlstore package,
// or three methods of your own, which the resettest package checks.
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
// for. One row is written when a password changes, and when an account without
// any hash is invited.
//
// [Service.SendReset], [Service.Invite], [Service.Link], [Service.Send] and
// [Service.NotifyChanged] are for callers who may know who has an account, such
// as administrators. They say what is wrong with it and charge no limits.
//
// A [Purpose] is a use of links of the application's own, and a [Site] one more
// tenant or brand. An [Event] tells of each step.
//
// An error that a method does not name is internal, or an argument is out of
// range. An address of a client may be the zero Addr, for unknown.
//
// # Guarantees
//
// Each has tests. The threat model is in .github/SECURITY.md.
//
//   - Of any number of confirmations of one link, on any number of machines,
//     one succeeds. A lost reply of the store is neither a false success nor a
//     dead link.
//   - Answer and time of Request tell nothing about accounts, also disabled
//     ones, without a password or over their limit, and when the store or the
//     mail server is down.
//   - Links go to a stored address alone, and only if it equals the typed one
//     up to the case of ASCII letters. Look-alike letters lead nowhere.
//   - Links are made from Config.Site, never from a Host header. Of a visitor's
//     headers mails show a language that there are templates for, and a browser
//     and a system out of a short list, which the visitor may lie about.
//   - Store, policy and hasher are not asked about a token whose signature is
//     not good. All refused links get one answer.
//   - [Hooks] fail closed where the flow cannot go on without. One can ask for
//     a second factor, and guesses are counted by account.
//   - [Sessions] are dealt with. Nobody is signed in by a reset.
//   - The owner is told of a change at all addresses the account had then.
//   - [Limits] are charged before any look-up. One account gets no more mail
//     than its limit allows, whatever was typed. Queue and counters are
//     bounded, and one network cannot take them from the others.
//   - Whoever writes to the queue behind Config.Queue.Dispatch can have nothing
//     mailed to an address of their choice. See [Service.Process].
//   - Links, look-ups, senders and brands of one [Site] never reach another.
//   - Jobs hold no token. Events, errors, logs and print forms hold no token,
//     link, address, password, hash or key. Those of the request at hand are
//     removed from the texts of the application's own errors. Plain structs
//     such as [User] cannot hide in an unexported field of another struct, nor
//     under %p and %w, where package fmt calls no methods.
//
// # What it does not do
//
//   - Several links of one account may live until one is used, and a single one
//     cannot be revoked. A Stamp that changes with each request, or with each
//     sign-in, narrows that. See the examples.
//   - A restored backup, or an application that writes back an old hash or
//     marker, revives its links that have not expired. Rotate the key after a
//     restore. Clearing the hash revives none.
//   - A login that upgrades a hash kills outstanding links.
//   - Whoever reads the user's mail can reset the password. It is no second
//     factor. Ask for one at the next login as always (NIST SP 800-63B-4
//     section 4.2), and with Hooks.BeforeConfirm before the reset.
//   - A write whose reply was lost may be committed after [ErrUnknownOutcome].
//   - Jobs in the default queue are lost when the process is killed, and users
//     ask again. Config.Queue.Dispatch puts them on a durable one.
//   - A flood from thousands of networks, each of which asks little, cannot be
//     told from visitors. The site's limit bounds it, and refuses both.
//   - TLS, the login, sessions, the users table and the client's address are
//     the application's.
//
// # Clocks
//
// Machines that share keys need the same time, to ten seconds. One that is
// ahead makes links that the others refuse as "not-yet-valid", and refuses
// theirs as "expired" too early. Jobs of its requests are refused as
// "bad-date". One that is behind makes links that expire too early, and refuses
// those of others. Visitors get the usual answers, so count these reasons.
// examples/cluster tests it with 5 seconds, 5 minutes and 5 hours.
//
// # Compatibility
//
// The texts of [Outcome] and [Reason] are stable. They may be stored and
// searched for. A later version may add some, and fields to the JSON form of
// [Job], and renames and removes none.
//
// A newer version takes the jobs and links of an older one for as long as they
// are of use, while the ring has their key. That is up to seven days for a job,
// as [Service.Process] says, and up to 30 for a link. Jobs and links of earlier
// builds are kept and tested against each change.
//
// An older version takes the jobs of a newer one that use nothing it does not
// know, and refuses all others with [ErrJobRefused]. So update the processes
// that work on jobs first, and take a version back in the reverse order.
package reset
