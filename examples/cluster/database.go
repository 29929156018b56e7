package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/redis/go-redis/v9"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/lostkey-go/lostkey/reset/sqlaudit"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// A database of the cluster's own, on a server that others may use as well.
type database struct {
	admin string // the URL that it was made through
	name  string
	url   string
	pool  *pgxpool.Pool
}

const schema = `
CREATE TABLE users (
	id TEXT PRIMARY KEY,
	email TEXT NOT NULL,
	password_hash TEXT,
	disabled BOOLEAN NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX users_email ON users (lower(email));
`

// createDatabase makes the database with all tables. In production these are
// migrations, run once before a deployment.
func createDatabase(ctx context.Context, admin string) (*database, error) {
	u, err := url.Parse(admin)
	if err != nil || u.Scheme == "" {
		return nil, errors.New("the URL of PostgreSQL cannot be read")
	}
	d := &database{
		admin: admin, name: "lostkey_cluster_" + strings.ToLower(rand.Text()),
	}
	u.Path = "/" + d.name
	d.url = u.String()

	if err := d.onServer(ctx, "CREATE DATABASE "+d.name); err != nil {
		return nil, fmt.Errorf("%w: no PostgreSQL at %s: %w: is it installed "+
			"and running? see -postgres", errMissing, u.Host, err)
	}
	if d.pool, err = pgxpool.New(ctx, d.url); err == nil {
		err = d.createTables(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, d.drop(ctx))
	}
	return d, nil
}

func (d *database) createTables(ctx context.Context) error {
	if _, err := d.pool.Exec(ctx, schema); err != nil {
		return err
	}

	db := stdlib.OpenDBFromPool(d.pool)
	defer func() { _ = db.Close() }()
	if err := createTrail(ctx, db); err != nil {
		return err
	}

	migrator, err := rivermigrate.New(riverpgxv5.New(d.pool),
		&rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

func createTrail(ctx context.Context, db *sql.DB) error {
	trail, err := sqlaudit.New(db, sqlaudit.Config{
		Dialect: sqlstore.PostgreSQL,
	})
	if err != nil {
		return err
	}
	for _, statement := range trail.Schema() {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// addUsers makes n accounts, user-1@app.example and so on, with one password.
func (d *database) addUsers(ctx context.Context, n int) error {
	hasher, err := newHasher()
	if err != nil {
		return err
	}
	encoded, err := hasher.Hash(ctx, "the password that was forgotten")
	if err != nil {
		return err
	}
	_, err = d.pool.Exec(ctx, `INSERT INTO users (id, email, password_hash)
		SELECT i, 'user-' || i || '@app.example', $1
		FROM generate_series(1, $2) i`, encoded, n)
	return err
}

func (d *database) onServer(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, d.admin)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// drop takes everything away again, also from under an instance that hangs.
func (d *database) drop(ctx context.Context) error {
	if d.pool != nil {
		d.pool.Close()
	}
	return d.onServer(ctx, "DROP DATABASE IF EXISTS "+d.name+" WITH (FORCE)")
}

// forgetLimits deletes what the instances have counted in Redis.
func forgetLimits(ctx context.Context, addr, prefix string) error {
	client := redis.NewClient(&redis.Options{Addr: addr})
	keys := client.Scan(ctx, 0, prefix+"*", 1000).Iterator()
	var err error
	for keys.Next(ctx) {
		err = errors.Join(err, client.Del(ctx, keys.Val()).Err())
	}
	return errors.Join(err, keys.Err(), client.Close())
}
