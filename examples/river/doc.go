// Package riverjobs puts lostkey's mail on River, a job queue in PostgreSQL, so
// that mail that was accepted survives the process that accepted it. Import it,
// or copy its two files.
//
// The process that serves pages and the process that works on jobs may be two;
// both make a Service from the same Config. Run River's migrations first.
//
// # What it gives
//
// A worker that is killed outright loses nothing: once RescueAfter has passed,
// another takes the job up again. The worker notes each mail as done right
// after the mail server has taken it. Should it die between the two, the mail
// goes out a second time under the same Message-ID, by which mailboxes can tell
// it for a copy; no queue can do better. RescueStuckJobsAfter is one hour
// unless set, by when nobody wants a reset mail any more. River does not rescue
// a job before its worker's own timeout, so that the shorter time does no harm
// to long jobs beside it.
//
// Several requests for one address within one minute by the clock are one job.
//
// [WithTx] inserts in a transaction of the application's, so that the job
// exists exactly when the transaction is committed. The notice of a changed
// password can so become one with the change: ReplaceHash calls
// [reset.Service.NotifyChanged] with it, and Config.Mail.SkipNotice is set.
// NotifyChanged looks the account up while the transaction is open: give the
// pool more connections than there are confirmations at once.
//
// # What it trusts
//
// Jobs carry a MAC: whoever can write to River's tables cannot make lostkey
// mail what it was not asked to. A job that is refused may be one whose key or
// version this worker lacks, as while keys are rotated. It is attempted
// [Refusals] times, each with an event, by any worker, and then cancelled.
// Whoever can write there can still run a job twice or delete it, and whoever
// can read sees the typed addresses.
//
// # What it costs
//
// Every request writes a row, also one for an address without an account, and
// waits for that. So keep the limits on. Rows hold the typed address until
// River deletes them, a day after completion unless CompletedJobRetentionPeriod
// says otherwise; they never hold a token, because the worker makes the link.
// When PostgreSQL is down, Request fails for every address alike.
package riverjobs
