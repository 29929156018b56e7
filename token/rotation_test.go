package token_test

import (
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

func (f *fleet) now() time.Time { return time.Unix(f.clock.Load(), 0) }

func (f *fleet) deploy(t *testing.T, server int, ring token.Keys) {
	t.Helper()
	f.servers[server].Store(newSigner(t, token.Config{
		Site: site, Keys: ring, Now: f.now,
	}))
}

// round issues a token on each server, for a lifetime, and opens all tokens
// that have not expired on each server. It returns how many were refused.
func (f *fleet) round(
	t *testing.T, live []token.Token, lifetime time.Duration,
) (issued []token.Token, refused int) {
	t.Helper()
	for _, raw := range live {
		if raw.ExpiresAt().After(f.now()) {
			issued = append(issued, raw)
		}
	}

	for i := range f.servers {
		s := f.servers[i].Load()
		issued = append(issued,
			issue(t, s, token.PurposeReset, ann(), lifetime))
	}

	for i := range f.servers {
		s := f.servers[i].Load()
		for _, raw := range issued {
			_, err := verify(t, s, raw.Reveal(), token.PurposeReset, ann())
			if err != nil {
				require.ErrorIs(t, err, token.ErrRejected)
				refused++
			}
		}
	}

	return issued, refused
}

// oldAndNew returns the keys of a rotation.
func oldAndNew(t *testing.T) (before, after token.Keys) {
	t.Helper()
	return newKey(t, "2026-05", secretOf(1)), newKey(t, "2026-11", secretOf(2))
}

// The whole rotation, server by server, with links of up to an hour that are
// opened on every server after every step.
//
//lostkey:covers ASVS-11.2.2
func TestRotationInTwoStepsRefusesNothing(t *testing.T) {
	t.Parallel()

	const lifetime = time.Hour
	before, after := oldAndNew(t)
	f := newFleet(t, newRing(t, before))
	var live []token.Token
	keysSeen := map[string]bool{}
	serve := func() {
		var refused int
		live, refused = f.round(t, live, lifetime)
		require.Zero(t, refused)

		newest := live[len(live)-1].Reveal()
		claims, err := verify(t, f.servers[0].Load(), newest,
			token.PurposeReset,
			ann())
		require.NoError(t, err)
		keysSeen[claims.KeyID] = true
		f.clock.Add(60)
	}

	serve()
	for _, step := range []token.Keys{
		newRing(t, before, after), // 1: the new key verifies
		newRing(t, after, before), // 2: the new key signs
	} {
		for server := range f.servers {
			f.deploy(t, server, step)
			serve()
		}
	}

	// One lifetime after that, no token of the old key is good.
	f.clock.Add(int64(lifetime / time.Second))
	for server := range f.servers {
		f.deploy(t, server, newRing(t, after))
		serve()
	}
	require.Equal(t, map[string]bool{"2026-05": true, "2026-11": true},
		keysSeen)
}

// The documentation warns of it, so it must be true: the new key first signs on
// one server while the others do not know it.
func TestRotationInOneStepRefusesGoodLinks(t *testing.T) {
	t.Parallel()
	before, after := oldAndNew(t)
	f := newFleet(t, newRing(t, before))
	f.deploy(t, 0, newRing(t, after, before))
	_, refused := f.round(t, nil, time.Hour)
	require.Equal(t, 2, refused, "the token of server 0, on servers 1 and 2")

	f.deploy(t, 1, newRing(t, after)) // retired at once
	_, refused = f.round(t, nil, time.Hour)
	require.Equal(t, 3, refused,
		"those of servers 0 and 1 on 2, and that of 2 on 1")
}

//lostkey:covers ASVS-11.2.2
func TestRetiringAKeyKillsItsTokens(t *testing.T) {
	t.Parallel()

	before, after := oldAndNew(t)
	cfg := config(t)
	cfg.Keys = newRing(t, before)
	s := newSigner(t, cfg)
	raw := issue(t, s, token.PurposeReset, ann(), time.Hour).Reveal()

	cfg.Keys = newRing(t, after, before)
	claims, err := verify(t, newSigner(t, cfg), raw, token.PurposeReset, ann())
	require.NoError(t, err)
	require.Equal(t, "2026-05", claims.KeyID)

	cfg.Keys = newRing(t, after)
	claims, err = verify(t, newSigner(t, cfg), raw, token.PurposeReset, ann())
	requireRejected(t, token.ReasonUnknownKey, claims, err)
}

// Meant for the race detector: rotation while others issue and verify.
//
//lostkey:covers ASVS-15.4.1
func TestRotationDuringTraffic(t *testing.T) {
	t.Parallel()

	before, after := oldAndNew(t)
	f := newFleet(t, newRing(t, before, after))
	var traffic sync.WaitGroup
	var served, refused atomic.Int64
	var stop atomic.Bool
	for worker := range 4 {
		traffic.Go(func() {
			for n := worker; !stop.Load(); n++ {
				from, to := f.servers[n%3].Load(), f.servers[(n+1)%3].Load()
				issued, err := from.Issue(token.PurposeReset, ann(), time.Hour)
				if err == nil {
					_, err = to.Verify(t.Context(), issued.Reveal(),
						token.PurposeReset, tableOf(ann()).load)
				}
				if err != nil {
					refused.Add(1)
				}
				served.Add(1)
			}
		})
	}

	rings := []token.Keys{
		newRing(t, after, before), newRing(t, before, after),
	}
	for n := 0; served.Load() < 3000; n++ {
		f.deploy(t, n%3, rings[n/3%2])
	}
	stop.Store(true)
	traffic.Wait()
	require.Zero(t, refused.Load())
}
