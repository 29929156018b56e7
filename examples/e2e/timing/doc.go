// Package timing shows that lostkey's forgot-password pages do not tell who has
// an account, by their bytes or by their time, and what a request costs. Its
// statistics, [Compare], serve for a handler of one's own as well.
//
//	go test ./timing                                    # a minute or two, with slack
//	LOSTKEY_TIMING_SAMPLES=20000 go test -timeout 30m \
//		-run TestKnownAndUnknown -v ./timing                # the strict form
//	LOSTKEY_TIMING_SECONDS=20 go test -run SlowMailer -v ./timing
//
// # How it measures
//
// The server is a process of its own and has every part of the default mode:
// pages, limits, in-process queue, a mailer that encodes each mail. One client
// on loopback sends requests for known and unknown addresses of one length in
// random order, over one connection, and waits after each until the work on it
// is done. Two controls belong to each measurement: known addresses against
// other known ones must look alike (null), and one signing on the path of known
// addresses must be caught (positive). Without them a silent result means
// nothing.
//
// Welch's t is taken of all measurements and of crops, since a few
// interruptions hide small differences from it. Its assumption that
// measurements are independent is not quite true; the paired sign test, which
// asks less, stands beside it.
//
// # What it cannot show
//
// Work on a known address takes processor time after the answer, and whoever
// can measure that time in requests of others may learn from it: on a busy
// single core, for instance, by a second request right behind the first. A
// worker in another process, or on another machine, as with examples/river, is
// the cure where that matters.
package timing
