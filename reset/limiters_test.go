package reset_test

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/lostkey-go/lostkey/reset"
)

// keyLog admits everything and remembers under which keys.
type keyLog struct {
	mu   sync.Mutex
	keys []string
}

func (l *keyLog) Allow(
	_ context.Context, key string,
) (time.Duration, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keys = append(l.keys, key)
	return 0, true, nil
}

func (l *keyLog) limits() reset.Limits {
	return reset.Limits{
		Global:        l,
		Client:        l,
		Network:       l,
		Account:       l,
		ConfirmClient: l,
		ConfirmUser:   l,
		Check:         l,
	}
}

func names(keys []string) []string {
	var names []string
	for _, key := range keys {
		name, _, _ := strings.Cut(key, ":")
		names = append(names, name)
	}
	return names
}

// limiterFunc is a function that is a limiter.
type limiterFunc func(
	ctx context.Context, key string,
) (retryAfter time.Duration, ok bool, err error)

func (f limiterFunc) Allow(
	ctx context.Context, key string,
) (time.Duration, bool, error) {
	return f(ctx, key)
}
