package token_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/lostkey-go/lostkey/token"
)

// setting is what an environment variable holds. Make the secrets with
// GenerateKeys, or with openssl rand -base64 32.
const setting = "2026-11:5Pu9ltZ80Tx0qcmg3GwViU5qRAjk0MEPZSWf6kcNYTs=," +
	"2026-05:Ww3MtD8UJFTKJRQMAZyW1Uhnb4tXD0hiGjW7j7eCQ5A="

func Example() {
	keys, err := token.ParseKeys(setting)
	if err != nil {
		log.Fatal(err)
	}
	signer, err := token.New(token.Config{
		Site: "https://app.example",
		Keys: keys,
	})
	if err != nil {
		log.Fatal(err)
	}

	stateOf := func(hash string) token.State {
		return token.State{
			UserID:       "42",
			PasswordHash: token.Hide(hash),
			Email:        token.Hide("ann@example.org"),
		}
	}
	users := map[string]token.State{"42": stateOf("$2b$10$before")}
	load := func(_ context.Context, id string) (token.State, error) {
		state, ok := users[id]
		if !ok {
			return token.State{}, token.ErrUnknownUser
		}
		return state, nil
	}

	issued, err := signer.Issue(token.PurposeReset, users["42"], 0)
	if err != nil {
		log.Fatal(err)
	}
	raw := issued.Reveal() // goes into the link, and comes back with a click

	ctx := context.Background()
	claims, err := signer.Verify(ctx, raw, token.PurposeReset, load)
	fmt.Println("first click:", claims.UserID, err)

	users["42"] = stateOf("$2b$10$after")
	_, err = signer.Verify(ctx, raw, token.PurposeReset, load)
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

func ExampleGenerateKeys() {
	keys, err := token.GenerateKeys("2026-11")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(keys)
	fmt.Println(len(keys.Reveal()), "characters for the secret store")
	// Output:
	// token.Keys(2026-11; redacted)
	// 52 characters for the secret store
}

// A rotation takes two steps. The new key verifies everywhere before it signs
// anywhere.
func ExampleKeys_Reveal() {
	old, err := token.ParseKeys(
		"2026-05:Ww3MtD8UJFTKJRQMAZyW1Uhnb4tXD0hiGjW7j7eCQ5A=")
	if err != nil {
		log.Fatal(err)
	}
	fresh, err := token.GenerateKeys("2026-11")
	if err != nil {
		log.Fatal(err)
	}

	first, err := token.ParseKeys(old.Reveal() + "," + fresh.Reveal())
	fmt.Println(first, err)
	second, err := token.ParseKeys(fresh.Reveal() + "," + old.Reveal())
	fmt.Println(second, err)
	// Output:
	// token.Keys(2026-05, 2026-11; redacted) <nil>
	// token.Keys(2026-11, 2026-05; redacted) <nil>
}

func ExampleParseKeys() {
	keys, err := token.ParseKeys(setting)
	fmt.Println(keys, err)
	_, err = token.ParseKeys("2026-11:c2hvcnQ=")
	fmt.Println(err)
	// Output:
	// token.Keys(2026-11, 2026-05; redacted) <nil>
	// token: key 1 of the ring: the secret has 5 bytes, want 32 to 64
}

func ExampleParseSite() {
	site, err := token.ParseSite("HTTPS://App.Example:443/shop/")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(site, site.Hostname(), site.EscapedPath())
	// Output: https://app.example/shop app.example /shop
}

// A job that a queue holds carries its sum, so that the worker does nothing for
// whoever else can write to the queue.
func ExampleKeys_Derive() {
	keys, err := token.ParseKeys(setting)
	if err != nil {
		log.Fatal(err)
	}
	mac, err := keys.Derive("https://app.example", "jobs")
	if err != nil {
		log.Fatal(err)
	}

	job := []byte(`{"kind":"notify","user":"42"}`)
	sum := mac.Sum(job)
	fmt.Println(mac.Verify(job, sum))
	fmt.Println(mac.Verify([]byte(`{"kind":"notify","user":"7"}`), sum))
	// Output:
	// true
	// false
}

// A link that confirms a new address has a purpose of its own. The stamp binds
// it to the new address, and Email to the present one: if that has changed in
// the meantime, the link is useless.
func ExampleSigner_Issue() {
	keys, err := token.ParseKeys(setting)
	if err != nil {
		log.Fatal(err)
	}
	signer, err := token.New(token.Config{
		Site: "https://app.example",
		Keys: keys,
		Purposes: map[token.Purpose]token.Lifetime{
			"email-change": {Default: 30 * time.Minute},
		},
		Now: func() time.Time {
			return time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	issued, err := signer.Issue("email-change", token.State{
		UserID:       "42",
		PasswordHash: token.Hide("$2b$10$x"),
		Email:        token.Hide("ann@example.org"),
		Stamp:        token.Hide("ann@new.example"),
	}, 0)
	fmt.Println(issued, err)
	fmt.Println(issued.ExpiresAt())
	// Output:
	// token.Token(mLFQunPzptk_, redacted) <nil>
	// 2026-11-21 03:30:00 +0000 UTC
}

// The visitor sees one text. The log has the reason.
func ExampleSigner_Verify() {
	keys, err := token.ParseKeys(setting)
	if err != nil {
		log.Fatal(err)
	}
	signer, err := token.New(token.Config{
		Site: "https://app.example",
		Keys: keys,
	})
	if err != nil {
		log.Fatal(err)
	}
	load := func(context.Context, string) (token.State, error) {
		return token.State{}, errors.New("not reached, the MAC is missing")
	}

	const raw = "eyJhbGciOiJub25lIn0.e30."
	_, err = signer.Verify(context.Background(), raw, token.PurposeReset, load)
	fmt.Println(err)
	if rejected, ok := errors.AsType[*token.RejectedError](err); ok {
		fmt.Println("reason:", rejected.Reason)
	}
	// Output:
	// token: rejected
	// reason: malformed
}
