// Package smtpmail delivers mails over SMTP.
//
// Most programs need [New] alone, with [Config.URL] set:
//
//	mailer, err := smtpmail.New(smtpmail.Config{URL: os.Getenv("SMTP_URL")})
//
// # Security
//
// The connection is encrypted with TLS 1.2 or newer before anything about a mail is said: by STARTTLS, which is then required and never
// merely tried, or from the first byte. Certificate and name are verified. Credentials are sent over TLS only. There are no fields to
// weaken this but those whose names begin with Insecure.
//
// Addresses are checked before anything is dialled. Errors hold neither recipient nor content nor credentials, and not the server's own
// words either, because servers like to quote the recipient.
//
// The package hands mail to a relay; it does not look up MX records, does not queue, and does not try again. A caller does
// that by the [mail.Verdict] of the error.
package smtpmail
