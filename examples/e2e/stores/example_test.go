package stores_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
	"github.com/lostkey-go/lostkey/token"
)

// A reset from end to end over database/sql.
func Example() {
	ctx := context.Background()
	hasher := hash.NewInsecureForTests()
	db, err := openExample(ctx, hasher)
	if err != nil {
		log.Fatal(err)
	}

	store, err := sqlstore.New(db, sqlstore.Config{
		Dialect: sqlstore.SQLite,
		Table: sqlstore.Table{
			Name: "users", ID: "id", Email: "email", Hash: "password_hash",
			Stamp: "session_version",
		},
		InTx: func(ctx context.Context, tx *sql.Tx, seen reset.User) error {
			_, err := tx.ExecContext(ctx,
				`DELETE FROM sessions WHERE user_id = ?`, seen.ID)
			return err
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	keys, err := token.GenerateKeys("k1")
	if err != nil {
		log.Fatal(err)
	}
	var mailbox mailtest.Recorder
	service, err := reset.New(reset.Config{
		Site: "https://app.example", From: "App <no-reply@app.example>",
		Keys: keys, Store: store, Mailer: &mailbox,
		Sessions: reset.EndSessionsInStore(), Hasher: hasher,
		Events: reset.SinkFunc(func(context.Context, reset.Event) {}),
	})
	if err != nil {
		log.Fatal(err)
	}

	ask := reset.RequestInput{Email: "ann@example.org"}
	if err := service.Request(ctx, ask); err != nil {
		log.Fatal(err)
	}
	messages, err := mailbox.Wait(ctx, 1)
	if err != nil {
		log.Fatal(err)
	}

	answer := reset.ConfirmInput{
		Token:    mailtest.Token(messages[0]),
		Password: "a password to remember",
	}
	fmt.Println(service.Confirm(ctx, answer))
	fmt.Println(service.Confirm(ctx, answer))
	// Output:
	// <nil>
	// token: rejected
}

// openExample makes a database in memory with one user.
func openExample(ctx context.Context, hasher *hash.Hasher) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file::memory:?_pragma=busy_timeout(5000)")
	if err != nil {
		return nil, err
	}
	// Each connection to :memory: is a database of its own.
	db.SetMaxOpenConns(1)

	encoded, err := hasher.Hash(ctx, "the forgotten password")
	if err != nil {
		return nil, err
	}
	for _, statement := range []string{
		`CREATE TABLE sessions (user_id INTEGER)`,
		`CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE,
			password_hash TEXT, session_version INTEGER)`,
		`INSERT INTO users VALUES (42, 'ann@example.org', '` + encoded + `', 1)`,
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return nil, err
		}
	}
	return db, nil
}
