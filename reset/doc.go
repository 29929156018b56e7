// Package reset lets the users of a web application replace a forgotten
// password by a mailed link, without a table of tokens.
//
// A link is signed, and bound to the account's id, its stored password hash,
// its stored address and an optional stamp. The moment any of those changes,
// every link of the account is dead. Using a link changes the hash, so a link
// works once. Nothing is written when somebody asks for a link. One row is
// written when a password changes, and when an account without any hash is
// invited.
//
// Most applications need [New], [Service.Shutdown] and the ready pages of the
// resethttp package, which call the four steps. [Service.Request] takes an
// address and queues the mail, [Service.Check] looks at a link,
// [Service.Confirm] sets the new password, and [Service.Link] makes a link
// without sending it. [Service.Invite] mails a link for a first password,
// [Service.SendReset] one that an administrator asks for, and
// [Service.NotifyChanged] the notice after a change on the application's own
// page. A [Purpose] is a use of links of the application's own. The application
// brings a [Store], three methods over its users table, or uses the
// sqlstore package. The resettest package checks it.
//
// # Security
//
// What the package does, each point with tests of its own:
//
//   - Of any number of confirmations of one link, on any number of machines,
//     one succeeds. The new hash is written only where the old one still is. A
//     store that cannot say whether it wrote is asked again, so a lost reply is
//     neither a false success nor a dead link. Where that cannot tell either,
//     Confirm says so.
//   - Request does the same work for every address. It looks nothing up, makes
//     no link and mails nothing. Answer and time tell nothing about accounts.
//     That includes accounts that are disabled, have no password, or are over
//     their limit, and a store or a mail server that is down.
//   - Links go to a stored address alone, and only if it equals the typed one
//     up to the case of ASCII letters, so that look-alike letters lead nowhere.
//     A link is bound to the address it went to, and dies when the account has
//     it no more.
//   - Links are made from Config.Site alone. Host headers and the like cannot
//     change them.
//   - No store, policy or hasher is asked about a token whose signature is not
//     good, and all refused links get one answer.
//   - Hooks that the flow cannot go on without fail closed. See [Hooks].
//   - Of a visitor's headers a mail shows two things. It is in a language of
//     Accept-Language that there are templates for, and it names a browser and
//     a system out of a short list, which the visitor may lie about.
//   - An account's sessions are dealt with. [New] refuses a [Config] that does
//     not say how. Nobody is signed in by a reset.
//   - An account with a second factor can be asked for it before the write. See
//     [Hooks].BeforeConfirm. What cannot be judged is refused, and guesses are
//     counted by account.
//   - The account's owner is told of the change by mail, at all addresses the
//     account had at that moment.
//   - Where Config.Hooks.OnDisputed is set, that mail has a link that locks the
//     account. It is bound to the new hash and the address, changes nothing
//     until somebody presses a button, and can set no password.
//   - A used invitation stays used, also when the account's hash is cleared.
//     See [Service.Invite].
//   - Limits are charged before any look-up. See [Limits]. What a stranger can
//     make the package hold, queue and counters, is bounded. What fails keeps
//     no new request out. See [Config.Queue.Size].
//   - Jobs carry a MAC. Whoever can write to the queue behind
//     Config.Queue.Dispatch can repeat a mail while it is of use, and suppress
//     one, but can have nothing mailed to an address of their choice.
//   - Several sites, tenants or brands can be served by one set of workers,
//     limits and slots. Links, look-ups, senders and brands of one never reach
//     another, and a job that is moved to another is refused. See
//     [Service.For].
//   - One network cannot take the flow from everybody. Clients are counted by
//     address and by network, and where the site is at its bound, the networks
//     that were granted most wait first. The same holds for places in the queue
//     and for the time of its workers.
//   - One account gets no more mail than its limit allows, whatever spelling of
//     its name or address was typed.
//   - A request that is refused, or that the queue cannot take, uses up
//     nobody's limit. See [Refunder].
//   - Queued jobs hold no token, only what was typed. Events, errors, logs and
//     print forms hold no token, link, address, password, hash or key. Texts of
//     the application's own errors have those removed that belong to the
//     request at hand.
//
// What it does not do:
//
//   - Several links of one account may be live at once, until one is used. A
//     single one cannot be revoked. A Stamp that changes with each request, or
//     with each sign-in, narrows that. See the examples.
//   - A restored backup brings back old hashes, and with them the links that
//     were bound to them and have not expired. Rotate the key after a restore.
//     In the same way an application that writes back an old hash or marker
//     brings back its links. To take a password away, write a fresh random
//     marker, set Disabled or change the Stamp. See [Service.Invite]. Clearing
//     the hash brings back no link.
//   - A write whose reply was lost may be committed after Confirm has answered
//     [ErrUnknownOutcome]. A queued job looks for it for a day, ends sessions
//     and sends the notice. In the default mode that job is lost with the
//     process.
//   - A login that upgrades a hash changes it, and so kills outstanding links.
//   - Whoever reads the user's mail can dispute a change as well, and so lock
//     the owner out. That is a nuisance and no takeover. Whoever took the
//     account over kills that link by changing the address, or the password
//     once more, so ask for a proof before either. See [Service.Dispute].
//   - Whoever reads the user's mail can reset the password. Mail is a way to
//     recover an account, not a second factor. Ask for the second factor at the
//     next login as always (NIST SP 800-63B-4 section 4.2), and with
//     [Hooks].BeforeConfirm before the reset.
//   - Clients are told apart by their networks. Somebody who holds many
//     networks, or an application that passes no client, or one proxy's for
//     all, is not kept from filling the queue. See [RequestInput].
//   - A store in which several accounts differ in the case of letters alone
//     serves five of them at most. Make the index on the folded address unique,
//     as [Store] says.
//   - In the default mode queued mails are lost when the process is killed, and
//     users ask again. Config.Queue.Dispatch puts them on a durable queue.
//   - Config.Queue.Synchronous gives up that time tells nothing.
//   - Sites of one Service share its limits and workers. What floods one from
//     many networks, or a store of one that hangs, is felt by all. See
//     [Service.For].
//   - A flood from thousands of networks, each of which asks little, cannot be
//     told from visitors. The site's limit bounds it, and refuses both.
//   - TLS, the login, sessions and the users table are the application's. So is
//     the client's address. Never pass one that a header named unless the proxy
//     that set the header is your own.
//
// # Compatibility
//
// The texts of [Outcome] and [Reason], and the JSON form of [Job], are stable.
// Jobs of one version are processed by the next, though not by the one before.
// Links survive upgrades as long as the token package's format does.
package reset
