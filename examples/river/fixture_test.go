package riverjobs_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	riverjobs "github.com/lostkey-go/lostkey/examples/river"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/token"
)

// TestMain turns the test binary into a worker process when a test starts it
// again as one.
func TestMain(m *testing.M) {
	if os.Getenv(childSchema) != "" {
		if err := work(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	goleak.VerifyTestMain(m)
}

func dsn() string {
	if dsn := os.Getenv("LOSTKEY_POSTGRES"); dsn != "" {
		return dsn
	}
	return "postgres://postgres@127.0.0.1:5432/test"
}

var silent = slog.New(slog.DiscardHandler)

// fixture is a schema with River's tables in it, and a service that puts its
// mail there.
type fixture struct {
	pool   *pgxpool.Pool
	schema string
	keys   string
	insert *river.Client[pgx.Tx]
	svc    *reset.Service
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), dsn())
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	if err := pool.Ping(t.Context()); err != nil {
		if os.Getenv("LOSTKEY_REQUIRE_SERVICES") == "1" {
			t.Fatalf("no PostgreSQL: %v", err)
		}
		t.Skipf("no PostgreSQL: %v", err)
	}

	f := &fixture{pool: pool, schema: "river_" + strings.ToLower(rand.Text())}
	f.exec(t, "CREATE SCHEMA "+f.schema)
	t.Cleanup(func() {
		_, err := pool.Exec(context.Background(),
			"DROP SCHEMA "+f.schema+" CASCADE")
		require.NoError(t, err)
	})

	migrator, err := rivermigrate.New(riverpgxv5.New(pool),
		&rivermigrate.Config{Schema: f.schema, Logger: silent})
	require.NoError(t, err)
	_, err = migrator.Migrate(t.Context(), rivermigrate.DirectionUp, nil)
	require.NoError(t, err)

	f.insert, err = river.NewClient(riverpgxv5.New(pool),
		&river.Config{Schema: f.schema, Logger: silent})
	require.NoError(t, err)
	keys, err := token.GenerateKeys("test")
	require.NoError(t, err)
	f.keys = keys.Reveal()
	f.svc, err = newService(f.keys,
		mail.MailerFunc(func(context.Context, mail.Message) error {
			t.Error("the process that serves requests sent a mail")
			return nil
		}), riverjobs.Dispatch(f.insert))
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, f.svc.Shutdown(context.Background()))
	})

	return f
}

// accounts is how many there are: user-0@example.com and so on.
const accounts = 60

func addrOf(i int) string { return fmt.Sprintf("user-%d@example.com", i) }

func newService(
	keys string, mailer mail.Mailer,
	dispatch func(context.Context, reset.Job) error,
	changes ...func(*reset.Config),
) (*reset.Service, error) {
	ring, err := token.ParseKeys(keys)
	if err != nil {
		return nil, err
	}
	store := memstore.New()
	for i := range accounts {
		user := reset.User{
			ID: fmt.Sprint(i), Email: addrOf(i),
			PasswordHash: "$2b$10$stand-in for a hash of " + addrOf(i),
		}
		if err := store.Add(user); err != nil {
			return nil, err
		}
	}

	cfg := reset.Config{
		Site: "https://app.example", From: "App <no-reply@app.example>",
		Keys: ring, Store: store, Mailer: mailer,
		Sessions: reset.KeepSessions(),
		Limits:   reset.Limits{Off: true},
		Events:   reset.SinkFunc(func(context.Context, reset.Event) {}),
		Queue:    reset.Queue{Dispatch: dispatch},
	}
	for _, change := range changes {
		change(&cfg)
	}
	return reset.New(cfg)
}

// startWorker works on the jobs of a schema in this process.
func startWorker(
	ctx context.Context, pool *pgxpool.Pool, schema string, svc *reset.Service,
) (*river.Client[pgx.Tx], error) {
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers,
		&quickWorker{riverjobs.NewWorker(svc, pool)}); err != nil {
		return nil, err
	}

	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Schema: schema, Logger: silent, Workers: workers,
		Queues: map[string]river.QueueConfig{
			riverjobs.Queue: {MaxWorkers: 8},
		},
		FetchPollInterval: 100 * time.Millisecond,
		// Minutes in production. River runs its rescuer when a worker becomes
		// the leader, 15 s after the last one was killed.
		JobTimeout: time.Second, RescueStuckJobsAfter: time.Second,
	})
	if err != nil {
		return nil, err
	}
	return client, client.Start(ctx)
}

// quickWorker lets a test wait for seconds where production waits for minutes.
type quickWorker struct{ *riverjobs.Worker }

func (*quickWorker) Timeout(*river.Job[riverjobs.Args]) time.Duration {
	return time.Second
}

func (*quickWorker) NextRetry(*river.Job[riverjobs.Args]) time.Time {
	return time.Now()
}

func (f *fixture) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	_, err := f.pool.Exec(t.Context(), query, args...)
	require.NoError(t, err)
}

// count counts rows of the job table.
func (f *fixture) count(t *testing.T, where string) int {
	t.Helper()
	var n int
	require.NoError(t,
		f.pool.QueryRow(t.Context(),
			"SELECT count(*) FROM "+f.schema+".river_job WHERE "+where).Scan(&n))
	return n
}

func (f *fixture) request(ctx context.Context, t *testing.T, addr string) {
	t.Helper()
	require.NoError(t, f.svc.Request(ctx, reset.RequestInput{Email: addr}))
}

// waitFor asks again and again until the condition holds.
func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(2 * time.Minute)
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			require.FailNow(t, "waited too long", what)
		}
	}
}
