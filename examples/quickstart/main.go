// Command quickstart resets a forgotten password from end to end, with one user
// in memory and the mail on the terminal.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/token"
)

func main() {
	ctx := context.Background()
	hasher := must(hash.New(hash.Config{}))
	users := memstore.New()
	check(users.Add(reset.User{
		ID: "42", Email: "ada@example.com",
		PasswordHash: must(hasher.Hash(ctx, "the one she forgot")),
	}))

	mails := make(chan mail.Message, 2)
	svc := must(reset.New(reset.Config{
		Site: "https://app.example", // the only source of links
		From: "App <no-reply@app.example>",
		// yours: token.ParseKeys(os.Getenv("LOSTKEY_KEYS"))
		Keys: must(token.NewKeys(must(token.GenerateKey("dev")))),
		// yours: sqlstore, or three methods
		Store: users,
		Mailer: mail.MailerFunc(func(_ context.Context,
			msg mail.Message,
		) error {
			mails <- msg
			return nil
		}),
		Sessions: reset.KeepSessions(), // this program has none to end
		Hasher:   hasher,
	}))

	check(svc.Request(ctx, reset.RequestInput{Email: "Ada@example.com"}))
	msg := <-mails
	fmt.Printf("1. Mail to %s: %s\n\n%s\n\n", msg.To, msg.Subject,
		mailtest.Link(msg))

	answer := reset.ConfirmInput{
		Token: mailtest.Token(msg), Password: "seven wet umbrellas",
	}
	check(svc.Confirm(ctx, answer))
	fmt.Println("2. The new password is set.")

	err := svc.Confirm(ctx, answer)
	fmt.Printf("3. The same link again: %v (rejected: %t)\n", err,
		errors.Is(err, reset.ErrRejected))

	check(svc.Shutdown(ctx)) // sends what still waits
	fmt.Printf("4. Mail to %s: %s\n", msg.To, (<-mails).Subject)
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
