// Command quickstart resets a forgotten password from end to end, with one user
// in memory and the mail on the terminal.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/token"
)

func main() {
	ctx := context.Background()
	hasher := must(hash.New(hash.Config{}))
	users := memstore.New()
	ada := reset.User{ID: "42", Email: "ada@example.com"}
	ada.PasswordHash = must(hasher.Hash(ctx, "the one she forgot"))
	check(users.Add(ada))

	outbox := &mailtest.Recorder{}
	svc := must(reset.New(reset.Config{
		Site:     "https://app.example", // the only source of links
		From:     "App <no-reply@app.example>",
		Keys:     must(token.GenerateKeys("dev")), // yours: token.ParseKeys
		Store:    users,                           // yours: sqlstore
		Mailer:   outbox,                          // yours: smtpmail
		Sessions: reset.KeepSessions(),            // there are none to end
		Hasher:   hasher,
	}))

	check(svc.Request(ctx, reset.RequestInput{Email: "Ada@example.com"}))
	msg := must(outbox.Wait(ctx, 1))[0]
	fmt.Printf("1. Mail to %s: %s\n\n%s\n\n",
		msg.To, msg.Subject, mailtest.Link(msg))

	raw := mailtest.Token(msg)
	answer := reset.ConfirmInput{Token: raw, Password: "seven wet umbrellas"}
	check(svc.Confirm(ctx, answer))
	fmt.Println("2. The new password is set.")

	err := svc.Confirm(ctx, answer)
	fmt.Printf("3. The same link again: %v (rejected: %t)\n",
		err, errors.Is(err, reset.ErrRejected))

	check(svc.Shutdown(ctx)) // sends what still waits
	msg = must(outbox.Wait(ctx, 2))[1]
	fmt.Printf("4. Mail to %s: %s\n", msg.To, msg.Subject)
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
