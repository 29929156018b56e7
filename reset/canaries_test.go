package reset_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

// canaries collects everything that must never be seen outside the flow, and
// everything that is seen.
type canaries struct {
	mu     sync.Mutex
	secret map[string]string
	seen   []string
}

func (c *canaries) hide(name, secret string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secret[name] = secret
	c.secret[name+" in hex"] = hex.EncodeToString([]byte(secret))
	c.secret[name+" in base64"] = base64.StdEncoding.EncodeToString(
		[]byte(secret),
	)
	c.secret[name+" in base64url"] = base64.RawURLEncoding.EncodeToString(
		[]byte(secret),
	)
	c.secret[name+" in a query"] = url.QueryEscape(secret)
	c.secret[name+" in lower case"] = strings.ToLower(secret)
	c.secret[name+" in bytes"] = strings.Trim(
		fmt.Sprintf("%d", []byte(secret)), "[]",
	)
}

func (c *canaries) see(values ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, value := range values {
		text, _ := json.Marshal(value)
		c.seen = append(
			c.seen, string(text),
			fmt.Sprintf("%v %+v %#v %s %q", value, value, value, value, value),
		)
		if err, ok := value.(error); ok {
			c.seen = append(c.seen, err.Error())
		}
	}
}

// Record sees events as any sink would print them.
func (c *canaries) Record(_ context.Context, ev reset.Event) {
	c.see(
		ev.Reason, ev.UserID, ev.TokenID, ev.RequestID, ev.Client.String(),
		string(ev.Outcome), string(ev.Purpose),
	)
	if ev.Err != nil {
		c.see(ev.Err.Error())
	}
}

func (c *canaries) check(t *testing.T, logged string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	require.Greater(t, len(c.seen), 50)
	all := strings.Join(append(c.seen, logged), "\n")
	for name, secret := range c.secret {
		if at := strings.Index(all, secret); at >= 0 {
			t.Errorf(
				"%s has been seen: %s", name,
				all[max(0, at-200):min(len(all), at+200)],
			)
		}
	}
}

// A lockedBuffer is a log of several goroutines.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
