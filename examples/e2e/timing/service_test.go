package timing_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/reset/ratelimit"
	"github.com/lostkey-go/lostkey/reset/resethttp"
	"github.com/lostkey-go/lostkey/token"
)

// accounts is how many addresses each class has. Known and unknown ones have
// the same length.
const accounts = 500

func knownAddr(i int) string {
	return fmt.Sprintf("known-%04d@example.com", i%accounts)
}

func unknownAddr(i int) string {
	return fmt.Sprintf("other-%04d@example.com", i%accounts)
}

// newConfig is a service with every part of the default mode, whose limits are
// charged but wide enough for many thousands of requests from one client.
func newConfig() (reset.Config, error) {
	ring, err := token.GenerateKeys("test")
	if err != nil {
		return reset.Config{}, err
	}
	store := memstore.New()
	for i := range accounts {
		user := reset.User{
			ID: strconv.Itoa(i), Email: knownAddr(i),
			PasswordHash: "$2b$10$stand-in for a stored hash",
		}
		if err := store.Add(user); err != nil {
			return reset.Config{}, err
		}
	}

	var wide [4]*ratelimit.Limiter
	for i := range wide {
		wide[i], err = ratelimit.New(ratelimit.Config{
			Burst: 1_000_000, Every: time.Microsecond,
			Also:     []ratelimit.Rate{{Burst: 1_000_000, Every: time.Second}},
			MaxBytes: 4 << 20,
		})
		if err != nil {
			return reset.Config{}, err
		}
	}

	return reset.Config{
		Site: "https://app.example", From: "App <no-reply@app.example>",
		Keys: ring, Store: store, Sessions: reset.KeepSessions(),
		Mailer: mail.MailerFunc(func(_ context.Context, msg mail.Message) error {
			_, err := mail.Encode(msg)
			return err
		}),
		Limits: reset.Limits{
			Global: wide[0], Client: wide[1], Account: wide[2],
			Network: wide[3],
		},
		Hooks:  everyHook(),
		Events: reset.SinkFunc(func(context.Context, reset.Event) {}),
	}, nil
}

// everyHook sets all hooks. The slow ones are of no stranger's making, so they
// must not be seen in a request's time.
func everyHook() reset.Hooks {
	slow := func(ctx context.Context) error {
		select {
		case <-time.After(time.Second):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}

	return reset.Hooks{
		Blocked: func(netip.Addr) bool { return false },
		Eligible: func(context.Context, reset.User) (bool, error) {
			return true, nil
		},
		ProofKind: func(ctx context.Context, _ reset.Pending) (string, error) {
			return "totp", slow(ctx)
		},
		BeforeConfirm: func(ctx context.Context, _ reset.Pending) error {
			return slow(ctx)
		},
		OnConfirmed: []func(context.Context, reset.Confirmation) error{
			func(ctx context.Context, _ reset.Confirmation) error {
				return slow(ctx)
			},
		},
		OnDisputed: func(ctx context.Context, _ reset.Dispute) error {
			return slow(ctx)
		},
	}
}

func newHandler(cfg reset.Config) (http.Handler, error) {
	svc, err := reset.New(cfg)
	if err != nil {
		return nil, err
	}
	return resethttp.New(svc, resethttp.Config{})
}
