package reset_test

import (
	"context"
	"crypto/subtle"
	"fmt"

	"github.com/lostkey-go/lostkey/reset"
)

// An account with a second factor is asked for it before its password is
// changed. The codes here stand for a TOTP library's answers.
func Example_secondProof() {
	ctx := context.Background()
	codes := map[string]string{"7": "492039"} // by user id; others have none.
	svc, _, _ := exampleService(func(cfg *reset.Config) {
		cfg.Hooks.NeedsProof = func(
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
	fmt.Println("the page asks for:", checked.Proof)
	fmt.Println(svc.Confirm(ctx, in))
	in.Proof = "492039"
	fmt.Println(svc.Confirm(ctx, in))
	_ = svc.Shutdown(ctx)
	// Output:
	// the page asks for: totp
	// reset: the second proof is refused
	// <nil>
}
