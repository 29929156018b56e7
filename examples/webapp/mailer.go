package main

import (
	"context"
	"fmt"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/smtpmail"
)

// openMail decides where mails go: to the server of -smtp, or else into the
// inbox page; and, besides, into the folder of -mail-dir.
func (app *application) openMail(opts options) error {
	if opts.smtp == "" {
		app.log.Warn("mails, with live links, are shown to anybody at /inbox: for development only, see -smtp")
		app.inbox = &inbox{}
		app.mailer = app.inbox
	} else {
		var err error
		if app.smtp, err = smtpmail.New(smtpmail.Config{URL: opts.smtp}); err != nil {
			return fmt.Errorf("-smtp: %w", err)
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
