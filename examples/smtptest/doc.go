// Package smtptest tests mail and mail/smtpmail against the programs of others: emersion/go-smtp, aiosmtpd, Postfix's smtp-sink, SpamAssassin, dkimpy,
// and Chromium with axe-core. It holds tests only.
//
// What is not installed is skipped, or fails with LOSTKEY_REQUIRE_SERVICES=1:
//
//	apt-get install spamassassin python3-aiosmtpd python3-dkim chromium npm
//
// smtp-sink comes with postfix; LOSTKEY_SMTP_SINK may name it elsewhere than in the path. LOSTKEY_SCREENSHOTS names a folder to leave a picture of each
// mail in; LOSTKEY_AXE names a copy of axe.min.js.
package smtptest
