// Package serverless runs lostkey where nothing runs between two requests:
// functions that a platform starts for a request and freezes after the answer.
// Work left to the background would be frozen with them, and the mail lost.
//
// There are two ways.
//
// [Pages] with a queue of the platform's (SQS, Pub/Sub, Cloud Tasks …) is the
// one to prefer. The function that serves the page sends a message of a few
// hundred bytes, and a second function, which the platform calls with each
// message, does the work.
//
// Nothing that depends on the account happens while the visitor waits, so time
// tells nothing. Give the queue a visibility timeout above a minute and let it
// deliver again for a quarter of an hour; lostkey says nil when a message has
// become too old to be of use. Messages hold the typed address, never a token.
//
// [SynchronousPages] needs no queue: the look-up and the mail happen before the
// answer. The price is said plainly: the answer takes longer when the address
// has an account, and that tells whoever measures it who has one. A mail that
// the server does not take at once is not tried again either. Use it where that
// is no secret.
//
// In both, each instance of the function has limits of its own, which start
// afresh with it. Share them, with the limiter of examples/redislimit for
// instance. Nothing but the events of requests, as said at [Pages], is done in
// the background.
package serverless
