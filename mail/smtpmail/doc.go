// Package smtpmail delivers mails over SMTP.
//
// Most programs need [New] alone, with Config.URL set:
//
//	mailer, err := smtpmail.New(smtpmail.Config{URL: os.Getenv("SMTP_URL")})
//
// It hands mail to a relay. It does not look up MX records, does not sign, does
// not queue, and does not retry. A caller retries by the mail.Verdict of the
// error.
//
// # Security
//
// The connection is encrypted with TLS 1.2 or newer before anything about a
// mail is said, by STARTTLS, which is required and never merely attempted, or
// from the first byte. Certificate and name are verified. Credentials are sent
// over TLS only. No field weakens this but those whose names begin with
// Insecure.
//
// Addresses are checked before anything is dialled. Errors hold neither
// recipient nor content nor credentials, and not the server's own words either,
// because servers like to quote the recipient.
package smtpmail
