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
	db, err := sql.Open("sqlite", "file::memory:?_pragma=busy_timeout(5000)")
	if err != nil {
		log.Fatal(err)
	}
	db.SetMaxOpenConns(1) // each connection to :memory: is a database of its own
	hasher := hash.NewInsecureForTests()
	encoded, err := hasher.Hash(ctx, "the forgotten password")
	if err != nil {
		log.Fatal(err)
	}
	for _, statement := range []string{
		`CREATE TABLE sessions (user_id INTEGER)`,
		`CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, password_hash TEXT, session_version INTEGER)`,
		`INSERT INTO users VALUES (42, 'ann@example.org', '` + encoded + `', 1)`,
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			log.Fatal(err)
		}
	}

	store, err := sqlstore.New(db, sqlstore.Config{
		Dialect: sqlstore.SQLite,
		Table: sqlstore.Table{
			Name: "users", ID: "id", Email: "email", Hash: "password_hash", Stamp: "session_version",
		},
		InTx: func(ctx context.Context, tx *sql.Tx, seen reset.User) error {
			_, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE user_id = ?`, seen.ID)
			return err
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	key, err := token.GenerateKey("k1")
	if err != nil {
		log.Fatal(err)
	}
	keys, err := token.NewKeys(key)
	if err != nil {
		log.Fatal(err)
	}
	var mailbox mailtest.Recorder
	service, err := reset.New(reset.Config{
		Site: "https://app.example", From: "App <no-reply@app.example>", Keys: keys, Store: store, Mailer: &mailbox,
		Sessions: reset.EndSessionsInStore(), Hasher: hasher, Events: reset.SinkFunc(func(context.Context, reset.Event) {}),
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := service.Request(ctx, reset.RequestInput{Email: "ann@example.org"}); err != nil {
		log.Fatal(err)
	}
	messages, err := mailbox.Wait(ctx, 1)
	if err != nil {
		log.Fatal(err)
	}
	raw := mailtest.Token(messages[0])
	fmt.Println(service.Confirm(ctx, reset.ConfirmInput{Token: raw, Password: "a password to remember"}))
	fmt.Println(service.Confirm(ctx, reset.ConfirmInput{Token: raw, Password: "a password to remember"}))
	// Output:
	// <nil>
	// token: rejected
}
