package main

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

//go:embed schema
var schemas embed.FS

// A database is one of the three that -db can name. Its statements have ? for
// their parameters, whatever the driver wants.
type database struct {
	*sql.DB
	dialect sqlstore.Dialect
}

// maxAttempts bounds how often a statement is run that others get in the way
// of.
const maxAttempts = 10

// urlScheme matches the start of a URL. A drive of Windows has one letter.
var urlScheme = regexp.MustCompile(`\A([A-Za-z][A-Za-z0-9+.-]+):`)

// openDatabase opens what -db names and creates the tables. That is the path of
// a SQLite file, or the URL of a database on a PostgreSQL or MySQL server.
func openDatabase(ctx context.Context, location string) (database, error) {
	var (
		db  = database{dialect: sqlstore.SQLite}
		err error
	)
	if scheme := urlScheme.FindStringSubmatch(location); scheme == nil {
		db.DB, err = openSQLite(ctx, location)
	} else {
		db, err = openServer(strings.ToLower(scheme[1]), location)
	}
	if err != nil {
		return database{}, err
	}

	// SQLite's take some megabytes each, and one at a time writes.
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
	if err := db.createTables(ctx, db.schema()); err != nil {
		return database{}, errors.Join(err, db.Close())
	}
	return db, nil
}

func openServer(scheme, location string) (database, error) {
	if scheme != "postgres" && scheme != "postgresql" && scheme != "mysql" {
		return database{}, fmt.Errorf("-db begins with %s:, want postgres://, "+
			"postgresql://, mysql:// or the path of a SQLite file "+
			"(a file of that name is ./%s:...)", scheme, scheme)
	}
	// What the parser has to say may have a piece of the password in it.
	u, err := url.Parse(location)
	if err != nil || !strings.HasPrefix(location[len(scheme):], "://") {
		return database{}, fmt.Errorf("-db is no URL like "+
			"%s://user@host/database; in a password, characters like / and # "+
			"are written as %%2F and %%23", scheme)
	}

	var db database
	if scheme == "mysql" {
		db, err = openMySQL(u)
	} else {
		u.Scheme = scheme
		db, err = openPostgreSQL(u)
	}
	if err != nil {
		return database{}, fmt.Errorf("-db: %w", err)
	}
	// A server that is taken away and comes back, perhaps behind another
	// address, is found again.
	db.SetConnMaxLifetime(3 * time.Minute)
	return db, nil
}

func openPostgreSQL(u *url.URL) (database, error) {
	cfg, err := pgx.ParseConfig(u.String())
	if err != nil {
		return database{}, err // without the password
	}
	return database{stdlib.OpenDB(*cfg), sqlstore.PostgreSQL}, nil
}

// openMySQL takes the driver's own parameters in the query of the URL.
func openMySQL(u *url.URL) (database, error) {
	cfg, err := mysql.ParseDSN("/?" + u.RawQuery)
	if err != nil {
		return database{}, err
	}
	cfg.User = u.User.Username()
	cfg.Passwd, _ = u.User.Password()
	cfg.Net = "tcp"
	cfg.Addr = net.JoinHostPort(
		cmp.Or(u.Hostname(), "127.0.0.1"), cmp.Or(u.Port(), "3306"),
	)
	cfg.DBName = strings.TrimPrefix(u.Path, "/")

	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return database{}, err
	}
	return database{sql.OpenDB(connector), sqlstore.MySQL}, nil
}

// schema returns the statements that make what is missing.
func (db database) schema() []string {
	file := map[sqlstore.Dialect]string{
		sqlstore.SQLite:     "schema/sqlite.sql",
		sqlstore.PostgreSQL: "schema/postgresql.sql",
		sqlstore.MySQL:      "schema/mysql.sql",
	}[db.dialect]
	text, err := schemas.ReadFile(file)
	if err != nil {
		panic(err) // it is embedded
	}
	return strings.SplitAfter(strings.TrimSpace(string(text)), ";\n")
}

// createTables runs statements that make what is missing. Two processes that
// start at once can both find a table missing, and one of them is refused by
// PostgreSQL. The second attempt finds it there.
func (db database) createTables(ctx context.Context, statements []string) error {
	for _, statement := range statements {
		_, err := db.DB.ExecContext(ctx, statement)
		if err != nil {
			_, err = db.DB.ExecContext(ctx, statement)
		}
		if err != nil {
			return fmt.Errorf("create the tables: %w", err)
		}
	}
	return nil
}

// bind writes the parameters of a statement as the driver wants them.
func (db database) bind(statement string) string {
	if db.dialect != sqlstore.PostgreSQL {
		return statement
	}
	parts := strings.Split(statement, "?")
	for i := range parts[1:] {
		parts[i] += "$" + strconv.Itoa(i+1)
	}
	return strings.Join(parts, "")
}

// ExecContext hides that of the *sql.DB, which knows nothing of bind. A lone
// statement that the server undid, because it and another one waited for each
// other, is run again.
func (db database) ExecContext(
	ctx context.Context, statement string, args ...any,
) (sql.Result, error) {
	for attempt := 1; ; attempt++ {
		result, err := db.DB.ExecContext(ctx, db.bind(statement), args...)
		if !isDeadlock(err) || attempt == maxAttempts {
			return result, err
		}
	}
}

// QueryRowContext hides that of the *sql.DB, which knows nothing of bind.
func (db database) QueryRowContext(
	ctx context.Context, statement string, args ...any,
) *sql.Row {
	return db.DB.QueryRowContext(ctx, db.bind(statement), args...)
}

func isDeadlock(err error) bool {
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok {
		return failure.Code == "40P01"
	}
	failure, ok := errors.AsType[*mysql.MySQLError](err)
	return ok && failure.Number == 1213
}

// isDuplicate says whether err is what a unique index has against a new row.
func isDuplicate(err error) bool {
	if failure, ok := errors.AsType[*sqlite.Error](err); ok {
		return failure.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE
	}
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok {
		return failure.Code == "23505"
	}
	failure, ok := errors.AsType[*mysql.MySQLError](err)
	return ok && failure.Number == 1062
}
