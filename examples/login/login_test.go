package login_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/login"
	"github.com/lostkey-go/lostkey/hash"
)

const (
	password = "correct horse battery staple"
	// What PHP's password_hash made of it.
	bcryptRow = "$2y$10$cwj7Ti8RIhnoJ.y9pPLTYeNKTQdKsR9H.LvB8WB8N7Al4DTL11XCi"
)

// One handler, mounted for POST, is all there is to it.
func Example() {
	pool, err := pgxpool.New(context.Background(), "postgres://db.internal/app")
	if err != nil {
		panic(err)
	}
	hasher, err := hash.New(hash.Config{})
	if err != nil {
		panic(err)
	}

	mux := http.NewServeMux()
	mux.Handle("POST /login", &login.Handler{
		Pool: pool, Hasher: hasher, Log: slog.Default(),
		SignedIn: func(w http.ResponseWriter, r *http.Request, _ string) {
			// … start a session …
			http.Redirect(w, r, "/account", http.StatusSeeOther)
		},
	})
}

// slow is a format whose verification takes until the test says. Every password
// is right.
type slow struct{ begun, release chan struct{} }

const slowRow = "slow:row"

func (s slow) Name() string { return "slow" }

func (s slow) Identify(encoded string) bool { return encoded == slowRow }

func (s slow) Parse(string, hash.Bounds) (hash.Record, error) {
	return hash.Record{Scheme: "slow", Check: func(string) (bool, error) {
		s.begun <- struct{}{}
		<-s.release
		return true, nil
	}}, nil
}

// fixture is a handler over a schema of its own.
type fixture struct {
	*login.Handler
	t    *testing.T
	slow slow
}

func newFixture(t *testing.T, slots hash.SlotsConfig) *fixture {
	t.Helper()
	dsn := os.Getenv("LOSTKEY_POSTGRES")
	if dsn == "" {
		dsn = "postgres://postgres@127.0.0.1:5432/test"
	}
	cfg, err := pgxpool.ParseConfig(dsn)
	require.NoError(t, err)
	schema := "login_" + strings.ToLower(rand.Text())
	cfg.ConnConfig.RuntimeParams["search_path"] = schema
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(pool.Close)

	if err := pool.Ping(t.Context()); err != nil {
		if os.Getenv("LOSTKEY_REQUIRE_SERVICES") == "1" {
			t.Fatalf("no PostgreSQL: %v", err)
		}
		t.Skipf("no PostgreSQL: %v", err)
	}
	_, err = pool.Exec(t.Context(), fmt.Sprintf(`
		CREATE SCHEMA %s;
		CREATE TABLE users (id bigserial PRIMARY KEY, email text NOT NULL,
			password_hash text, disabled boolean NOT NULL DEFAULT false);
		CREATE UNIQUE INDEX ON users (lower(email))`, schema))
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := pool.Exec(context.Background(),
			"DROP SCHEMA "+schema+" CASCADE")
		require.NoError(t, err)
	})

	limits, err := hash.NewSlots(slots)
	require.NoError(t, err)
	slow := slow{make(chan struct{}), make(chan struct{})}
	hasher, err := hash.NewInsecure(hash.Config{
		Params: hash.Argon2id{MemoryKiB: 64, Time: 1, Threads: 1},
		Slots:  limits, Accept: append(hash.Modern(), slow),
	})
	require.NoError(t, err)
	return &fixture{t: t, slow: slow, Handler: &login.Handler{
		Pool: pool, Hasher: hasher, Log: slog.New(slog.DiscardHandler),
		SignedIn: func(w http.ResponseWriter, _ *http.Request, id string) {
			w.Header().Set("X-User", id)
		},
	}}
}

func (fx *fixture) add(email string, encoded any, disabled bool) (id string) {
	fx.t.Helper()
	require.NoError(fx.t, fx.Pool.QueryRow(fx.t.Context(), `
		INSERT INTO users (email, password_hash, disabled)
		VALUES ($1, $2, $3) RETURNING id::text`, email, encoded, disabled,
	).Scan(&id))
	return id
}

func (fx *fixture) row(id string) (encoded string) {
	fx.t.Helper()
	require.NoError(fx.t, fx.Pool.QueryRow(fx.t.Context(),
		"SELECT password_hash FROM users WHERE id::text = $1", id,
	).Scan(&encoded))
	return encoded
}

func (fx *fixture) post(email, password string) *http.Response {
	form := url.Values{"email": {email}, "password": {password}}
	r := httptest.NewRequest(
		http.MethodPost, "/login", strings.NewReader(form.Encode()),
	)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	fx.ServeHTTP(w, r.WithContext(fx.t.Context()))
	return w.Result()
}

func TestARightPasswordSignsInAndMovesTheRowToTodaysFormat(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, hash.SlotsConfig{})
	id := fx.add("Ana@example.com", bcryptRow, false)

	for range 2 {
		res := fx.post("ana@EXAMPLE.com", password)
		require.Equal(t, http.StatusOK, res.StatusCode)
		require.Equal(t, id, res.Header.Get("X-User"))
		require.Contains(t, fx.row(id), "$argon2id$")
	}
}

// Answer and work are the same for all of them.
func TestEveryRefusalIsAlike(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, hash.SlotsConfig{})
	encoded, err := fx.Hasher.Hash(t.Context(), password)
	require.NoError(t, err)
	fx.add("ana@example.com", encoded, false)
	disabled := fx.add("disabled@example.com", bcryptRow, true)
	fx.add("sso@example.com", nil, false)
	fx.add("broken@example.com", "no hash at all", false)

	var first *http.Response
	for _, form := range [][2]string{
		{"ana@example.com", "wrong"},
		{"ana@example.com", ""},
		{"nobody@example.com", password},
		{"disabled@example.com", password},
		{"sso@example.com", password},
		{"sso@example.com", ""},
		{"broken@example.com", password},
		{"", ""},
		{"' OR true --", password},
	} {
		before := fx.Hasher.Slots().Stats().Started
		res := fx.post(form[0], form[1])
		require.EqualValues(
			t, 1, fx.Hasher.Slots().Stats().Started-before, form,
		)
		if first == nil {
			first = res
		}
		require.Equal(t, http.StatusUnauthorized, res.StatusCode, form)
		require.Equal(t, first.Header, res.Header, form)
		require.Equal(t, first.Body, res.Body, form)
	}
	require.Equal(t, bcryptRow, fx.row(disabled))
}

func TestAResetThatIsFasterKeepsItsPassword(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, hash.SlotsConfig{})
	id := fx.add("ana@example.com", slowRow, false)
	done := make(chan int)
	go func() { done <- fx.post("ana@example.com", password).StatusCode }()

	<-fx.slow.begun
	_, err := fx.Pool.Exec(t.Context(), `
		UPDATE users SET password_hash = 'of the reset' WHERE id::text = $1`, id)
	require.NoError(t, err)
	close(fx.slow.release)
	require.Equal(t, http.StatusOK, <-done, "it was right when it was verified")
	require.Equal(t, "of the reset", fx.row(id))
}

func TestWhereItCannotTellItSaysSoForEveryAddress(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, hash.SlotsConfig{Count: 1, Queue: 1})
	release := sync.OnceFunc(func() { close(fx.slow.release) })
	defer release()
	fx.add("slow@example.com", slowRow, false)
	fx.add("ana@example.com", bcryptRow, false)
	var others sync.WaitGroup
	others.Go(func() { fx.post("slow@example.com", password) })
	<-fx.slow.begun
	others.Go(func() { fx.post("nobody@example.com", password) })
	require.Eventually(t, func() bool {
		return fx.Hasher.Slots().Stats().Waiting == 1
	}, 10*time.Second, time.Millisecond)

	unavailable := func(why string) {
		for _, email := range []string{"ana@example.com", "nobody@example.com"} {
			res := fx.post(email, password)
			require.Equal(t, http.StatusServiceUnavailable, res.StatusCode, why)
			require.NotEmpty(t, res.Header.Get("Retry-After"), why)
		}
	}
	unavailable("the queue is full")
	release()
	others.Wait()
	require.Equal(t, http.StatusOK,
		fx.post("ana@example.com", password).StatusCode)

	closed, err := pgxpool.NewWithConfig(t.Context(), fx.Pool.Config())
	require.NoError(t, err)
	closed.Close()
	fx.Pool = closed
	unavailable("the database is down")
}
