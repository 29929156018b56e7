package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
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
	db       database
	users    users
	sessions *scs.SessionManager
	hasher   *hash.Hasher
	policy   *policy.Policy
	store    *sqlstore.Store
	trail    *sqlaudit.Trail
	blocks   *sqlaudit.Blocks
	resets   *reset.Service
	throttle throttle
	now      func() time.Time
	site     string // its URL
	expose   bool   // /inbox and /audit are for other machines too

	templates *mail.Templates
	mailer    mail.Mailer
	inbox     *inbox           // nil with -smtp
	smtp      *smtpmail.Mailer // nil without

	resetPages http.Handler
	redact     func(http.Handler) http.Handler // takes tokens out of what is logged
	resetAPI   http.Handler                    // and the front end that uses it
	preview    http.Handler
	pages      pages
}

// newApplication puts the parts together. On an error nothing is left open.
func newApplication(
	ctx context.Context,
	opts options,
	ring token.Keys,
	hasher *hash.Hasher,
	log *slog.Logger,
) (_ *application, err error) {
	db, err := openDatabase(ctx, opts.database)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()

	app := &application{
		log:    log,
		db:     db,
		users:  users{db},
		hasher: hasher,
		now:    opts.now,
		site:   opts.url,
		expose: opts.expose,
	}
	if app.now == nil {
		app.now = time.Now
	}
	secure := strings.HasPrefix(opts.url, "https:")
	app.sessions = newSessions(db, secure, app.unavailable)
	if app.pages, err = parsePages(); err != nil {
		return nil, err
	}

	if err := app.openStores(ctx); err != nil {
		return nil, err
	}
	if err := app.openMail(opts); err != nil {
		return nil, err
	}
	return app, app.openResets(opts, ring)
}

// openStores makes what keeps its data in the database.
func (app *application) openStores(ctx context.Context) error {
	var err error
	app.store, err = sqlstore.New(app.db.DB, sqlstore.Config{
		Dialect: app.db.dialect,
		Table: sqlstore.Table{
			Name: "users", ID: "id", Email: "email", Hash: "password_hash",
			Label: "label", Disabled: "disabled",
			Recovery: sqlstore.RecoveryTable{
				Name: "recovery_addresses", UserID: "user_id", Email: "email",
				Confirmed: "confirmed",
			},
		},
		InTx: app.endSessions,
	})
	if err != nil {
		return err
	}
	app.checkTable(ctx)

	if err := app.openTrail(ctx); err != nil {
		return err
	}
	return app.openBlocks(ctx)
}

// checkTable says in the log what is wrong with the users' table. The program
// runs all the same.
func (app *application) checkTable(ctx context.Context) {
	findings, err := app.store.Check(ctx)
	if err != nil {
		app.log.WarnContext(ctx, "users' table not checked", "error", err)
	}
	for _, f := range findings {
		app.log.WarnContext(
			ctx, "users' table", "problem", f.String(), "run", f.SQL,
		)
	}
}

// openResets makes the reset service, its pages and its limits.
func (app *application) openResets(opts options, ring token.Keys) error {
	var err error
	app.policy, err = policy.New(policy.Config{
		MFA: opts.mfa, Words: []string{productName},
	})
	if err != nil {
		return err
	}

	limits := reset.Limits{Off: true}
	if opts.limits {
		limits = reset.Limits{}
		if app.throttle, err = newThrottle(); err != nil {
			return err
		}
	}

	app.resets, err = reset.New(reset.Config{
		// The only source of links, whatever the Host header says.
		Site:     opts.url,
		From:     opts.from,
		Keys:     ring,
		Store:    app.store,
		Mailer:   app.mailer,
		Sessions: reset.EndSessionsInStore(), // see endSessions

		// So that the demonstration can be tried over a local network. Leave
		// this out elsewhere: over plain http, links and passwords travel in
		// clear.
		Pages: reset.Pages{
			InsecureHTTP: true, Login: "/login", Purposes: app.purposes(),
			ReturnTo: places,
		},
		Mail:   reset.Mail{Product: productName, Renderer: app.templates},
		Limits: limits,
		Hooks:  app.hooks(),
		Hasher: app.hasher,
		Policy: app.policy,
		Events: reset.Sinks{app.trail, reset.SlogSink(app.log)},
	})
	if err != nil {
		return err
	}

	// The folder reset holds the files that replace those of the reset pages.
	frame, err := fs.Sub(files, "reset")
	if err != nil {
		return err
	}
	app.redact = resethttp.RedactTokens(app.resets)
	app.resetPages, err = resethttp.New(app.resets, resethttp.Config{
		Files: frame, Logger: app.log,
	})
	if err != nil {
		return err
	}
	app.resetAPI, err = newAPI(app.resets, app.log)
	return err
}

// hooks are the application's own part in a reset.
func (app *application) hooks() reset.Hooks {
	return reset.Hooks{
		Blocked:       app.blocks.Blocked,
		ProofKind:     app.proofKind,
		BeforeConfirm: app.checkProof,
		OnConfirmed: []func(context.Context, reset.Confirmation) error{
			app.addressProven,
		},
		OnDisputed: app.lockAccount,
	}
}

// close sends the mails that wait, writes what the audit trail still holds,
// then closes the database.
func (app *application) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()

	err := errors.Join(
		app.resets.Shutdown(ctx),
		app.trail.Shutdown(context.WithoutCancel(ctx)),
	)
	if app.smtp != nil {
		err = errors.Join(err, app.smtp.Close())
	}
	return errors.Join(err, app.db.Close())
}
