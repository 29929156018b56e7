package main

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"

	"github.com/alexedwards/scs/v2"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/preview"
	"github.com/lostkey-go/lostkey/mail/smtpmail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/policy"
	"github.com/lostkey-go/lostkey/reset/resethttp"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
	"github.com/lostkey-go/lostkey/token"
)

const productName = "Lostkey Demo"

// application holds what the handlers share. Everything in it is safe for
// concurrent use and set once, by newApplication.
type application struct {
	log      *slog.Logger
	db       *sql.DB
	users    users
	sessions *scs.SessionManager
	hasher   *hash.Hasher
	policy   *policy.Policy
	store    *sqlstore.Store
	audit    *sqlaudit.Trail
	resets   *reset.Service
	throttle throttle
	mailer   mail.Mailer
	inbox    *inbox           // nil with -smtp
	smtp     *smtpmail.Mailer // nil without
	site     string           // its URL
	expose   bool             // /inbox and /audit are for other machines too

	resetPages http.Handler
	redact     func(http.Handler) http.Handler // takes tokens out of what is logged
	resetAPI   http.Handler                    // and the front end that uses it
	preview    http.Handler
	pages      pages
}

// newApplication puts the parts together. On an error nothing is left open.
func newApplication(ctx context.Context, opts options, ring token.Keys, hasher *hash.Hasher, log *slog.Logger) (_ *application, err error) {
	db, err := openDatabase(ctx, opts.database)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	app := &application{log: log, db: db, users: users{db}, hasher: hasher, site: opts.url, expose: opts.expose}
	app.sessions = newSessions(db, strings.HasPrefix(opts.url, "https:"), app.unavailable)
	if app.pages, err = parsePages(); err != nil {
		return nil, err
	}
	if app.policy, err = policy.New(policy.Config{MFA: opts.mfa, Words: []string{productName}}); err != nil {
		return nil, err
	}
	app.store, err = sqlstore.New(db, sqlstore.Config{
		Dialect: sqlstore.SQLite,
		Table:   sqlstore.Table{Name: "users", ID: "id", Email: "email", Hash: "password_hash"},
		InTx:    endSessions,
	})
	if err != nil {
		return nil, err
	}
	if app.audit, err = openAudit(ctx, db, log); err != nil {
		return nil, err
	}
	if err := app.openMail(opts); err != nil {
		return nil, err
	}
	letters, err := mail.NewTemplates(mail.TemplatesConfig{})
	if err != nil {
		return nil, err
	}
	if app.preview, err = preview.New(preview.Config{Renderer: letters}); err != nil {
		return nil, err
	}
	limits := reset.Limits{Off: true}
	if opts.limits {
		limits = reset.Limits{}
		if app.throttle, err = newThrottle(); err != nil {
			return nil, err
		}
	}
	app.resets, err = reset.New(reset.Config{
		Site: opts.url, // the only source of links, whatever the Host header says
		// So that the demonstration can be tried over a local network. Leave this
		// out elsewhere: over plain http, links and passwords travel in clear.
		Pages:    reset.Pages{InsecureHTTP: true, Login: "/login"},
		Mail:     reset.Mail{Product: productName, Renderer: letters},
		From:     opts.from,
		Keys:     ring,
		Store:    app.store,
		Sessions: reset.EndSessionsInStore(), // see endSessions
		Mailer:   app.mailer,

		Hasher: app.hasher,
		Policy: app.policy,
		Events: reset.Sinks{app.audit, reset.SlogSink(log)},
		Limits: limits,
	})
	if err != nil {
		return nil, err
	}
	// The folder reset holds the files that replace those of the reset pages.
	frame, err := fs.Sub(files, "reset")
	if err != nil {
		return nil, err
	}
	if app.redact, err = resethttp.RedactTokens(app.resets); err != nil {
		return nil, err
	}
	if app.resetPages, err = resethttp.New(app.resets, resethttp.Config{Files: frame, Logger: log}); err != nil {
		return nil, err
	}
	if app.resetAPI, err = newAPI(app.resets, log); err != nil {
		return nil, err
	}
	return app, nil
}

// close sends the mails that wait, writes what the audit trail still holds, then
// closes the database.
func (app *application) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	err := errors.Join(app.resets.Shutdown(ctx), app.audit.Flush(context.Background()))
	if app.smtp != nil {
		err = errors.Join(err, app.smtp.Close())
	}
	return errors.Join(err, app.db.Close())
}
