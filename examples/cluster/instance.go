package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/redis/go-redis/v9"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	riverjobs "github.com/lostkey-go/lostkey/examples/river"
	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail/smtpmail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
	"github.com/lostkey-go/lostkey/token"
)

const (
	// shutdownTimeout bounds each step of stopping.
	shutdownTimeout = 10 * time.Second
	// databaseTimeout is how long anybody waits for a PostgreSQL that hangs.
	databaseTimeout = 3 * time.Second
)

// An instance is one of the processes that nginx spreads the visitors over. It
// holds nothing that the others need.
type instance struct {
	settings settings
	log      *slog.Logger
	now      func() time.Time

	pool   *pgxpool.Pool
	db     *sql.DB // the pool once more, for sqlaudit
	trail  *sqlaudit.Trail
	redis  *redis.Client
	mailer *smtpmail.Mailer
	resets *reset.Service
	worker *river.Client[pgx.Tx] // nil with NoWorker
	server *http.Server
}

// runInstance reads settings from in, says "ready" on out, and serves until in
// ends. So no instance outlives the program that started it.
func runInstance(in io.Reader, out, log io.Writer) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var s settings
	if err := json.NewDecoder(in).Decode(&s); err != nil {
		return fmt.Errorf("settings: %w", err)
	}

	app, err := newInstance(ctx, s, log)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.Listen)
	if err != nil {
		return errors.Join(fmt.Errorf("listen: %w", err), app.stop())
	}
	failed := make(chan error, 1)
	go func() { failed <- app.server.Serve(listener) }()
	if _, err := fmt.Fprintln(out, "ready"); err != nil {
		return errors.Join(err, app.stop())
	}

	go func() {
		_, _ = io.Copy(io.Discard, in)
		cancel()
	}()
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	return errors.Join(err, app.stop())
}

func newInstance(
	ctx context.Context, s settings, log io.Writer,
) (*instance, error) {
	app := &instance{
		settings: s,
		log: slog.New(slog.NewTextHandler(log, nil)).
			With("instance", s.Name),
		now: func() time.Time { return time.Now().Add(s.Clock) },
	}

	var err error
	app.pool, err = pgxpool.New(ctx, s.Database)
	if err != nil {
		return nil, err
	}
	app.db = stdlib.OpenDBFromPool(app.pool)
	app.redis = redis.NewClient(&redis.Options{
		Addr: s.Redis, ContextTimeoutEnabled: true,
	})
	app.mailer, err = smtpmail.New(smtpmail.Config{
		URL: s.SMTP, Hello: s.Name, MaxConnections: workers,
	})
	if err != nil {
		return nil, err
	}
	app.trail, err = sqlaudit.New(app.db, sqlaudit.Config{
		Dialect: sqlstore.PostgreSQL, Logger: app.log, Now: app.now,
	})
	if err != nil {
		return nil, err
	}

	if err := app.openResets(); err != nil {
		return nil, err
	}
	if err := app.startWorker(ctx); err != nil {
		return nil, err
	}
	return app, app.openServer()
}

// openResets makes the service. Its Site, its keys and its store are the same
// in all instances, and so its links and jobs are.
func (app *instance) openResets() error {
	ring, err := token.ParseKeys(app.settings.Keys)
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	limits, err := sharedLimits(app.settings, app.redis,
		func(ctx context.Context, err error) {
			app.log.WarnContext(ctx, "shared limits", "error", err)
		})
	if err != nil {
		return err
	}
	hasher, err := newHasher()
	if err != nil {
		return err
	}
	inserter, err := river.NewClient(riverpgxv5.New(app.pool),
		&river.Config{Logger: app.log})
	if err != nil {
		return err
	}

	insert := riverjobs.Dispatch(inserter)
	store := &users{pool: app.pool}
	app.resets, err = reset.New(reset.Config{
		Site: app.settings.Site, From: "Cluster <no-reply@app.example>",
		Keys: ring, Store: store, Mailer: app.mailer,
		Sessions: reset.KeepSessions(), // nobody signs in here
		Pages:    reset.Pages{InsecureHTTP: true},
		// users.ReplaceHash sees to the notice.
		Mail: reset.Mail{Product: "Cluster", SkipNotice: true},
		Queue: reset.Queue{
			Dispatch: func(ctx context.Context, job reset.Job) error {
				ctx, cancel := context.WithTimeout(ctx, databaseTimeout)
				defer cancel()
				return insert(ctx, job)
			},
		},
		Limits: limits, Hasher: hasher, Now: app.now,
		Events: reset.Sinks{app.trail, reset.SlogSink(app.log)},
	})
	if err != nil {
		return err
	}

	store.notify = func(ctx context.Context, userID string) error {
		return app.resets.NotifyChanged(ctx, reset.NotifyInput{UserID: userID})
	}
	return nil
}

// newHasher lets a rush of visitors wait for some seconds. Those who come when
// the queue is full are asked to try later.
func newHasher() (*hash.Hasher, error) {
	slots, err := hash.NewSlots(hash.SlotsConfig{Queue: 256})
	if err != nil {
		return nil, err
	}
	return hash.New(hash.Config{Slots: slots})
}

// openServer makes the pages. Every answer says which instance it is from.
func (app *instance) openServer() error {
	pages, err := resethttp.New(app.resets, resethttp.Config{
		// nginx, which sets X-Forwarded-For, is on this machine.
		Client: resethttp.ClientBehind(netip.MustParsePrefix("127.0.0.1/32")),
		Logger: app.log, Now: app.now,
	})
	if err != nil {
		return err
	}

	mux := http.NewServeMux()
	mux.Handle("/forgot-password", pages)
	mux.Handle("/reset-password", pages)
	mux.Handle("/reset-password/", pages)
	mux.HandleFunc("GET /healthz", app.health)
	mux.Handle("GET /{$}", http.RedirectHandler("/forgot-password",
		http.StatusSeeOther))
	redact := resethttp.RedactTokens(app.resets)

	app.server = &http.Server{
		Handler: redact(http.HandlerFunc(
			func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Served-By", app.settings.Name)
				mux.ServeHTTP(w, r)
			})),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		// Longer than a password hash that waits its turn.
		WriteTimeout: time.Minute,
		ErrorLog:     slog.NewLogLogger(app.log.Handler(), slog.LevelWarn),
	}
	return nil
}

func (app *instance) health(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), databaseTimeout)
	defer cancel()
	if err := app.pool.Ping(ctx); err != nil {
		http.Error(w, "database unavailable", http.StatusServiceUnavailable)
		return
	}
	_, _ = fmt.Fprintln(w, "ok")
}

// stop ends an instance in order. No new visitors, then no new jobs, then what
// the audit trail still holds.
func (app *instance) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()

	err := app.server.Shutdown(ctx)
	if app.worker != nil {
		err = errors.Join(err, app.worker.Stop(ctx))
	}
	err = errors.Join(err, app.resets.Shutdown(ctx), app.trail.Flush(ctx),
		app.mailer.Close(), app.redis.Close(), app.db.Close())
	app.pool.Close()
	return err
}
