package token_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lostkey-go/lostkey/token"
)

// ring is what a setting holds; make the secrets with GenerateKey, or with
// openssl rand -base64 32.
const ring = "2026-11:5Pu9ltZ80Tx0qcmg3GwViU5qRAjk0MEPZSWf6kcNYTs=,2026-05:Ww3MtD8UJFTKJRQMAZyW1Uhnb4tXD0hiGjW7j7eCQ5A="

func Example() {
	keys, err := token.ParseKeys(ring)
	if err != nil {
		fmt.Println(err)
		return
	}
	signer, err := token.New(token.Config{Site: "https://app.example", Keys: keys})
	if err != nil {
		fmt.Println(err)
		return
	}
	users := map[string]token.State{
		"42": {UserID: "42", PasswordHash: token.Hide("$2b$10$before"), Email: token.Hide("ann@example.org")},
	}
	load := func(_ context.Context, id string) (token.State, error) {
		state, ok := users[id]
		if !ok {
			return token.State{}, token.ErrUnknownUser
		}
		return state, nil
	}

	issued, err := signer.Issue(token.Reset, users["42"], 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	link := "https://app.example/reset-password#token=" + issued.Reveal()
	raw := link[len("https://app.example/reset-password#token="):]

	claims, err := signer.Verify(context.Background(), raw, token.Reset, load)
	fmt.Println("first click:", claims.UserID, err)

	users["42"] = token.State{UserID: "42", PasswordHash: token.Hide("$2b$10$after"), Email: token.Hide("ann@example.org")}
	_, err = signer.Verify(context.Background(), raw, token.Reset, load)
	fmt.Println("after the change:", err)
	// Output:
	// first click: 42 <nil>
	// after the change: token: rejected
}

func ExampleNew() {
	_, err := token.New(token.Config{Site: "app.example"})
	fmt.Println(err)
	// Output: token: Config.Site is not an absolute http or https URL
}

func ExampleNewKey() {
	_, err := token.NewKey("2026-11", []byte("secret"))
	fmt.Println(err)
	// Output: token: key "2026-11": the secret has 6 bytes, want 32 to 64
}

func ExampleGenerateKey() {
	key, err := token.GenerateKey("2026-11")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(key)
	fmt.Println(len(key.Reveal()), "characters for the secret store")
	// Output:
	// token.Key(2026-11, redacted)
	// 52 characters for the secret store
}

// The first of the two steps of a rotation: the new key verifies everywhere
// before it signs anywhere.
func ExampleNewKeys() {
	old, err := token.GenerateKey("2026-05")
	if err != nil {
		fmt.Println(err)
		return
	}
	fresh, err := token.GenerateKey("2026-11")
	if err != nil {
		fmt.Println(err)
		return
	}
	first, err := token.NewKeys(old, fresh)
	fmt.Println(first.IDs(), err)
	second, err := token.NewKeys(fresh, old)
	fmt.Println(second.IDs(), err)
	// Output:
	// [2026-05 2026-11] <nil>
	// [2026-11 2026-05] <nil>
}

func ExampleParseKeys() {
	keys, err := token.ParseKeys(ring)
	fmt.Println(keys, err)
	_, err = token.ParseKeys("2026-11:c2hvcnQ=")
	fmt.Println(err)
	// Output:
	// token.Keys(2026-11, 2026-05; redacted) <nil>
	// token: key 1 of the ring: the secret has 5 bytes, want 32 to 64
}

// A purpose of the host's own: the link that confirms a new address. It is
// bound to the new address by the stamp, and to the present one, so that it dies
// when that has changed in between.
func ExampleSigner_Issue() {
	keys, err := token.ParseKeys(ring)
	if err != nil {
		fmt.Println(err)
		return
	}
	signer, err := token.New(token.Config{
		Site:     "https://app.example",
		Keys:     keys,
		Purposes: map[token.Purpose]token.Lifetime{"email-change": {Default: 30 * time.Minute}},
		Now:      func() time.Time { return time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	state := token.State{UserID: "42", PasswordHash: token.Hide("$2b$10$x"), Email: token.Hide("ann@example.org"), Stamp: token.Hide("ann@new.example")}
	issued, err := signer.Issue("email-change", state, 0)
	fmt.Println(issued, issued.ExpiresAt(), err)
	// Output: token.Token(mLFQunPzptk_, redacted) 2026-11-21 03:30:00 +0000 UTC <nil>
}

// The visitor sees one text; the log says why.
func ExampleSigner_Verify() {
	keys, err := token.ParseKeys(ring)
	if err != nil {
		fmt.Println(err)
		return
	}
	signer, err := token.New(token.Config{Site: "https://app.example", Keys: keys})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = signer.Verify(context.Background(), "eyJhbGciOiJub25lIn0.e30.", token.Reset, func(context.Context, string) (token.State, error) {
		return token.State{}, errors.New("not reached before the MAC is good")
	})
	fmt.Println(err)
	if rejected, ok := errors.AsType[*token.RejectedError](err); ok {
		fmt.Println("reason:", rejected.Reason)
	}
	// Output:
	// token: rejected
	// reason: malformed
}
