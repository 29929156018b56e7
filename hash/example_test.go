package hash_test

import (
	"context"
	"errors"
	"fmt"
	"log"

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
			// This costs what a wrong password costs.
			_ = hasher.VerifyDummy(ctx, password)
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

// userTable is a table of users, for the example of a sign-in.
type userTable map[string]struct {
	encoded  string
	disabled bool
}

// find returns the stored hash, or nothing if there is no such account or it is
// disabled. A query does so with CASE WHEN NOT disabled THEN password END, and
// reads NULL as "".
func (u userTable) find(_ context.Context, name string) (string, error) {
	if u[name].disabled {
		return "", nil
	}
	return u[name].encoded, nil
}

// swapFor stores a hash where the old one still is. In SQL it is UPDATE users
// SET password = encoded WHERE name = … AND password = old.
func (u userTable) swapFor(name string) hash.SwapFunc {
	return func(_ context.Context, old, encoded string) (bool, error) {
		user := u[name]
		if user.encoded != old {
			return false, nil
		}
		user.encoded = encoded
		u[name] = user
		return true, nil
	}
}

// A sign-in in ten lines. "" marks an account without a password. No password
// is right for it, and finding that out costs what a wrong password costs, so
// an unknown name and a disabled account need no branch of their own. An error
// is for everybody alike, a full queue say, and wants 503 with Retry-After.
// False is one and the same 401. Rate limits and the session are the
// application's. The examples folder has it over PostgreSQL and HTTP.
func ExampleHasher_VerifyAndUpdate() {
	hasher := hash.NewInsecureForTests() // hash.New in a program
	db := userTable{
		"ana": {encoded: "$2y$10$cwj7Ti8RIhnoJ.y9pPLTYeNKTQdKsR9H.LvB8WB8N7Al4DTL11XCi"},
		"bob": {encoded: "$1$from$anothersystem"},
		"eve": {disabled: true},
	}

	signIn := func(ctx context.Context, name, password string) (bool, error) {
		encoded, err := db.find(ctx, name)
		if err != nil {
			return false, err
		}
		res, err := hasher.VerifyAndUpdate(
			ctx, password, encoded, db.swapFor(name),
		)
		if errors.Is(err, hash.ErrBusy) || ctx.Err() != nil {
			return false, err
		}
		if err := errors.Join(err, res.UpdateErr); err != nil {
			log.Printf("%s: %v", name, err) // the row is unreadable
		}
		return res.OK, nil
	}

	for _, name := range []string{"ana", "bob", "eve", "nobody"} {
		ok, err := signIn(
			context.Background(), name, "correct horse battery staple",
		)
		fmt.Println(name, ok, err)
	}
	fmt.Println(db["ana"].encoded[:10])
	// Output:
	// ana true <nil>
	// bob false <nil>
	// eve false <nil>
	// nobody false <nil>
	// $argon2id$
}
