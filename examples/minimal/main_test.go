package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/token"
)

const (
	address  = "ada@app.example"
	password = "seven wet umbrellas"
	// What bcrypt made of "the one she forgot".
	bcryptRow = "$2a$10$7EqJtq98hPqEX7fNZaFWoOhi5BqA2XQbp6vFGNoYVK0b9FCR9mO5K"
)

var mailedLink = regexp.MustCompile(`https://app\.example/reset-password/#token=(\S+)`)

// One user of a table with bcrypt hashes forgets a password and gets a new one,
// over SMTP, and her session ends.
func TestAForgottenPasswordIsResetOverPostgreSQLAndSMTP(t *testing.T) {
	db := users(t)
	ring, err := token.GenerateKeys("test")
	require.NoError(t, err)
	postbox := make(chan string, 2)
	t.Setenv("SMTP_URL", "insecure-smtp://"+listen(t, postbox))
	t.Setenv("LOSTKEY_KEYS", ring.Reveal())

	svc, err := newService(db)
	require.NoError(t, err)
	mux, err := routes(svc)
	require.NoError(t, err)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	post(t, server.URL+"/forgot-password", url.Values{"email": {address}})
	link := mailedLink.FindStringSubmatch(<-postbox)
	require.NotNil(t, link)
	post(t, server.URL+"/reset-password", url.Values{
		"token": {link[1]}, "password": {password}, "repeat": {password},
	})

	var encoded string
	var sessions int
	require.NoError(t, db.QueryRowContext(t.Context(),
		`SELECT password_hash, (SELECT count(*) FROM sessions) FROM users`,
	).Scan(&encoded, &sessions))
	hasher, err := hash.New(hash.Config{})
	require.NoError(t, err)
	result, err := hasher.Verify(t.Context(), password, encoded)
	require.NoError(t, err)
	require.True(t, result.OK)
	require.Zero(t, sessions)

	require.NoError(t, svc.Shutdown(t.Context()))
	require.Contains(t, <-postbox, "password was changed")
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	t.Setenv("LOSTKEY_KEYS", "")
	_, err := newService(nil)
	require.ErrorContains(t, err, "token:")
}

// post sends a form and follows the redirect to a page that says it worked.
func post(t *testing.T, address string, form url.Values) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address,
		strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")

	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode, string(body))
}

// users makes a schema with one user, who is signed in.
func users(t *testing.T) *sql.DB {
	t.Helper()
	dsn := os.Getenv("LOSTKEY_POSTGRES")
	if dsn == "" {
		dsn = "postgres://postgres@127.0.0.1:5432/test"
	}
	admin, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		if os.Getenv("LOSTKEY_REQUIRE_SERVICES") == "1" {
			t.Fatalf("no PostgreSQL: %v", err)
		}
		t.Skipf("no PostgreSQL: %v", err)
	}
	schema := "minimal_" + strings.ToLower(rand.Text()[:8])
	_, err = admin.Exec(t.Context(), "CREATE SCHEMA "+schema)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := admin.Exec(context.Background(), "DROP SCHEMA "+schema+" CASCADE")
		require.NoError(t, err)
		require.NoError(t, admin.Close(context.Background()))
	})

	at, err := url.Parse(dsn)
	require.NoError(t, err)
	query := at.Query()
	query.Set("search_path", schema)
	at.RawQuery = query.Encode()
	db, err := sql.Open("pgx", at.String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.ExecContext(t.Context(), `
		CREATE TABLE users (id bigserial PRIMARY KEY, email text NOT NULL,
			password_hash text);
		CREATE UNIQUE INDEX ON users (lower(email));
		CREATE TABLE sessions (user_id bigint NOT NULL);
		INSERT INTO users (email, password_hash)
			VALUES ('`+address+`', '`+bcryptRow+`');
		INSERT INTO sessions VALUES (1);`)
	require.NoError(t, err)
	return db
}

// listen starts an SMTP server, and returns its address.
func listen(t *testing.T, received chan<- string) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).
		Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)

	server := smtp.NewServer(smtp.BackendFunc(
		func(*smtp.Conn) (smtp.Session, error) { return session{received}, nil },
	))
	go func() { _ = server.Serve(listener) }() // until the test closes it
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

// session takes every mail.
type session struct{ received chan<- string }

func (session) Mail(string, *smtp.MailOptions) error { return nil }
func (session) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (session) Reset()                               {}
func (session) Logout() error                        { return nil }

// Data passes on the text with its folded lines joined.
func (s session) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	s.received <- strings.NewReplacer("=\r\n", "", "=3D", "=").
		Replace(string(content))
	return err
}
