package token_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

// fleet is servers behind a balancer: a link that one has issued is opened on
// any other. Each can be given a new configuration while it serves.
type fleet struct {
	clock   atomic.Int64
	servers [3]atomic.Pointer[token.Signer]
}

func newFleet(t *testing.T, ring token.Keys) *fleet {
	t.Helper()
	f := &fleet{}
	f.clock.Store(issuedAt().Unix())
	for i := range f.servers {
		f.deploy(t, i, ring)
	}
	return f
}

func (f *fleet) deploy(t *testing.T, server int, ring token.Keys) {
	t.Helper()
	f.servers[server].Store(newSigner(t, token.Config{
		Site: site, Keys: ring, Now: func() time.Time { return time.Unix(f.clock.Load(), 0) },
	}))
}

// round issues a token on each server, for a lifetime, and opens all tokens
// that have not expired on each server. It returns how many were refused.
func (f *fleet) round(t *testing.T, live []token.Token, lifetime time.Duration) (issued []token.Token, refused int) {
	t.Helper()
	now := time.Unix(f.clock.Load(), 0)
	for _, raw := range live {
		if raw.ExpiresAt().After(now) {
			issued = append(issued, raw)
		}
	}
	for i := range f.servers {
		issued = append(issued, issue(t, f.servers[i].Load(), token.Reset, ann(), lifetime))
	}
	load := func(context.Context, string) (token.State, error) { return ann(), nil }
	for i := range f.servers {
		for _, raw := range issued {
			if _, err := f.servers[i].Load().Verify(t.Context(), raw.Reveal(), token.Reset, load); err != nil {
				require.ErrorIs(t, err, token.ErrRejected)
				refused++
			}
		}
	}
	return issued, refused
}

// The whole rotation, server by server, with links of up to an hour that are
// opened on every server after every step.
func TestRotationInTwoStepsRefusesNothing(t *testing.T) {
	t.Parallel()
	const lifetime = time.Hour
	old, fresh := newKey(t, "2026-05", secretOf(1)), newKey(t, "2026-11", secretOf(2))
	f := newFleet(t, newRing(t, old))
	var live []token.Token
	keysSeen := map[string]bool{}
	serve := func() {
		var refused int
		live, refused = f.round(t, live, lifetime)
		require.Zero(t, refused)
		claims, err := f.servers[0].Load().Verify(t.Context(), live[len(live)-1].Reveal(), token.Reset, tableOf(ann()).load)
		require.NoError(t, err)
		keysSeen[claims.KeyID] = true
		f.clock.Add(60)
	}
	serve()
	for _, step := range []token.Keys{
		newRing(t, old, fresh), // 1: verify with the new key, sign with the old
		newRing(t, fresh, old), // 2: sign with the new key, verify with the old
	} {
		for server := range f.servers {
			f.deploy(t, server, step)
			serve()
		}
	}
	f.clock.Add(int64(lifetime / time.Second)) // one lifetime later no token of the old key is left
	for server := range f.servers {
		f.deploy(t, server, newRing(t, fresh))
		serve()
	}
	require.Equal(t, map[string]bool{"2026-05": true, "2026-11": true}, keysSeen)
}

// The documentation warns of it, so it must be true: the new key first signs on
// one server while the others do not know it.
func TestRotationInOneStepRefusesGoodLinks(t *testing.T) {
	t.Parallel()
	old, fresh := newKey(t, "2026-05", secretOf(1)), newKey(t, "2026-11", secretOf(2))
	f := newFleet(t, newRing(t, old))
	f.deploy(t, 0, newRing(t, fresh, old))
	_, refused := f.round(t, nil, time.Hour)
	require.Equal(t, 2, refused, "the token of server 0, on servers 1 and 2")
	f.deploy(t, 1, newRing(t, fresh)) // retired at once
	_, refused = f.round(t, nil, time.Hour)
	require.Equal(t, 3, refused, "those of servers 0 and 1 on 2, and that of 2 on 1")
}

func TestRetiringAKeyKillsItsTokens(t *testing.T) {
	t.Parallel()
	old, fresh := newKey(t, "2026-05", secretOf(1)), newKey(t, "2026-11", secretOf(2))
	cfg := config(t)
	cfg.Keys = newRing(t, old)
	raw := issue(t, newSigner(t, cfg), token.Reset, ann(), time.Hour).Reveal()
	cfg.Keys = newRing(t, fresh, old)
	claims, err := newSigner(t, cfg).Verify(t.Context(), raw, token.Reset, tableOf(ann()).load)
	require.NoError(t, err)
	require.Equal(t, "2026-05", claims.KeyID)
	cfg.Keys = newRing(t, fresh)
	claims, err = newSigner(t, cfg).Verify(t.Context(), raw, token.Reset, tableOf(ann()).load)
	requireRejected(t, token.ReasonUnknownKey, claims, err)
}

// Meant for the race detector: rotation while others issue and verify.
func TestRotationDuringTraffic(t *testing.T) {
	t.Parallel()
	old, fresh := newKey(t, "2026-05", secretOf(1)), newKey(t, "2026-11", secretOf(2))
	f := newFleet(t, newRing(t, old, fresh))
	var traffic sync.WaitGroup
	stop := make(chan struct{})
	var served, refused atomic.Int64
	for worker := range 4 {
		traffic.Go(func() {
			for n := worker; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				issued, err := f.servers[n%3].Load().Issue(token.Reset, ann(), time.Hour)
				if err == nil {
					_, err = f.servers[(n+1)%3].Load().Verify(t.Context(), issued.Reveal(), token.Reset, tableOf(ann()).load)
				}
				if err != nil {
					refused.Add(1)
				}
				served.Add(1)
			}
		})
	}
	rings := []token.Keys{newRing(t, fresh, old), newRing(t, old, fresh)}
	for n := 0; served.Load() < 3000; n++ {
		f.deploy(t, n%3, rings[n/3%2])
	}
	close(stop)
	traffic.Wait()
	require.Zero(t, refused.Load())
}
