// Command cluster runs three instances of a small application behind nginx, on
// one PostgreSQL and one Redis. It makes a database of its own, which it takes
// away when it ends, starts nginx with files of its own, and shows all mails in
// the terminal.
//
//	go -C examples/cluster run .
//
// It needs nginx (Debian: apt-get install nginx), PostgreSQL and Redis, see
// -postgres and -redis. The tests do to the cluster what happens to clusters,
// and log what visitors saw:
//
//	go -C examples/cluster test -v .
//
// # What the instances share
//
// All have the same Site, the same keys and the same database. Those make links
// and jobs of one good for all. Nothing is kept in an instance that another
// needs, so visitors may be sent to any. There is no leader but River's, which
// its instances elect, and nothing to sweep.
//
// Rate limits are counted in Redis, see package redislimit. Mail waits in
// PostgreSQL, see package riverjobs. A new password and the job of the mail
// that tells of it are one transaction, see store.go.
//
// nginx.conf says which requests may be sent to another instance, and which may
// not. Between the restarts of two instances, wait until nginx sends visitors
// to the first again. Where all are left out at a time, it answers 502 for a
// second.
//
// # Keys
//
// Rotate them in two steps, as package token says. In one step, instances that
// do not have the new key yet refuse good links ("unknown-key"), and jobs
// ("bad-mac"). River keeps such a job for a quarter of an hour, and half a day
// if it tells of a changed password, and its mail goes out some seconds late,
// by an instance that has the key.
//
// # What happens when
//
// An instance is restarted. It finishes what it has begun. A connection that
// it had not taken yet gets 502.
//
// An instance is killed. Visitors whose requests it had get 502 and try again.
// River gives its jobs to others after settings.Rescue, and some forty seconds
// more at worst, since it looks every half minute. The mail server may have
// taken a mail before the instance could note it. That one is sent twice, with
// the same Message-ID. If the answer to a confirmation is lost, the second try
// may say that the link is used. A request for a link that was charged but not
// queued leaves the account's limit charged, so for a minute nothing is sent.
//
// Redis is away or hangs. Nobody notices but the operator. Each instance counts
// for itself, so n of them let through up to n times as much.
//
// PostgreSQL is away or hangs. Pages open. Requests, checks and confirmations
// get 503, at once or after some seconds, and nobody is told that a mail is on
// its way. Links stay good. A confirmation that was cut may have done its work,
// and the link is refused then. Instances need no restart.
//
// A new version is deployed. Links and jobs of the version before are taken for
// as long as they live: an hour for a link, 15 minutes for a request, a day for
// mails that nobody waits for. Links of the new version are taken by the one
// before. Jobs of the new version are refused by a worker of the one before, if
// they hold what that does not know, and wait in River for the new ones. Have
// the old instances leave the jobs alone first (NoWorker), and nothing is
// refused.
//
// # A wrong clock
//
// One instance has a clock that is wrong, which -clock shows. Up to ten seconds
// do no harm. Beyond, visitors are told the usual things, and this happens:
//
//	clock   asked there,     asked elsewhere,  its links       links of others
//	        mailed elsewhere mailed there      elsewhere       there
//	+5 s    mailed           mailed            good            good
//	-5 s    mailed           mailed            good            good
//	+5 min  refused, kept    mailed            not yet         good
//	-5 min  mailed           refused, kept     55 minutes      not yet
//	+5 h    refused, kept    too late, no mail not yet         expired
//	-5 h    too late, none   refused, kept     expired         not yet
//
// The audit trail has these as "job-refused bad-date", "skipped too-late",
// "rejected not-yet-valid" and "rejected expired", dated by the clock of the
// instance that saw them. None of them is usual, so count them. A job that is
// refused is kept for an instance whose clock is right, or until it is due. If
// that is not within a quarter of an hour it is cancelled, and stays in River's
// table with that error. Limits go by the clock of Redis. River goes by the
// clocks of its instances, which -clock leaves right.
package main
