// Package mail has what the mails of a password reset are made of: the
// [Message], the [Mailer] that delivers it, templates in several languages, and
// mailers for development.
//
// Most programs need [github.com/lostkey-go/lostkey/mail/smtpmail] for delivery
// and, in development, [NewFileMailer]. Package reset does the rest. [Brand]
// sets the look, and [TemplatesConfig] replaces texts and templates and adds
// languages. To send through an HTTP service, implement [Mailer].
//
// # Security
//
// [ValidateAddress] and [Encode] refuse whatever could end a header line, add a
// recipient, or reach an SMTP command as a parameter. Templates put nothing
// into a mail that a visitor can choose: neither the address typed into a form,
// nor a Host header, nor a user agent's own words.
//
// The caller decides whom to mail: the address that is stored, never the one
// that was typed. The package does not sign, which is the relay's part. The
// sender's domain needs SPF, DKIM and DMARC records for mail to arrive. Switch
// click tracking off at the mail service, because rewritten links hand the
// reset link to a third party.
//
// # Compatibility
//
// Fields of Data and Message, names that templates see, and keys of the texts
// are only ever added.
package mail
