package reset

import (
	"context"
	"errors"
	"net/netip"
	"time"
)

// A bill is all that one request was charged.
type bill struct {
	charges [4]charge
	count   int
	entry   shareEntry
	shared  bool // entry is counted.
}

func (b *bill) add(paid charge) {
	b.charges[b.count] = paid
	b.count++
}

// chargeRequest charges a request to its limits, the narrowest first. The share
// comes before them all, since it charges nothing and spares them most of a
// flood. The account is a digest of what was typed. One over its limit is no
// error. Instead, mute says that nothing is to be sent.
func (l *throttles) chargeRequest(
	ctx context.Context, client netip.Addr, account string, ev Event,
) (paid bill, mute bool, err error) {
	if l.share == nil {
		return bill{}, false, nil // without limits.
	}

	var wait time.Duration
	if paid.entry, wait = l.share.ask(client); wait > 0 {
		return bill{}, false, l.throttled(limitShare, wait, ev)
	}

	for _, step := range []struct {
		throttle *throttle
		key      string
	}{
		{&l.client, clientKey(client)},
		{&l.network, networkKey(client)},
		{&l.global, string(limitGlobal)},
	} {
		if step.key == "" {
			continue
		}

		charged, wait, ok := l.charge(ctx, step.throttle, step.key, ev)
		if !ok {
			if step.throttle == &l.global {
				l.share.refused(paid.entry)
			}
			l.giveBack(ctx, paid, ev)
			return bill{}, false, l.throttled(step.throttle.name, wait, ev)
		}
		paid.add(charged)
	}
	l.share.add(paid.entry, 1)
	paid.shared = true

	charged, wait, ok := l.charge(ctx, &l.account, account, ev)
	if !ok {
		_ = l.throttled(l.account.name, wait, ev)
		// To give nothing back takes as long as to give a charge back.
		charged = charge{
			limitAccount,
			string(limitAccount) + ":",
			l.account.limiter,
			l.account.custom,
		}
	}

	paid.add(charged)
	return paid, !ok, nil
}

// giveBack undoes chargeRequest. Whoever hung up gets nothing back, because
// nobody waits for the answer, and the work may be done all the same.
func (l *throttles) giveBack(ctx context.Context, paid bill, ev Event) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	for _, charged := range paid.charges[:paid.count] {
		l.refund(ctx, charged, ev)
	}
	if paid.shared {
		l.share.add(paid.entry, -1)
	}
}

// allow charges one event and returns a *ThrottledError when the limit is used
// up.
func (l *throttles) allow(
	ctx context.Context, t *throttle, key string, ev Event,
) error {
	if _, wait, ok := l.charge(ctx, t, key, ev); !ok {
		return l.throttled(t.name, wait, ev)
	}
	return nil
}

func (l *throttles) allowClient(
	ctx context.Context, t *throttle, client netip.Addr, ev Event,
) error {
	if !client.IsValid() {
		return nil
	}
	return l.allow(ctx, t, clientKey(client), ev)
}

// A charge is what one event was charged to one limit. The zero charge is
// nothing.
type charge struct {
	limit   Reason
	key     string
	limiter Limiter // the one that was charged, which may be the fallback.
	custom  bool    // as in throttle.
}

// charge charges one event to a limit. When the limit is used up, wait is how
// long to wait for one more event.
func (l *throttles) charge(
	ctx context.Context, t *throttle, key string, ev Event,
) (paid charge, wait time.Duration, ok bool) {
	if t.limiter == nil {
		return charge{}, 0, true
	}

	key = string(t.name) + ":" + key // one Limiter may serve several limits.
	paid = charge{t.name, key, t.limiter, t.custom}
	wait, ok, err := t.ask(ctx, key)
	if err != nil {
		l.limiterFailed(t.name, err, ev)
		if t.fallback == nil {
			return charge{}, 0, true
		}
		paid.limiter, paid.custom = t.fallback, false
		wait, ok, _ = t.fallback.Allow(ctx, key)
	}

	if !ok {
		return charge{}, wait, false
	}
	return paid, 0, true
}

func (t *throttle) ask(
	ctx context.Context, key string,
) (wait time.Duration, ok bool, err error) {
	if !t.custom {
		return t.limiter.Allow(ctx, key)
	}

	ctx, cancel := context.WithTimeout(ctx, limiterTimeout)
	defer cancel()
	err = guard("Limiter.Allow", func() error {
		var err error
		wait, ok, err = t.limiter.Allow(ctx, key)
		return err
	})
	return wait, ok, err
}

// refund gives a charge back if the limiter can take it. The visitor may be
// gone by now.
func (l *throttles) refund(ctx context.Context, paid charge, ev Event) {
	limiter, ok := paid.limiter.(Refunder)
	if !ok {
		return
	}
	if !paid.custom {
		_ = limiter.Refund(ctx, paid.key)
		return
	}

	ctx, cancel := context.WithTimeout(
		context.WithoutCancel(ctx), limiterTimeout,
	)
	defer cancel()
	err := guard("Limiter.Refund", func() error {
		return limiter.Refund(ctx, paid.key)
	})
	if err != nil {
		l.limiterFailed(paid.limit, err, ev)
	}
}

// throttled records that a limit was reached.
func (l *throttles) throttled(
	limit Reason, wait time.Duration, ev Event,
) error {
	ev.Outcome, ev.Reason = OutcomeThrottled, limit
	l.events.recordLater(ev)
	return &ThrottledError{RetryAfter: max(wait, time.Second)}
}

func (l *throttles) limiterFailed(limit Reason, err error, ev Event) {
	ev.Outcome, ev.Reason, ev.Err = OutcomeLimiterFailed, limit, err
	l.events.recordLater(ev)
}
