package main

import (
	"net/http"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A value that looks like a URL must not become a file of that name.
func TestLocationThatIsNoDatabaseIsRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	for location, want := range map[string]string{
		"sqlserver://sa:c2hvcnQ@host/db":        "want postgres://",
		"mongodb://host/db":                     "want postgres://",
		"postgre://host/db":                     "want postgres://",
		"sqlite://webapp.db":                    "./sqlite:",
		"file:webapp.db":                        "./file:",
		"postgres:host":                         "-db is no URL like postgres://",
		"postgresql:/host/db":                   "-db is no URL like",
		"mysql:root@tcp(127.0.0.1:3306)/test":   "-db is no URL like mysql://",
		"mysql://root:c2hvcnQ@tcp(host:1)/test": "-db is no URL like",
		"postgres://u:c2hvcnQ/x@host/db":        "%2F",
		"postgres://u:c2hvcnQ%zz@host/db":       "-db is no URL like",
		"mysql://u:c2hvcnQ#@host/db":            "-db is no URL like",
		"mysql://u:c2hvcnQ@host/db?tls=never":   "-db: ",
		"postgres://u:c2hvcnQ@h/db?sslmode=no":  "-db: ",
		"postgres://u:c2hvcnQ@127.0.0.1:1/db":   "create the tables",
		"mysql://u:c2hvcnQ@127.0.0.1:1/db":      "create the tables",
		"POSTGRES://u:c2hvcnQ@127.0.0.1:1/db":   "create the tables",
	} {
		_, err := openDatabase(t.Context(), location)
		require.ErrorContains(t, err, want, location)
		require.NotContains(t, err.Error(), "c2hvcnQ")
	}

	left, err := os.ReadDir(".")
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestFileWithAColonInItsNameIsAFile(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.Chmod(".", 0o700))
	db, err := openDatabase(t.Context(), "./postgres:webapp.db")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	require.FileExists(t, "postgres:webapp.db")
}

func TestManyProcessesStartOnAnEmptyDatabase(t *testing.T) {
	onEveryEngine(t, testManyProcessesStartOnAnEmptyDatabase)
}

func testManyProcessesStartOnAnEmptyDatabase(t *testing.T, e engine) {
	location := e.location(t)
	var starts sync.WaitGroup
	for range 4 {
		starts.Go(func() {
			db, err := openDatabase(t.Context(), location)
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(func() { _ = db.Close() })
		})
	}
	starts.Wait()
}

// Of many who register one address at once, one gets the account.
func TestOneAddressIsRegisteredOnce(t *testing.T) {
	onEveryEngine(t, testOneAddressIsRegisteredOnce)
}

func testOneAddressIsRegisteredOnce(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	signedIn, start := make(chan bool, 16), make(chan struct{})
	var visitors sync.WaitGroup
	for i := range cap(signedIn) {
		b, address := s.browser(t), []string{ada, "ADA@example.com"}[i%2]
		visitors.Go(func() {
			<-start
			b.post("/register", "email", address, "password", oldPassword)
			signedIn <- b.signedIn()
		})
	}
	close(start)
	visitors.Wait()
	close(signedIn)

	owners := 0
	for owner := range signedIn {
		if owner {
			owners++
		}
	}
	require.Equal(t, 1, owners)
}

// Letters that a database takes for each other open nothing.
func TestLookAlikeAddressesAreStrangers(t *testing.T) {
	onEveryEngine(t, testLookAlikeAddressesAreStrangers)
}

func testLookAlikeAddressesAreStrangers(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	b := s.browser(t)
	b.register("kim.ss@example.com", oldPassword)
	require.Equal(t, http.StatusSeeOther, b.post("/logout").status)

	for _, address := range []string{
		"\u212Aim.ss@example.com", "kím.ss@example.com",
		"kim.\u00DF@example.com", "\xff@example.com",
		"kim.ss@example.com\x00", "kim.\u017Fs@example.com",
	} {
		require.Equal(
			t, http.StatusUnauthorized, b.login(address, oldPassword).status,
			"%q", address,
		)
	}
	require.Equal(
		t, http.StatusSeeOther, b.login("KIM.ss@example.com", oldPassword).status,
	)
}

// Signing in, resetting and expiring at once must not get in each other's way.
func TestSessionsOfOneAccountUnderLoad(t *testing.T) {
	onEveryEngine(t, testSessionsOfOneAccountUnderLoad)
}

func testSessionsOfOneAccountUnderLoad(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	s.browser(t).register(ada, oldPassword)
	_, err := s.db.ExecContext(t.Context(), "UPDATE sessions SET expires_at = 1")
	require.NoError(t, err)

	var visitors sync.WaitGroup
	for range 16 {
		b := s.browser(t)
		visitors.Go(func() {
			for range 6 {
				res := b.login(ada, oldPassword)
				if res.status != http.StatusSeeOther {
					t.Errorf("sign-in: %d", res.status)
				}
				_, err := s.db.ExecContext(t.Context(),
					"UPDATE sessions SET expires_at = 1 WHERE expires_at % 2 = 0")
				if err != nil {
					t.Error(err)
				}
				b.post("/account/password",
					"current", oldPassword, "password", oldPassword)
			}
		})
	}
	visitors.Wait()
	require.NotContains(t, s.logs.text(), "request failed")
}
