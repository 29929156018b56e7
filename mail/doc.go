// Package mail holds what the mails of a password reset are made of: the [Message], the [Mailer] that delivers
// it, templates in several languages, and mailers for development.
//
// Most programs need [github.com/lostkey-go/lostkey/mail/smtpmail] for delivery and, in development, [NewFileMailer];
// the flow in package reset does the rest. Code that sends through an HTTP service implements Mailer, one method.
// Tests use [github.com/lostkey-go/lostkey/mail/mailtest].
//
// # Security
//
// [CheckAddress] and [Encode] refuse whatever could end a header line, add a recipient, or reach an SMTP command as
// a parameter. [Templates] put nothing into a mail that a visitor can choose: neither the address typed
// into a form, nor a Host header, nor a user agent's own words: see [CoarseClient]. Messages print without
// bodies and addresses, because the bodies hold live links.
//
// The package does not decide to whom to send: mail the address that is stored, never the one that was typed. It knows
// nothing about SPF, DKIM and DMARC records, which the sender's domain needs for mail to arrive.
// Switch click tracking off at the mail service: rewritten links hand the reset link to a third party.
//
// # Compatibility
//
// Fields of [Data] and [Message], and blocks of the templates, are only ever added.
package mail
