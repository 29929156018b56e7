// Package smtpmail delivers mails over SMTP.
//
// Most programs need [New] alone, with Config.URL set:
//
//	mailer, err := smtpmail.New(smtpmail.Config{URL: os.Getenv("SMTP_URL")})
//
// It hands mail to a relay. It does not look up MX records, does not sign, does
// not queue, and does not retry.
//
// # Security
//
// Nothing about a mail is said, and no credential is sent, before the
// connection is encrypted with TLS 1.2 or newer and the certificate and its
// name are verified. STARTTLS is required, never merely attempted. Only fields
// whose names begin with Insecure weaken this.
//
// Errors hold neither recipient nor content nor credentials, and not the
// server's own words either, because servers like to quote the recipient.
package smtpmail
