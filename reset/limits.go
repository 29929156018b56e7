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
// charges the key only when it says ok. Otherwise it says how long to wait. An
// error means that the limiter does not know, for instance because a server
// cannot be reached. It is called in the path of requests, so it must honour
// the context's deadline and be safe for concurrent use.
type Limiter interface {
	Allow(
		ctx context.Context, key string,
	) (retryAfter time.Duration, ok bool, err error)
}

// A Refunder is a [Limiter] that takes a charge back when what it was charged
// for did not happen. That is so when a later limit refused the request, the
// queue could not take it, or the mail was not sent. [ratelimit.Limiter] is
// one. A Limiter that is not keeps those charges, so that a visitor who asks
// again after a failure may find a limit reached and get no mail.
type Refunder interface {
	Limiter
	// Refund gives back one event that Allow has charged to key. It must never
	// give a key more than its burst, nor anything to a key without a charge.
	// An error makes an event and nothing more. Like Allow it is called in the
	// path of requests, with a context that ends after 150 milliseconds.
	Refund(ctx context.Context, key string) error
}

// Limits throttle the flow. A nil field means the in-process default in its
// comment, so that with n processes n times as much passes. A Limiter of one's
// own can be shared between them. Keys begin with the name of the limit, so one
// Limiter may serve several fields.
//
// Requests charge Client, Network, Global and Account, in this order and all
// before any look-up, so that no limit tells who has an account. A client over
// its limit uses up nothing of its network's, and a network nothing of
// everybody's.
//
// Client counts single IPv4 addresses and IPv6 /64, Network counts /24 and /48.
// One customer may hold a whole /48 with its 65,536 /64, and earns no more by
// it than any other network. But a /24 or a /48 may also be an office or some
// thousand subscribers of an access provider, so Network is wide: 300 an hour
// are fifteen clients at their own limit, or one request a day from each of
// 7,200 people. A site whose users sit behind few networks may need more.
// Requests from the zero Addr charge neither limit.
//
// Once Global has refused, those who were granted most wait first. A network
// with more than its share of what was granted lately is refused before Global
// is charged, until Global has had room for a while, so that what Global earns
// back goes to the others. The share finds its place by Global's answers, so
// Global may be any Limiter. Networks are counted by /24 and /48 and, at a
// quarter of the weight, by the /16 and /32 that a provider may hold. All
// unknown clients are one network. The counts are each process's own and take
// 1 MiB. Measured at 20 times the default Global, of 100 visitors from
// elsewhere 99 are served while 1,000 networks ask, and 84 while 3,000 do.
// Visitors from a network that floods wait with it.
//
// What a request was charged is given back, to limiters that are a [Refunder],
// when a later limit refuses it with a *[ThrottledError], when
// Config.Queue.Dispatch fails and when the queue is full. It is not given back
// when Account refuses, which must look like a success from every side (its job
// goes through the queue and sends nothing, see [Job]), nor when the visitor
// has hung up, which must not be a way around the limits.
//
// The worker charges Account once more, under a key of the account's id, for
// each mail to an account that was found by what somebody typed. So an account
// gets no more mail than Account allows, however many texts lead to it under
// Config.Hooks.FindByIdentifier. One that is over it is skipped with the reason
// "throttled". The charge is given back when the mail was not sent, so that a
// retry is not throttled by the attempt before. A worker that dies in between
// leaves it. If Account is not a [Refunder], the worker charges the in-process
// default in its place.
//
// Keys hold network addresses and, for accounts, a keyed digest of what was
// typed or of the id. No mail address is stored in a limiter.
//
// A confirmation charges one of two limits. A link that is signed and in time
// charges ConfirmUser, whose key is the account's id, before the account is
// loaded, so that nobody without a link can use up a victim's. Anything else
// charges ConfirmClient, so that one who sends junk keeps nobody behind the
// same address from using a good link.
//
// When a limiter fails, or takes longer than 150 milliseconds, requests and
// proofs fall back to the in-process default and confirmations, which need a
// signed token anyway, proceed. Either makes an event.
type Limits struct {
	// Global is 600 a minute, at most 600 at once, for the whole site.
	Global Limiter
	// Client is 20 an hour for each client prefix. Requests over it get a
	// *[ThrottledError].
	Client Limiter
	// Network is 200 at once for each network, then 300 an hour. Requests over
	// it get a *[ThrottledError].
	Network Limiter
	// Account is 1 a minute and 5 an hour for each address. Requests over it
	// get the usual answer and no mail.
	Account Limiter

	// ConfirmClient is 30 at once for each client prefix, then 3 a minute. It
	// is charged for junk only.
	ConfirmClient Limiter
	// ConfirmUser is 10 at once for each account, then 1 a minute.
	ConfirmUser Limiter

	// Proof is 5 at once for each account, then 1 in 5 minutes. It bounds how
	// often Hooks.BeforeConfirm may refuse. At 288 guesses a day, a code of six
	// digits of which three are good at a time is found in three years, on
	// average. What a good proof was charged is given back to a [Refunder].
	Proof Limiter

	// Check is 30 at once for each account whose link is looked at, and for
	// each client prefix that sends junk, then 6 a minute.
	Check Limiter

	// Off switches all of them off, whatever the other fields say. It is for
	// tests, and for sites behind something that throttles already. A
	// Hooks.BeforeConfirm must then count its refusals itself.
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
	custom   bool
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
		*d.into = throttle{
			name: d.name, limiter: d.own, custom: d.own != nil,
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
