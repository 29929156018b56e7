package redislimit_test

import (
	"context"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/lostkey-go/lostkey/examples/redislimit"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/ratelimit"
)

// The limits of requests, shared by all processes. One client serves them all.
func Example() {
	client := redis.NewClient(&redis.Options{
		Addr: "redis.internal:6379", ContextTimeoutEnabled: true,
	})
	shared := func(prefix string, burst int, every time.Duration,
		also ...ratelimit.Rate,
	) *redislimit.Limiter {
		l, err := redislimit.New(redislimit.Config{
			Client: client, Prefix: prefix, Burst: burst, Every: every,
			Also: also,
			OnError: func(ctx context.Context, err error) {
				slog.WarnContext(ctx, "shared limit", "err", err)
			},
		})
		if err != nil {
			panic(err)
		}
		return l
	}
	_ = reset.Config{
		// …
		Limits: reset.Limits{
			Global:  shared("lostkey:global:", 600, time.Minute/600),
			Client:  shared("lostkey:client:", 20, 3*time.Minute),
			Network: shared("lostkey:network:", 200, 12*time.Second),
			Account: shared("lostkey:account:", 1, time.Minute,
				ratelimit.Rate{Burst: 5, Every: 12 * time.Minute}),
		},
	}
}
