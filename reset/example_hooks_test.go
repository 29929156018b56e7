package reset_test

import (
	"context"
	"crypto/subtle"
	"fmt"
	"strings"

	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
)

// An account with a second factor is asked for it before its password is
// changed. The codes here stand for a TOTP library's answers.
func Example_secondProof() {
	ctx := context.Background()
	codes := map[string]string{"7": "492039"} // by user id; others have none.
	svc, _, _ := exampleService(func(cfg *reset.Config) {
		cfg.Hooks.ProofKind = func(
			_ context.Context, pending reset.Pending,
		) (string, error) {
			if codes[pending.UserID] == "" {
				return "", nil
			}
			return "totp", nil
		}
		cfg.Hooks.BeforeConfirm = func(
			_ context.Context, pending reset.Pending,
		) error {
			code := codes[pending.UserID]
			if code != "" && subtle.ConstantTimeCompare(
				[]byte(code), []byte(pending.Proof),
			) != 1 {
				return reset.ErrProofRefused
			}
			return nil
		}
	})

	link, _ := svc.Link(ctx, "7", reset.LinkOptions{})
	in := reset.ConfirmInput{
		Token: rawOf(link), Password: "a new password that is long",
	}
	checked, _ := svc.Check(ctx, reset.CheckInput{Token: in.Token})
	fmt.Println("the page asks for:", checked.ProofKind)
	fmt.Println(svc.Confirm(ctx, in))
	in.Proof = "492039"
	fmt.Println(svc.Confirm(ctx, in))
	_ = svc.Shutdown(ctx)
	// Output:
	// the page asks for: totp
	// reset: the second proof is refused
	// <nil>
}

// Accounts that sign in with their company are sent no link, and a link that
// was used proves that its address can be read.
func Example_eligible() {
	ctx := context.Background()
	verified := map[string]string{} // by user id.
	svc, store, outbox := exampleService(func(cfg *reset.Config) {
		cfg.Hooks.Eligible = func(
			_ context.Context, user reset.User,
		) (bool, error) {
			return !strings.HasSuffix(user.Email, "@corp.example"), nil
		}
		cfg.Hooks.OnConfirmed = []func(
			context.Context, reset.Confirmation,
		) error{func(_ context.Context, done reset.Confirmation) error {
			verified[done.UserID] = done.Email
			return nil
		}}
	})
	ana, _ := store.FindByID(ctx, "7")
	_ = store.Add(reset.User{
		ID: "8", Email: "bo@corp.example", PasswordHash: ana.PasswordHash,
	})

	_ = svc.Request(ctx, reset.RequestInput{Email: "bo@corp.example"})
	_ = svc.Request(ctx, reset.RequestInput{Email: "ana@example.com"})
	mails, _ := outbox.Wait(ctx, 1)
	_ = svc.Confirm(ctx, reset.ConfirmInput{
		Token:    mailtest.Token(mails[0]),
		Password: "a new password that is long",
	})
	_ = svc.Shutdown(ctx)
	_, err := svc.Link(ctx, "8", reset.LinkOptions{})
	fmt.Println(len(outbox.Messages()), "mails, verified:", verified)
	fmt.Println(err)
	// Output:
	// 2 mails, verified: map[7:ana@example.com]
	// reset: the account may not use this flow
}

// A link goes to the address that was asked for and is bound to it. Removing
// that address kills the link.
func ExampleUser_recovery() {
	ctx := context.Background()
	svc, store, outbox := exampleService(nil)
	set := func(addrs ...string) {
		_ = store.Update("7", func(user *reset.User) { user.Recovery = addrs })
	}
	set("Ana@Home.example", "ana@work.example")

	_ = svc.Request(ctx, reset.RequestInput{Email: "ana@home.example"})
	mails, _ := outbox.Wait(ctx, 1)
	fmt.Println("to", mails[0].To)
	in := reset.CheckInput{Token: mailtest.Token(mails[0])}
	_, err := svc.Check(ctx, in)
	fmt.Println(err)
	set("ana@work.example")
	_, err = svc.Check(ctx, in)
	fmt.Println(err)
	_ = svc.Shutdown(ctx)
	// Output:
	// to Ana@Home.example
	// <nil>
	// token: rejected
}

// A link may carry where its visitor came from. The form has a key, and
// whatever it has, it leads to no other place than the configured ones.
func ExamplePages_returnTo() {
	ctx := context.Background()
	svc, _, outbox := exampleService(func(cfg *reset.Config) {
		cfg.Limits = reset.Limits{Off: true}
		cfg.Pages.ReturnTo = map[string]string{"checkout": "/shop/checkout"}
	})
	for n, key := range []string{"checkout", "https://evil.example"} {
		_ = svc.Request(ctx, reset.RequestInput{
			Email: "ana@example.com", ReturnTo: key,
		})
		mails, _ := outbox.Wait(ctx, n+1)
		_, key, _ := strings.Cut(mailtest.Link(mails[n]), "&return=")
		fmt.Printf("%q leads to %q\n", key, svc.Settings().ReturnTo[key])
	}
	_ = svc.Shutdown(ctx)
	// Output:
	// "checkout" leads to "/shop/checkout"
	// "" leads to ""
}

// Two accounts on one address get a mail each, which names the account.
func ExampleUser_label() {
	ctx := context.Background()
	svc, store, outbox := exampleService(nil)
	ana, _ := store.FindByID(ctx, "7")
	_ = store.Update("7", func(user *reset.User) { user.Label = "Bakery" })
	ana.ID, ana.Label = "8", "Garage"
	_ = store.Add(ana)

	_ = svc.Request(ctx, reset.RequestInput{Email: "ana@example.com"})
	_ = svc.Shutdown(ctx)
	for _, msg := range outbox.Messages() {
		for line := range strings.Lines(msg.Text) {
			if strings.HasPrefix(line, "Account:") {
				fmt.Print(line)
			}
		}
	}
	// Output:
	// Account: Bakery
	// Account: Garage
}
