package stores_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// hostileTexts are what a visitor may type, and what a database may refuse to
// compare a column with.
var hostileTexts = []struct{ name, text string }{
	{"Cyrillic", "\u044f@example.org"},
	{"beyond the BMP", "\U0001d4b6@example.org"},
	{"accent", "\u00e9@example.org"},
	{"NUL", "ann@example.org\x00"},
	{"NUL alone", "\x00"},
	{"no UTF-8", "\xff@example.org"},
	{"half a surrogate pair", "\xed\xa0\x80"},
	{"255 bytes", strings.Repeat("a", 243) + "@example.org"},
	{"255 Cyrillic letters", strings.Repeat("\u044f", 243) + "@example.org"},
	{"100 kB", strings.Repeat("a", 100_000)},
	{"quote and backslash", `o'br\ien@example.org`},
	{"empty", ""},
}

// place is a table with columns of given types, and how to connect to it.
type place struct {
	more            string // parameters for the DSN
	id, email, hash string
}

// encodingCase is a database with tables for one encoding.
type encodingCase struct {
	engine
	places []place
}

func encodingCases() []encodingCase {
	all := []encodingCase{
		{engines[0], []place{
			{"", "INTEGER", "TEXT", "TEXT"},
			{"", "TEXT", "TEXT COLLATE NOCASE", "BLOB"},
			{"", "BLOB", "BLOB", "TEXT"},
		}},
		{engines[2], mysqlPlaces()},
	}
	for _, encoding := range []string{"UTF8", "LATIN1", "SQL_ASCII"} {
		e := engines[1]
		e.name += " " + encoding
		e.prepare = func(t testing.TB) string {
			return preparePostgresEncoded(t, encoding)
		}

		all = append(all, encodingCase{e, postgresPlaces(encoding)})
	}

	return all
}

func mysqlPlaces() []place {
	var places []place
	for _, collation := range []string{
		"latin1 COLLATE latin1_swedish_ci", "latin1 COLLATE latin1_general_ci", "latin1 COLLATE latin1_bin",
		"ascii COLLATE ascii_general_ci", "ascii COLLATE ascii_bin",
		"utf8mb3 COLLATE utf8mb3_general_ci", "utf8mb3 COLLATE utf8mb3_bin",
		"utf8mb4 COLLATE utf8mb4_general_ci", "utf8mb4 COLLATE utf8mb4_bin",
	} {
		for _, more := range []string{
			"", "?interpolateParams=true",
			"?charset=latin1", "?charset=utf8",
		} {
			column := " CHARACTER SET " + collation
			places = append(places, place{
				more, "VARCHAR(64)" + column, "VARCHAR(255)" + column,
				"VARCHAR(255)" + column,
			})
		}
	}

	for _, id := range []string{
		"BIGINT", "UUID", "INET6", "DECIMAL(10)",
		"DATE", "ENUM('42', 'x')", "VARBINARY(64)",
	} {
		places = append(places,
			place{"", id, "VARBINARY(255)", "VARBINARY(255)"})
	}
	return places
}

func postgresPlaces(encoding string) []place {
	columns := [][3]string{
		{"TEXT", "TEXT", "TEXT"},
		{"UUID", "CITEXT", "VARCHAR(128)"},
		{"INTEGER", "address", "TEXT"},
		{"short", "short", "TEXT"},
		{"NUMERIC", "VARCHAR(20)", "VARCHAR(128)"},
		{"kind", "CHAR(40)", "VARCHAR(128)"},
		{"DATE", "TEXT", "TEXT"},
	}
	if encoding == "UTF8" { // ICU knows no other
		columns = append(columns, [3]string{
			"TEXT COLLATE lookalike", "TEXT COLLATE lookalike",
			"TEXT COLLATE lookalike",
		})
	}

	var places []place
	for _, more := range []string{
		"", "&default_query_exec_mode=exec", "&client_encoding=UTF8&default_query_exec_mode=simple_protocol",
	} {
		for _, c := range columns {
			places = append(places, place{more, c[0], c[1], c[2]})
		}
	}
	return places
}

// preparePostgresEncoded makes a database, because the encoding is the
// database's.
func preparePostgresEncoded(t testing.TB, encoding string) string {
	t.Helper()
	dsn := os.Getenv("LOSTKEY_POSTGRES")
	if dsn == "" {
		dsn = "postgres://postgres@127.0.0.1:5432/test?sslmode=disable"
	}
	admin := connect(t, "pgx", dsn, "PostgreSQL", "LOSTKEY_POSTGRES")
	name := "lostkey_" + strings.ToLower(rand.Text()[:12])
	mustExec(t, admin,
		"CREATE DATABASE "+name+" TEMPLATE template0 ENCODING '"+encoding+"' LOCALE 'C'")
	t.Cleanup(func() {
		mustExec(t, admin, "DROP DATABASE "+name+" WITH (FORCE)")
	})

	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.Path = "/" + name

	db := openDB(t, "pgx", u.String())
	for _, statement := range []string{
		"CREATE EXTENSION citext",
		"CREATE DOMAIN address AS TEXT CHECK (VALUE ~ '^[a-z@.]+$')",
		"CREATE DOMAIN short AS CITEXT CHECK (length(VALUE) < 100)",
		"CREATE TYPE kind AS ENUM ('42', '43')",
	} {
		mustExec(t, db, statement)
	}
	if encoding == "UTF8" {
		mustExec(t, db,
			"CREATE COLLATION lookalike (provider = icu, locale = "+
				"'und-u-ks-level2', deterministic = false)")
	}

	return u.String()
}

// open makes the table of a place, with Ann in it, and stores that look for her
// address in each way.
func (p place) open(
	t *testing.T, e engine, dsn string,
) (stores []*sqlstore.Store, ann reset.User) {
	t.Helper()
	db := openDB(t, e.driver, dsn+p.more)
	mustExec(t, db, "DROP TABLE IF EXISTS users")
	mustExec(t, db,
		"CREATE TABLE users (id "+p.id+" PRIMARY KEY, email "+p.email+", password_hash "+p.hash+")")
	id := "42"
	switch p.id {
	case "UUID":
		id = "0aa1f6b2-9d0e-4a7c-8f3d-2b1c0d9e8f7a"
	case "INET6":
		id = "2001:db8::42"
	case "DATE":
		id = "2026-11-21"
	}
	mustExec(t, db,
		e.bind("INSERT INTO users VALUES (?, 'ann@example.org', 'old')"), id)

	for match := sqlstore.MatchFolded; match <= sqlstore.MatchColumn; match++ {
		store, err := sqlstore.New(db,
			sqlstore.Config{Dialect: e.dialect, Table: sqlstore.Table{
				Name: "users", ID: "id", Email: "email", Hash: "password_hash",
				EmailMatch: match,
			}})
		require.NoError(t, err)
		stores = append(stores, store)
	}

	ann, err := stores[0].FindByID(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, id, ann.ID)
	return stores, ann
}

// An error for each look-up of one text would pass for an outage of the
// database, and whoever types such texts would hold the queue of the mails.
func TestValueThatAColumnCannotHoldMatchesNoRow(t *testing.T) {
	calls, failed := 0, 0
	check := func(what, where string, err error) {
		if calls++; err != nil {
			failed++
			t.Errorf("%s: %s: %v", what, where, err)
		}
	}

	for _, s := range encodingCases() {
		t.Run(s.name, func(t *testing.T) {
			dsn := s.prepare(t)
			for _, p := range s.places {
				stores, ann := p.open(t, s.engine, dsn)
				for _, hostile := range hostileTexts {
					where := fmt.Sprintf("%s, %+v, %s", s.name, p, hostile.name)
					for _, store := range stores {
						found, err := store.FindByEmail(t.Context(),
							hostile.text)
						require.Empty(t, found, where)
						check("address", where, err)
					}

					_, err := stores[0].FindByID(t.Context(), hostile.text)
					require.Error(t, err, where)
					check("id", where, otherThan(reset.ErrUserNotFound, err))
					for field, seen := range differing(ann, hostile.text) {
						err := stores[0].ReplaceHash(t.Context(), seen, "new")
						require.Error(t, err, where)
						check("write with another "+field, where,
							otherThan(reset.ErrStale, err))
					}
				}

				for _, store := range stores {
					found, err := store.FindByEmail(t.Context(),
						"ann@example.org")
					require.NoError(t, err)
					require.Len(t, found, 1)
					require.NoError(t,
						store.ReplaceHash(t.Context(), found[0],
							found[0].PasswordHash+"+"))
				}
			}
		})
	}

	t.Logf("%d calls, %d of them failed", calls, failed)
}

// A hash that is not stored as it is must not be called stored, and the link is
// not to blame.
func TestNewHashThatTheColumnCannotHoldIsAnError(t *testing.T) {
	for _, c := range []struct {
		engine  int
		hash    string
		refuses []string
	}{
		{1, "VARCHAR(60)", []string{strings.Repeat("a", 61)}},
		{1, "TEXT CHECK (password_hash ~ '^[a-z]*$')", []string{"$2b$", "\u044f"}},
		{1, "TEXT", []string{"\x00", "\xff"}},
		{2, "VARCHAR(60) CHARACTER SET ascii", []string{strings.Repeat("a", 61), "\u044f"}},
		{2, "VARCHAR(60) CHARACTER SET utf8mb3", []string{strings.Repeat("a", 61), "\U0001d4b6"}},
		{2, "VARBINARY(60)", []string{strings.Repeat("a", 61)}},
		{0, "TEXT CHECK (length(password_hash) < 61)", []string{strings.Repeat("a", 61)}},
	} {
		e := engines[c.engine]

		t.Run(e.name+" "+c.hash, func(t *testing.T) {
			stores, ann := place{"", "BIGINT", "VARCHAR(255)", c.hash}.open(t,
				e, e.prepare(t))
			for _, encoded := range c.refuses {
				err := stores[0].ReplaceHash(t.Context(), ann, encoded)
				require.Error(t, err, "%q", encoded)
				require.NotErrorIs(t, err, reset.ErrStale, "%q", encoded)
				t.Logf("%.10q: %v", encoded, err)
				now, err := stores[0].FindByID(t.Context(), ann.ID)
				require.NoError(t, err)
				require.True(
					t, reflect.DeepEqual(ann, now), "the account has changed",
				)
			}
		})
	}
}

// differing is the account as it is not, with one field as given.
func differing(user reset.User, text string) map[string]reset.User {
	id, email, encoded, stamp := user, user, user, user
	id.ID, email.Email, encoded.PasswordHash, stamp.Stamp = text, text, text, text
	seen := map[string]reset.User{
		"id": id, "address": email, "hash": encoded, "stamp": stamp,
	}
	if text == "" {
		delete(seen, "stamp") // the table has none
	}
	return seen
}

func otherThan(want, err error) error {
	if errors.Is(err, want) {
		return nil
	}
	return err
}
