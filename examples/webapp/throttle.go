package main

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/lostkey-go/lostkey/reset/ratelimit"
)

// throttle slows down guessing of passwords, by address and by client. It
// charges every attempt, before anything is looked up, so that addresses
// without an account wear out as fast as those with one. The zero value allows
// all.
type throttle struct {
	byClient, byAddress, byCode, byMail *ratelimit.Limiter
}

func newThrottle() (t throttle, err error) {
	for _, limit := range []struct {
		limiter **ratelimit.Limiter
		ratelimit.Config
	}{
		{&t.byClient, ratelimit.Config{Burst: 20, Every: 3 * time.Second}},
		{&t.byAddress, ratelimit.Config{Burst: 10, Every: time.Minute}},
		// As reset.Limits.Proof, since it is the same code that is guessed at.
		{&t.byCode, ratelimit.Config{Burst: 5, Every: 5 * time.Minute}},
		{&t.byMail, ratelimit.Config{Burst: 5, Every: 12 * time.Minute}},
	} {
		*limit.limiter, err = ratelimit.New(limit.Config)
		if err != nil {
			return throttle{}, err
		}
	}
	return t, nil
}

// mail bounds what somebody who is signed in can have sent to an address, which
// may be a stranger's.
func (t throttle) mail(
	ctx context.Context, address string,
) (retryAfter time.Duration, ok bool) {
	if t.byMail == nil {
		return 0, true
	}
	retryAfter, ok, _ = t.byMail.Allow(ctx, foldASCII(address))
	return retryAfter, ok
}

// allow charges the client, and an address or what else is guessed at.
func (t throttle) allow(
	r *http.Request, address string,
) (retryAfter time.Duration, ok bool) {
	return t.charge(r, t.byAddress, strings.ToLower(address))
}

// code charges the client, and the account whose codes are guessed at.
func (t throttle) code(
	r *http.Request, account string,
) (retryAfter time.Duration, ok bool) {
	return t.charge(r, t.byCode, account)
}

// goodCode gives the charge of the account back.
func (t throttle) goodCode(ctx context.Context, account string) {
	if t.byCode != nil {
		_ = t.byCode.Refund(ctx, account)
	}
}

// charge ignores errors, because these limiters live in this process and return
// none.
func (t throttle) charge(
	r *http.Request, limiter *ratelimit.Limiter, key string,
) (retryAfter time.Duration, ok bool) {
	if t.byClient == nil {
		return 0, true
	}

	retryAfter, ok, _ = t.byClient.Allow(r.Context(), network(client(r)))
	if !ok {
		return retryAfter, false
	}
	retryAfter, ok, _ = limiter.Allow(r.Context(), key)
	return retryAfter, ok
}

// client is the other end of the connection. Behind a reverse proxy that is the
// proxy for every visitor. Such a set-up takes the client from a header that
// its own proxy sets, never from one that visitors can send.
func client(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr().Unmap().WithZone("")
}

// network is what one customer of a provider gets: an IPv4 address, or 64 bits
// of IPv6.
func network(addr netip.Addr) string {
	if addr.Is6() {
		return netip.PrefixFrom(addr, 64).Masked().String()
	}
	return addr.String()
}
