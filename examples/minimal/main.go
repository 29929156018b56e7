// Command minimal is a password reset on PostgreSQL and SMTP, as small as it
// can be. The tables are the application's own. To try it, make some:
//
//	CREATE TABLE users (
//		id bigserial PRIMARY KEY, email text NOT NULL, password_hash text);
//	CREATE UNIQUE INDEX users_email_lower ON users (lower(email));
//	CREATE TABLE sessions (id text PRIMARY KEY, user_id bigint NOT NULL);
//
// SITE_URL is what a browser shows, because the links lead there. SMTP_URL is
// insecure-smtp://127.0.0.1:1025 for a server on this machine without TLS.
//
//	DATABASE_URL=postgres://… SMTP_URL=smtp://user:password@smtp.example
//	LOSTKEY_KEYS=2026-11:$(openssl rand -base64 32)
//	SITE_URL=http://127.0.0.1:8080 ADDR=127.0.0.1:8080
//
// It has no audit trail, limits of one process, and a queue in memory. The web
// application beside it has more, and the cluster has all of it.
package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/lostkey-go/lostkey/mail/smtpmail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
	"github.com/lostkey-go/lostkey/token"
)

func main() {
	ctx, stop := signal.NotifyContext(
		context.Background(), os.Interrupt, syscall.SIGTERM,
	)
	err := run(ctx)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	db, err := sql.Open("pgx", os.Getenv("DATABASE_URL"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()

	svc, err := newService(db)
	if err != nil {
		return err
	}
	mux, err := routes(svc)
	if err != nil {
		return err
	}
	return serve(ctx, svc, mux)
}

// newService connects the flow to a table that is already there.
func newService(db *sql.DB) (*reset.Service, error) {
	keys, err := token.ParseKeys(os.Getenv("LOSTKEY_KEYS"))
	if err != nil {
		return nil, fmt.Errorf("LOSTKEY_KEYS: %w", err)
	}
	mailer, err := smtpmail.New(smtpmail.Config{URL: os.Getenv("SMTP_URL")})
	if err != nil {
		return nil, fmt.Errorf("SMTP_URL: %w", err)
	}
	store, err := sqlstore.New(db, sqlstore.Config{
		Dialect: sqlstore.PostgreSQL,
		Table: sqlstore.Table{
			Name: "users", ID: "id", Email: "email", Hash: "password_hash",
		},
		InTx: func(ctx context.Context, tx *sql.Tx, seen reset.User) error {
			_, err := tx.ExecContext(ctx,
				"DELETE FROM sessions WHERE user_id = $1", seen.ID)
			return err
		},
	})
	if err != nil {
		return nil, err
	}

	return reset.New(reset.Config{
		Site:     cmp.Or(os.Getenv("SITE_URL"), "https://app.example"),
		From:     "App <no-reply@app.example>",
		Keys:     keys,
		Store:    store,
		Mailer:   mailer,
		Sessions: reset.EndSessionsInStore(),
		Pages:    reset.Pages{Login: "/login"},
		Mail:     reset.Mail{Product: "App", Support: "help@app.example"},
	})
}

// routes mounts the ready pages.
func routes(svc *reset.Service) (*http.ServeMux, error) {
	pages, err := resethttp.New(svc, resethttp.Config{})
	if err != nil {
		return nil, err
	}

	mux := http.NewServeMux()
	mux.Handle("/forgot-password", pages)
	mux.Handle("/reset-password", pages)
	mux.Handle("/reset-password/", pages) // mailed links lead below it
	return mux, nil
}

// serve answers until ctx ends, and then sends the mails that wait.
func serve(
	ctx context.Context, svc *reset.Service, handler http.Handler,
) error {
	server := &http.Server{
		Addr:              cmp.Or(os.Getenv("ADDR"), "127.0.0.1:8080"),
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
	}

	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	select {
	case err := <-failed:
		return errors.Join(err, svc.Shutdown(ctx))
	case <-ctx.Done():
	}

	ending, cancel := context.WithTimeout(
		context.WithoutCancel(ctx), 30*time.Second,
	)
	defer cancel()
	return errors.Join(server.Shutdown(ending), svc.Shutdown(ending))
}
