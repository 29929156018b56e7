package reset

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/netip"
	"time"

	"github.com/lostkey-go/lostkey/reset/limit"
	"github.com/lostkey-go/lostkey/token"
)

// A Limiter decides whether one more try is allowed under a key. Allow charges the key only when it says ok;
// otherwise it says how long to wait. An error means that the limiter does not know, for instance because a
// server cannot be reached. It is called in the path of requests: it must honour the context's deadline and be
// safe for concurrent use.
type Limiter interface {
	Allow(ctx context.Context, key string) (retryAfter time.Duration, ok bool, err error)
}

// A LimiterFunc is a function that is a [Limiter].
type LimiterFunc func(ctx context.Context, key string) (retryAfter time.Duration, ok bool, err error)

// Allow calls f.
func (f LimiterFunc) Allow(ctx context.Context, key string) (time.Duration, bool, error) {
	return f(ctx, key)
}

// Limits throttle the flow. A nil field means the in-process default in its comment, so that with n processes n
// times as much passes; a Limiter of one's own can be shared between them. Keys begin with the name of the
// limit, so one Limiter may serve several fields.
//
// Requests charge Client, then Global, then Account, all before any look-up, so that no limit tells who has an
// account. Client comes first: a client over its limit must not use up everybody's. Keys are the client's /32
// (IPv4) or /64 (IPv6) and, for accounts, a keyed digest of what was typed or of the id: no mail address is
// stored in a limiter.
//
// A confirmation charges one of two limits. A link that is signed and in time
// charges ConfirmUser, whose key is the account's id, before the account is
// loaded, so that nobody without a link can use up a victim's tries. Anything
// else charges ConfirmClient, so that one who sends junk keeps nobody behind
// the same address from using a good link.
//
// When a limiter fails, or takes longer than 150 milliseconds, requests fall back to the in-process default and
// confirmations, which need a signed token anyway, proceed. Either makes an event.
type Limits struct {
	Global  Limiter // 600 a minute, at most 600 at once, for the whole site
	Client  Limiter // 20 an hour for each client prefix; requests over it get a *ThrottledError
	Account Limiter // 1 a minute and 5 an hour for each address; requests over it get the usual answer and no mail

	ConfirmClient Limiter // 30 at once for each client prefix, then 3 a minute; charged for junk only
	ConfirmUser   Limiter // 10 at once for each account, then 1 a minute

	// Off switches all of them off, whatever the other fields say. See [LimitsOff].
	Off bool
}

// LimitsOff is no throttling at all: for tests, and behind something that throttles already.
func LimitsOff() Limits { return Limits{Off: true} }

// limiterPatience bounds how long a limiter of the application's own may hold up a request.
const limiterPatience = 150 * time.Millisecond

// throttle is one limit: the configured limiter and the default to fall back to.
type throttle struct {
	name     string
	limiter  Limiter
	fallback Limiter // nil: a failure lets the try pass
	custom   bool
}

type throttles struct {
	global, client, account, confirmClient, confirmUser throttle
}

func newThrottles(limits Limits, now func() time.Time) (throttles, error) {
	var all throttles
	if limits.Off {
		return all, nil
	}
	for _, t := range []struct {
		into    *throttle
		name    string
		own     Limiter
		confirm bool
		rates   limit.Config
	}{
		{&all.global, LimitGlobal, limits.Global, false, limit.Config{Burst: 600, Every: time.Minute / 600, MaxBytes: 64 << 10}},
		{&all.client, LimitClient, limits.Client, false, limit.Config{Burst: 20, Every: 3 * time.Minute, MaxBytes: 4 << 20}},
		{&all.account, LimitAccount, limits.Account, false, limit.Config{
			Burst: 1, Every: time.Minute, Also: []limit.Rate{{Burst: 5, Every: 12 * time.Minute}}, MaxBytes: 4 << 20,
		}},
		{&all.confirmClient, LimitConfirmClient, limits.ConfirmClient, true, limit.Config{Burst: 30, Every: 20 * time.Second, MaxBytes: 1 << 20}},
		{&all.confirmUser, LimitConfirmUser, limits.ConfirmUser, true, limit.Config{Burst: 10, Every: time.Minute, MaxBytes: 1 << 20}},
	} {
		*t.into = throttle{name: t.name, limiter: t.own, custom: t.own != nil}
		if t.own != nil && t.confirm {
			continue
		}
		t.rates.Now = now
		fallback, err := limit.New(t.rates)
		if err != nil {
			return all, fmt.Errorf("reset: default limit %s: %w", t.name, err)
		}
		t.into.fallback = fallback
		if t.own == nil {
			t.into.limiter = fallback
		}
	}
	return all, nil
}

// allow charges one try and returns a *ThrottledError when there is none left.
func (s *Service) allow(ctx context.Context, t *throttle, key string, ev Event) error {
	if t.limiter == nil {
		return nil
	}
	key = t.name + ":" + key // one Limiter may serve several limits
	wait, ok, err := t.ask(ctx, key)
	if err != nil {
		failed := ev
		failed.Outcome, failed.Reason, failed.Err = OutcomeLimiterFailed, t.name, err
		s.recordLater(failed)
		if t.fallback == nil {
			return nil
		}
		wait, ok, _ = t.fallback.Allow(ctx, key)
	}
	if ok {
		return nil
	}
	ev.Outcome, ev.Reason = OutcomeThrottled, t.name
	s.recordLater(ev)
	return &ThrottledError{RetryAfter: max(wait, time.Second)}
}

func (t *throttle) ask(ctx context.Context, key string) (wait time.Duration, ok bool, err error) {
	if !t.custom {
		return t.limiter.Allow(ctx, key)
	}
	ctx, cancel := context.WithTimeout(ctx, limiterPatience)
	defer cancel()
	err = guard("Limiter.Allow", func() error {
		var err error
		wait, ok, err = t.limiter.Allow(ctx, key)
		return err
	})
	return wait, ok, err
}

func (s *Service) allowClient(ctx context.Context, t *throttle, client netip.Addr, ev Event) error {
	if !client.IsValid() {
		return nil
	}
	return s.allow(ctx, t, clientKey(client), ev)
}

// A digester turns what was typed into a limiter's key. It is a function, because fmt prints an address for one
// under every verb. Its key comes from the ring's signing key, so that processes which share a limiter agree.
type digester func(folded string) string

// limitPurpose is a purpose that no page accepts. Its one token never leaves the process: what counts is the
// MAC in it, which makes its digest a key that only holders of the ring can derive, different from every other
// key.
const limitPurpose token.Purpose = "limit-key"

func newDigester(site string, keys token.Keys) (digester, error) {
	signer, err := token.New(token.Config{
		Site: site, Keys: keys,
		Purposes: map[token.Purpose]token.Lifetime{limitPurpose: {Default: time.Hour, Max: time.Hour}},
		Now:      func() time.Time { return time.Unix(1, 0) },
	})
	if err != nil {
		return nil, err
	}
	issued, err := signer.Issue(limitPurpose, token.State{UserID: "limits"}, 0)
	if err != nil {
		return nil, err
	}
	key := sha256.Sum256([]byte(issued.Reveal()))
	return func(folded string) string {
		mac := hmac.New(sha256.New, key[:])
		_, _ = mac.Write([]byte(folded))
		return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
	}, nil
}
