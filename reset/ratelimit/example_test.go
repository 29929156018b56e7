package ratelimit_test

import (
	"context"
	"fmt"
	"time"

	"github.com/lostkey-go/lostkey/reset/ratelimit"
)

// One mail a minute and five an hour for each account.
func Example() {
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	perAccount, err := ratelimit.New(ratelimit.Config{
		Burst: 1, Every: time.Minute,
		Also: []ratelimit.Rate{{Burst: 5, Every: 12 * time.Minute}},
		Now:  func() time.Time { return now },
	})
	if err != nil {
		panic(err)
	}
	for range 3 {
		retryAfter, ok, _ := perAccount.Allow(context.Background(), "account 7")
		fmt.Println(ok, retryAfter)
		now = now.Add(40 * time.Second)
	}
	// Output:
	// true 0s
	// false 20s
	// true 0s
}

// A limit on everything needs one key, and so very little memory.
func ExampleLimiter_Allow() {
	global, err := ratelimit.New(
		ratelimit.Config{Burst: 2, Every: time.Hour, MaxBytes: 64 << 10},
	)
	if err != nil {
		panic(err)
	}
	for range 3 {
		_, ok, _ := global.Allow(context.Background(), "all mail")
		fmt.Println(ok)
	}
	// Output:
	// true
	// true
	// false
}
