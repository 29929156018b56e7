package browser_test

import (
	"context"
	"sync"
	"testing"

	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// watchPolicy collects what the browser reports as blocked.
func watchPolicy(ctx context.Context, t *testing.T) func() []string {
	t.Helper()
	var mu sync.Mutex
	var blocked []string
	do(ctx, t)
	require.NoError(t, chromedp.Listen(ctx, func(ev any) {
		if entry, ok := ev.(*cdplog.EventEntryAdded); ok &&
			entry.Entry.Source == "security" {
			mu.Lock()
			defer mu.Unlock()
			blocked = append(blocked, entry.Entry.Text)
		}
	}))
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return blocked
	}
}
