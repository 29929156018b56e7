package hash_test

import (
	"context"
	"fmt"

	"github.com/lostkey-go/lostkey/hash"
)

func Example() {
	ctx := context.Background()
	hasher, err := hash.New(hash.Config{})
	if err != nil {
		panic(err)
	}
	// What PHP's password_hash stored for "correct horse battery staple".
	row := "$2y$10$cwj7Ti8RIhnoJ.y9pPLTYeNKTQdKsR9H.LvB8WB8N7Al4DTL11XCi"

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
	// true bcrypt true <nil>
	// $argon2id$v=19$m=19456,t=2,p=1$
}

func ExampleHasher_Hash() {
	hasher, err := hash.New(hash.Config{})
	if err != nil {
		panic(err)
	}
	encoded, err := hasher.Hash(
		context.Background(), "correct horse battery staple",
	)
	fmt.Println(encoded[:31], len(encoded), err)
	// Output: $argon2id$v=19$m=19456,t=2,p=1$ 97 <nil>
}

func ExampleHasher_VerifyDummy() {
	hasher := hash.NewInsecureForTests() // hash.New in a program
	login := func(
		ctx context.Context, encoded string, known bool, password string,
	) bool {
		if !known {
			_ = hasher.VerifyDummy(
				ctx, password,
			) // costs what a wrong password costs
			return false
		}
		res, err := hasher.Verify(ctx, password, encoded)
		return err == nil && res.OK
	}
	fmt.Println(login(context.Background(), "", false, "anything"))
	// Output: false
}

func ExampleHasher_Inspect() {
	hasher, err := hash.New(hash.Config{})
	if err != nil {
		panic(err)
	}
	info, err := hasher.Inspect(
		"$2y$10$cwj7Ti8RIhnoJ.y9pPLTYeNKTQdKsR9H.LvB8WB8N7Al4DTL11XCi",
	)
	fmt.Println(info.Scheme, info.Params, info.NeedsRehash, err)
	_, err = hasher.Inspect(
		"$argon2id$v=19$m=4294967295,t=1,p=1$" +
			"c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
	)
	fmt.Println(err)
	// Output:
	// bcrypt cost=10 true <nil>
	// hash: stored hash is out of bounds (argon2id, m)
}

func ExampleNewPepper() {
	key := make([]byte, 32) // from your secret store; all zero is refused
	_, err := hash.NewPepper("2026-11", key)
	fmt.Println(err)
	// Output: hash: pepper key is one byte repeated
}
