package policy_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/lostkey-go/lostkey/reset/policy"
)

func Example() {
	p, err := policy.New(policy.Config{Words: []string{"Acme Shop"}})
	if err != nil {
		panic(err)
	}

	for _, password := range []string{
		"geese", "Acme-Shop-2026!!", "eleven geese in a row",
	} {
		err := p.Check(
			context.Background(), password, []string{"jo@example.com"},
		)
		if refused, ok := errors.AsType[*policy.Error](err); ok {
			fmt.Println(refused.Problems[0].Code, refused.Problems[0].Min)
			continue
		}
		fmt.Println("accepted", err)
	}
	// Output:
	// too-short 15
	// context 0
	// accepted <nil>
}

func ExampleNewRangeClient() {
	breaches, err := policy.NewRangeClient(
		policy.RangeConfig{UserAgent: "acme-shop"},
	)
	if err != nil {
		panic(err)
	}
	_, err = policy.New(policy.Config{
		Breaches: breaches.Count,
		OnBreachError: func(_ context.Context, err error) {
			fmt.Println("warn:", err)
		},
	})
	fmt.Println(err)
	// Output: <nil>
}
