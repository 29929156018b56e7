package legacy_test

import (
	"context"
	"fmt"
	"slices"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/hash/legacy"
)

func Example() {
	ctx := context.Background()
	hasher, err := hash.New(hash.Config{Accept: legacy.Django()})
	if err != nil {
		panic(err)
	}
	// What Django stored for "correct horse battery staple".
	row := "pbkdf2_sha256$20000$WnNnQUvE1ZM3$" +
		"WO9K3ioODziUWar6U0lNAlaRHyYHJxGSXUkuFJL91RE="

	// UPDATE users SET password = encoded WHERE id = … AND password = old
	swap := func(_ context.Context, old, encoded string) (bool, error) {
		if row != old {
			return false, nil
		}
		row = encoded
		return true, nil
	}

	res, err := hasher.VerifyAndUpdate(
		ctx, "correct horse battery staple", row, swap,
	)
	fmt.Println(res.OK, res.Scheme, res.Updated, err)
	fmt.Println(row[:31])
	// Output:
	// true django-pbkdf2-sha256 true <nil>
	// $argon2id$v=19$m=19456,t=2,p=1$
}

// The error for a row that was not configured says which preset to add.
func Example_error() {
	hasher, err := hash.New(hash.Config{})
	if err != nil {
		panic(err)
	}
	_, err = hasher.Inspect(
		"$S$5TOxWPdvJRs0P/xZBdrrPlGgzViOS0drHu3jaIjitesfttrp18bk",
	)
	fmt.Println(err)

	hasher, err = hash.New(hash.Config{
		Accept: slices.Concat(hash.Modern(), legacy.Drupal()),
	})
	if err != nil {
		panic(err)
	}
	info, err := hasher.Inspect(
		"$S$5TOxWPdvJRs0P/xZBdrrPlGgzViOS0drHu3jaIjitesfttrp18bk",
	)
	fmt.Println(info.Scheme, info.Params, err)
	// Output:
	// hash: drupal is not accepted; legacy.Drupal() reads it
	// drupal rounds=128 <nil>
}

func ExampleWith() {
	// Devise rows with a pepper look like plain bcrypt: say which they are.
	schemes := legacy.With(
		legacy.All(), legacy.Devise("the value of config.pepper")...,
	)
	hasher, err := hash.New(hash.Config{Accept: schemes})
	fmt.Println(hasher != nil, err)
	// Output: true <nil>
}

func ExamplePrehashed() {
	// Rows that an application made with bcrypt over its own digest.
	digest := func(password string) string { return "digest of " + password }
	schemes := legacy.Prehashed("shop", digest, legacy.Rails()...)
	fmt.Println(schemes[0].Name(), schemes[1].Name())
	// Output: shop-argon2 shop-bcrypt
}
