// Package smtptest tests mail and mail/smtpmail against the programs of others:
// emersion/go-smtp, aiosmtpd, Postfix's smtp-sink, SpamAssassin, and Chromium
// with axe-core. It holds tests only.
//
// What is not installed is skipped, or fails with LOSTKEY_REQUIRE_SERVICES=1:
//
//	apt-get install spamassassin python3-aiosmtpd postfix chromium npm
//
// LOSTKEY_SMTP_SINK may name smtp-sink elsewhere than in the path.
// LOSTKEY_SCREENSHOTS names a folder to keep a picture of each mail in.
// LOSTKEY_AXE names a copy of axe.min.js.
package smtptest
