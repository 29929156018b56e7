package reset

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/lostkey-go/lostkey/reset/ratelimit"
	"github.com/lostkey-go/lostkey/token"
)

// A Limiter decides whether one more attempt is allowed under a key. Allow
// charges the key when it says ok, and else says how long to wait. An error
// means that it does not know. Requests wait for it, so it must honour the
// context's deadline. It must be safe for concurrent use.
type Limiter interface {
	Allow(
		ctx context.Context, key string,
	) (retryAfter time.Duration, ok bool, err error)
}

// A Refunder is a [Limiter] that takes back a charge for what did not happen,
// as [ratelimit.Limiter] does: when a later limit, Dispatch or a full queue
// turns a request away and the visitor is still there.
type Refunder interface {
	Limiter
	// Refund gives back one event that Allow has charged to key. It must never
	// give a key more than its burst, nor anything to a key without a charge.
	// It is called as Allow is. An error only makes an event.
	Refund(ctx context.Context, key string) error
}

// Limits throttle the flow. A nil field means the in-process default in its
// comment, so n processes let n times as much pass unless they share a Limiter.
// Keys begin with the name of the limit, so one Limiter may serve several
// fields. The rest is a network address, or a keyed digest of what was typed,
// of an id or of a link.
//
// A client is an IPv4 address or an IPv6 /64, a network a /24 or a /48, which
// one customer may hold whole. The zero Addr charges neither, and is one
// network of its own elsewhere.
//
// A request charges Client, Network, Global and Account in this order, before
// any look-up, and nothing after the first that refuses. Once Global has
// refused, each process refuses the networks that had most of it lately, so
// that others are served.
//
// When a limiter fails, or takes longer than 150 milliseconds, an event says
// so. Requests and proofs fall back to the in-process default. Checks and
// confirmations, which need a signed token, proceed.
type Limits struct {
	// Global is 600 at once for the whole site, then 600 a minute. Requests
	// over it, Client or Network get a *[ThrottledError].
	Global Limiter
	// Client is 20 at once for each client, then 20 an hour.
	Client Limiter
	// Network is 200 at once for each network, then 300 an hour, or one request
	// a day from each of 7,200 people. Users behind few networks may need more.
	Network Limiter
	// Account is 5 for each address, a minute apart, then 5 an hour. Requests
	// over it get the usual answer and no mail.
	//
	// The worker charges it again by the account's id and the stored address,
	// for each mail that somebody's typing leads to, and takes the charge back
	// when the mail was not sent. If it is no Refunder, the in-process default
	// is charged there.
	Account Limiter

	// ConfirmClient is 30 at once, then 3 a minute, for each client that sends
	// anything but a signed link in time.
	ConfirmClient Limiter
	// ConfirmUser is 10 at once, then 1 a minute, for each link of a user that
	// is signed and in time, so that whoever has one keeps nobody from using
	// another.
	ConfirmUser Limiter

	// Proof is 5 at once for each account, then 1 in 5 minutes. It bounds how
	// often Hooks.BeforeConfirm may refuse or fail. Whoever reads the account's
	// mail can use it up. At 288 guesses a day, a code of six digits of which
	// three are good at a time is found in three years, on average.
	Proof Limiter

	// Check is 30 at once, then 6 a minute, for each link or client as above.
	Check Limiter

	// Off switches all limits off, for tests and for sites that throttle
	// elsewhere. Hooks.BeforeConfirm must then count its refusals itself.
	Off bool
}

// limiterTimeout is the timeout that bounds how long a limiter of the
// application's own may hold up a request.
const limiterTimeout = 150 * time.Millisecond

// A throttle is one limit, with the configured limiter and the default to fall
// back to.
type throttle struct {
	name     Reason
	limiter  Limiter
	fallback Limiter // nil when a failure lets the attempt pass.
	custom   bool    // the limiter may be slow, fail or panic.
}

type throttles struct {
	global, client, network, account, confirmClient, confirmUser throttle

	check, proof throttle

	mailed throttle // the account's, as the worker charges it.
	share  *share   // nil without limits.
	events *recorder
}

func newThrottles(limits Limits, now func() time.Time) (throttles, error) {
	var all throttles
	if limits.Off {
		return all, nil
	}

	for _, d := range all.defaults(limits) {
		inProcess, _ := d.own.(*ratelimit.Limiter)
		*d.into = throttle{
			name: d.name, limiter: d.own, custom: d.own != nil && inProcess == nil,
		}
		if d.own != nil && d.confirm {
			continue
		}

		d.rates.Now = now
		fallback, err := ratelimit.New(d.rates)
		if err != nil {
			return all, fmt.Errorf("reset: default limit %s: %w", d.name, err)
		}
		d.into.fallback = fallback
		if d.own == nil {
			d.into.limiter = fallback
		}
	}

	all.share = newShare(now)
	all.mailed = all.account
	if _, ok := all.mailed.limiter.(Refunder); !ok {
		all.mailed.limiter, all.mailed.custom = all.mailed.fallback, false
	}
	return all, nil
}

// A defaultLimit is what holds where Limits does not say, or fails.
type defaultLimit struct {
	into    *throttle
	name    Reason
	own     Limiter
	confirm bool // a failure of the application's own lets the attempt pass.
	rates   ratelimit.Config
}

func (l *throttles) defaults(limits Limits) []defaultLimit {
	return []defaultLimit{
		{&l.global, limitGlobal, limits.Global, false, ratelimit.Config{
			Burst: 600, Every: time.Minute / 600, MaxBytes: 64 << 10,
		}},
		{&l.client, limitClient, limits.Client, false, ratelimit.Config{
			Burst: 20, Every: 3 * time.Minute, MaxBytes: 4 << 20,
		}},
		{&l.network, limitNetwork, limits.Network, false, ratelimit.Config{
			Burst: 200, Every: 12 * time.Second, MaxBytes: 2 << 20,
		}},
		{&l.account, limitAccount, limits.Account, false, ratelimit.Config{
			Burst: 1, Every: time.Minute,
			Also:     []ratelimit.Rate{{Burst: 5, Every: 12 * time.Minute}},
			MaxBytes: 4 << 20,
		}},

		{
			&l.confirmClient, limitConfirmClient, limits.ConfirmClient, true,
			ratelimit.Config{Burst: 30, Every: 20 * time.Second, MaxBytes: 1 << 20},
		},
		{
			&l.confirmUser, limitConfirmUser, limits.ConfirmUser, true,
			ratelimit.Config{Burst: 10, Every: time.Minute, MaxBytes: 1 << 20},
		},
		{&l.proof, limitProof, limits.Proof, false, ratelimit.Config{
			Burst: 5, Every: 5 * time.Minute, MaxBytes: 1 << 20,
		}},
		{&l.check, limitCheck, limits.Check, true, ratelimit.Config{
			Burst: 30, Every: 10 * time.Second, MaxBytes: 1 << 20,
		}},
	}
}

// A digester turns what was typed into a limiter's key. Its key comes from the
// ring's signing key, so that processes which share a limiter agree.
type digester func(folded string) string

func newDigester(site string, keys token.Keys) (digester, error) {
	mac, err := keys.Derive(site, "limits")
	if err != nil {
		return nil, err
	}

	return func(folded string) string {
		sum := mac.Sum([]byte(folded))
		return base64.RawURLEncoding.EncodeToString(sum[:16])
	}, nil
}
