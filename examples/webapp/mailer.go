package main

import (
	"context"
	"fmt"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/smtpmail"
)

// openMail decides where mails go: to the server of -smtp or LOSTKEY_SMTP, or
// else into the inbox page; and, besides, into the folder of -mail-dir.
func (app *application) openMail(opts options) error {
	if opts.expose {
		app.log.Warn("-expose-mails-and-audit shows /inbox and /audit to anybody who can reach this server")
	}
	if opts.smtp == "" {
		app.log.Warn("mails, with live links, are shown at /inbox to every user of this machine: for development only, see -smtp")
		app.inbox = &inbox{}
		app.mailer = app.inbox
	} else {
		var err error
		if app.smtp, err = smtpmail.New(smtpmail.Config{URL: opts.smtp}); err != nil {
			return fmt.Errorf("-smtp or LOSTKEY_SMTP: %w", err)
		}
		app.mailer = app.smtp
	}
	if opts.mailDir == "" {
		return nil
	}
	folder, err := mail.NewFileMailer(opts.mailDir)
	if err != nil {
		return fmt.Errorf("-mail-dir: %w", err)
	}
	first := app.mailer
	app.mailer = mail.MailerFunc(func(ctx context.Context, msg mail.Message) error {
		if err := first.Send(ctx, msg); err != nil {
			return err
		}
		// The mail is out. Failing now would only send it again.
		if err := folder.Send(ctx, msg); err != nil {
			app.log.ErrorContext(ctx, "copy of a mail not written", "error", err)
		}
		return nil
	})
	return nil
}
