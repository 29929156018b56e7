package main

import (
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/lostkey-go/lostkey/reset/limit"
)

// throttle slows down guessing of passwords, by address and by client. It
// charges every attempt, before anything is looked up: addresses without an
// account wear out as fast as those with one. The zero value allows all.
type throttle struct{ byClient, byAddress *limit.Limiter }

func newThrottle() (throttle, error) {
	byClient, err := limit.New(limit.Config{Burst: 20, Every: 3 * time.Second})
	if err != nil {
		return throttle{}, err
	}
	byAddress, err := limit.New(limit.Config{Burst: 10, Every: time.Minute})
	return throttle{byClient, byAddress}, err
}

func (t throttle) allow(r *http.Request, address string) (retryAfter time.Duration, ok bool) {
	if t.byClient == nil {
		return 0, true
	}
	// These limiters live in this process and return no errors.
	retryAfter, ok, _ = t.byClient.Allow(r.Context(), network(r.RemoteAddr))
	if !ok {
		return retryAfter, false
	}
	retryAfter, ok, _ = t.byAddress.Allow(r.Context(), strings.ToLower(address))
	return retryAfter, ok
}

// network is what one customer of a provider gets: an IPv4 address, or 64 bits
// of IPv6. Behind a reverse proxy every visitor has the proxy's address; such a
// set-up takes the client from a header that its own proxy sets, never from one
// that visitors can send.
func network(remote string) string {
	peer, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	addr := peer.Addr().Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	return netip.PrefixFrom(addr, 64).Masked().String()
}
