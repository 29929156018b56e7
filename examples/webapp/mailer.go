package main

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/preview"
	"github.com/lostkey-go/lostkey/mail/smtpmail"
)

// openMail decides where mails go: to the server of -smtp or LOSTKEY_SMTP, or
// else into the inbox page; and, besides, into the folder of -mail-dir.
func (app *application) openMail(opts options) error {
	if opts.expose {
		app.log.Warn("-expose-mails-and-audit shows /inbox and /audit, " +
			"which can block networks, " +
			"to anybody who can reach this server")
	}

	if opts.smtp == "" {
		app.log.Warn("mails, with live links, are shown at /inbox to every " +
			"user of this machine: for development only, see -smtp")
		app.inbox = &inbox{}
		app.mailer = app.inbox
	} else {
		var err error
		app.smtp, err = smtpmail.New(smtpmail.Config{URL: opts.smtp})
		if err != nil {
			return fmt.Errorf("-smtp or LOSTKEY_SMTP: %w", err)
		}
		app.mailer = app.smtp
	}

	if err := app.openPreview(); err != nil {
		return err
	}
	if opts.mailDir == "" {
		return nil
	}
	folder, err := mail.NewFileMailer(opts.mailDir)
	if err != nil {
		return fmt.Errorf("-mail-dir: %w", err)
	}
	app.mailer = app.withCopies(app.mailer, folder)
	return nil
}

// openPreview makes the templates of the mails, and the page that shows them
// and what was sent.
func (app *application) openPreview() error {
	texts, err := fs.Sub(files, "mails")
	if err != nil {
		return err
	}
	app.templates, err = mail.NewTemplates(mail.TemplatesConfig{
		Files: texts,
		Kinds: []mail.Kind{mail.Kind(purposeVerify), mail.Kind(purposeRecovery)},
	})
	if err != nil {
		return err
	}

	cfg := preview.Config{Renderer: app.templates}
	if app.inbox != nil {
		cfg.Sent = app.inbox.messages
	}
	app.preview, err = preview.New(cfg)
	return err
}

// withCopies sends through mailer and then through copies.
func (app *application) withCopies(mailer, copies mail.Mailer) mail.Mailer {
	return mail.MailerFunc(func(ctx context.Context, msg mail.Message) error {
		if err := mailer.Send(ctx, msg); err != nil {
			return err
		}
		// The mail is out. Failing now would only send it once more.
		if err := copies.Send(ctx, msg); err != nil {
			app.log.ErrorContext(ctx, "copy of a mail not written",
				"error", err)
		}
		return nil
	})
}
