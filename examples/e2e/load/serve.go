package main

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	_ "net/http/pprof" // for go tool pprof, at /debug/pprof/.
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx".
	_ "modernc.org/sqlite"             // the driver "sqlite".

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/ratelimit"
	"github.com/lostkey-go/lostkey/reset/resethttp"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
	"github.com/lostkey-go/lostkey/token"
)

const (
	forgotPath = "/forgot-password"
	mailedPath = "/mailed" // how many mails were sent.
	site       = "http://127.0.0.1"
	sender     = "App <no-reply@app.example>"
)

// The servers that this program can be.
const (
	serveAudited = "audited" // this library, with its audit trail.
	serveSilent  = "silent"  // this library without.
	serveBare    = "bare"    // a look-up and a mail, and nothing else.
	serveTable   = "table"   // a table of tokens.
)

// mailed counts mails and throws them away.
type mailed struct{ atomic.Int64 }

func (m *mailed) Send(context.Context, mail.Message) error {
	m.Add(1)
	return nil
}

// serve runs one of the servers until its input ends. It prints its address.
func serve(kind, location string, in io.Reader, out io.Writer) error {
	db, dialect, err := open(location)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()

	var sent mailed
	var handler http.Handler
	end := func(context.Context) error { return nil }
	switch kind {
	case serveAudited, serveSilent:
		handler, end, err = library(db, dialect, &sent, kind == serveAudited)
	case serveBare:
		handler, err = bare(db, &sent)
	case serveTable:
		handler, err = tokenTable(db, dialect, &sent)
	default:
		err = fmt.Errorf("no server is called %q", kind)
	}
	if err != nil {
		return err
	}

	mux := http.NewServeMux()
	mux.Handle(forgotPath, handler)
	mux.Handle("/reset-password", handler)
	mux.Handle("/debug/pprof/", http.DefaultServeMux)
	mux.HandleFunc(mailedPath, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, sent.Load())
	})

	listener, err := (&net.ListenConfig{}).Listen(
		context.Background(), "tcp", "127.0.0.1:0",
	)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	_, _ = fmt.Fprintln(out, listener.Addr())

	signal.Ignore(os.Interrupt) // the input says when to end.
	_, _ = io.Copy(io.Discard, in)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return cmp.Or(server.Close(), end(ctx))
}

// open opens the database at a location, a file or a URL.
func open(location string) (*sql.DB, sqlstore.Dialect, error) {
	driver, dialect := "pgx", sqlstore.PostgreSQL
	if !isPostgres(location) {
		driver, dialect = "sqlite", sqlstore.SQLite
		location = "file:" + location + "?_pragma=journal_mode(wal)" +
			"&_pragma=busy_timeout(5000)&_txlock=immediate"
	}
	db, err := sql.Open(driver, location)
	if err != nil {
		return nil, 0, err
	}
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
	return db, dialect, nil
}

func isPostgres(location string) bool {
	return strings.HasPrefix(location, "postgres")
}

// silence is a sink that keeps nothing.
var silence = reset.SinkFunc(func(context.Context, reset.Event) {})

// library is the flow as applications have it. All limits are in force, though
// so wide that one client can ask for everybody.
func library(
	db *sql.DB, dialect sqlstore.Dialect, sent *mailed, audited bool,
) (http.Handler, func(context.Context) error, error) {
	store, err := sqlstore.New(db, sqlstore.Config{
		Dialect: dialect,
		Table: sqlstore.Table{
			Name: "users", ID: "id", Email: "email", Hash: "password_hash",
		},
	})
	if err != nil {
		return nil, nil, err
	}
	keys, err := token.GenerateKeys("load")
	if err != nil {
		return nil, nil, err
	}
	wide, err := ratelimit.New(ratelimit.Config{
		Burst: 1 << 20, Every: time.Microsecond,
	})
	if err != nil {
		return nil, nil, err
	}

	cfg := reset.Config{
		Site: site, From: sender, Keys: keys, Store: store, Mailer: sent,
		Sessions: reset.KeepSessions(),
		Pages:    reset.Pages{InsecureHTTP: true},
		Queue:    reset.Queue{Size: 10_000},
		Limits: reset.Limits{
			Global: wide, Client: wide, Network: wide, Account: wide,
		},
		Events: silence,
	}
	end := func(context.Context) error { return nil }
	if audited {
		trail, err := sqlaudit.New(db, sqlaudit.Config{Dialect: dialect})
		if err != nil {
			return nil, nil, err
		}
		for _, statement := range trail.Schema() {
			_, err := db.ExecContext(context.Background(), statement)
			if err != nil {
				return nil, nil, err
			}
		}
		cfg.Events, end = trail, trail.Shutdown
	}

	service, err := reset.New(cfg)
	if err != nil {
		return nil, nil, err
	}
	pages, err := resethttp.New(service, resethttp.Config{
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	return pages, func(ctx context.Context) error {
		return cmp.Or(service.Shutdown(ctx), end(ctx))
	}, err
}
