package reset_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing/fstest"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/token"
)

// The notice of a changed password has a link that says that this was not the
// owner. The hook disables the account, and ends its sessions where the store
// does that in ReplaceHash alone.
func ExampleConfig_onDisputed() {
	ctx := context.Background()
	svc, store, outbox := exampleService(func(cfg *reset.Config) {
		users := cfg.Store.(*memstore.Store)
		cfg.Hooks.OnDisputed = func(
			_ context.Context, what reset.Dispute,
		) error {
			if !what.SessionsEnded {
				fmt.Println("end the sessions of", what.UserID)
			}
			return users.Update(what.UserID, func(user *reset.User) {
				user.Disabled = true
			})
		}
	})
	defer func() { _ = svc.Shutdown(ctx) }()

	_ = svc.NotifyChanged(ctx, reset.NotifyInput{UserID: "7"})
	mails, _ := outbox.Wait(ctx, 1)
	_, rest, _ := strings.Cut(mails[0].Text, "/dispute/#token=")
	raw, _, _ := strings.Cut(rest, "\n")

	fmt.Println(svc.Dispute(ctx, reset.CheckInput{Token: raw}))
	user, _ := store.FindByID(ctx, "7")
	fmt.Println("disabled:", user.Disabled)
	fmt.Println(svc.Confirm(ctx, reset.ConfirmInput{
		Token: raw, Password: "correct horse battery",
	}))
	// Output:
	// end the sessions of 7
	// <nil>
	// disabled: true
	// token: rejected
}

// The texts stand in one file with those of the other mails.
var verifyTexts = fstest.MapFS{"locales/en.json": {Data: []byte(`{
	"verify-email.subject": "Confirm your address for {product}",
	"verify-email.title":   "Confirm your address",
	"verify-email.what":    "On {when}, this address was given to {product}.",
	"verify-email.action":  "To confirm that it is yours, open this link:",
	"verify-email.button":  "Confirm the address",
	"verify-email.not-you": "If this was not you, ignore this message."
}`)}}

// addresses stands for a column email_verified of the table of users.
type addresses struct {
	mu       sync.Mutex
	verified map[string]bool
}

// state is what using the link changes, so that it works once.
func (a *addresses) state(_ context.Context, user reset.User) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return fmt.Sprint(a.verified[user.ID]), nil
}

// verify is what the link does. Over SQL:
//
//	UPDATE users SET email_verified = TRUE WHERE id = $1 AND email = $2
func (a *addresses) verify(_ context.Context, user reset.User) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.verified[user.ID] = true
	return nil
}

// A link of the application's own verifies an address.
func Example_verifyAddress() {
	const verifyEmail token.Purpose = "verify-email"
	ctx := context.Background()
	known := &addresses{verified: map[string]bool{}}
	templates, err := mail.NewTemplates(mail.TemplatesConfig{
		Files: verifyTexts, Kinds: []mail.Kind{mail.Kind(verifyEmail)},
	})
	if err != nil {
		panic(err)
	}

	svc, _, outbox := exampleService(func(cfg *reset.Config) {
		cfg.Mail.Renderer = templates
		cfg.Pages.Purposes = map[token.Purpose]reset.Purpose{
			verifyEmail: {Path: "/verify-email", State: known.state},
		}
	})
	defer func() { _ = svc.Shutdown(ctx) }()

	// After somebody has signed up:
	fmt.Println(svc.SendPurpose(ctx, verifyEmail, reset.SendInput{UserID: "7"}))
	mails, _ := outbox.Wait(ctx, 1)
	fmt.Println(mails[0].Subject)

	// In the handler of the page's POST, since scanners of mail open links:
	redeem := func() error {
		return svc.Redeem(ctx, verifyEmail, reset.RedeemInput{
			Token: mailtest.Token(mails[0]),
		}, known.verify)
	}
	fmt.Println(redeem(), known.verified["7"])
	fmt.Println(redeem())
	// Output:
	// <nil>
	// Confirm your address for app.example
	// <nil> true
	// token: rejected
}
