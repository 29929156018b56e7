package reset_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

// ipv6 is the n-th client of a /48: each has a /64 of its own.
func ipv6(first, second, third uint16, n int) netip.Addr {
	var addr [16]byte
	for i, group := range []uint16{first, second, third, uint16(n)} {
		binary.BigEndian.PutUint16(addr[2*i:], group)
	}
	addr[15] = 1
	return netip.AddrFrom16(addr)
}

func ipv4(first, second, third byte, n int) netip.Addr {
	return netip.AddrFrom4([4]byte{first, second, third, byte(n)})
}

// floods are the addresses that an attacker has, by the number of the request.
var floods = map[string]func(n int) netip.Addr{
	"one /48": func(n int) netip.Addr { return ipv6(0x2001, 0xdb8, 0xbad, n) },
	"one /24": func(n int) netip.Addr { return ipv4(192, 0, 2, n) },
	"one /32 of 65,536 /48": func(n int) netip.Addr {
		return ipv6(0x2001, 0xdb8, uint16(n), n>>16)
	},
	"one /16 of 256 /24": func(n int) netip.Addr {
		return ipv4(192, 0, byte(n), n>>8)
	},
	"100 providers, one /48 each": func(n int) netip.Addr {
		return ipv6(0x2a00, uint16(n%100), 0xbad, n/100)
	},
	"100 providers, all of their /48": func(n int) netip.Addr {
		return ipv6(0x2a00, uint16(n%100), uint16(n/100), n)
	},
	"100 /24": func(n int) netip.Addr { return ipv4(100, byte(n%100), 2, n/100) },
	"unknown": func(int) netip.Addr { return netip.Addr{} },
}

// flooded sends 20 times the site's bound for five minutes, and every three
// seconds one request of an honest visitor. It returns how many of those 100
// were served, and how many of the attacker's 60,000.
func flooded(t *testing.T, limits reset.Limits, attacker, visitor func(n int) netip.Addr) (served, taken int) {
	t.Helper()
	sc := newScene(t, func(cfg *reset.Config) {
		cfg.Limits = limits
		cfg.Dispatch = func(context.Context, reset.Job) error { return nil }
		cfg.Events = reset.SinkFunc(func(context.Context, reset.Event) {})
	})
	const attack = time.Minute / (20 * 600)
	for n := range int(5 * time.Minute / attack) {
		sc.clock.advance(attack)
		email := fmt.Sprintf("user%d@example.com", n)
		if sc.Request(t.Context(), reset.RequestInput{Email: email, Client: attacker(n)}) == nil {
			taken++
		}
		if n%600 == 599 && sc.Request(t.Context(), reset.RequestInput{
			Email: "honest-" + email, Client: visitor(n / 600),
		}) == nil {
			served++
		}
	}
	return served, taken
}

// fromElsewhere are visitors who share no network with anybody.
func fromElsewhere(n int) netip.Addr { return ipv4(203, byte(n), 113, 7) }

func TestFloodFromOneSideLeavesTheFlowToEverybodyElse(t *testing.T) {
	t.Parallel()
	for name, attacker := range floods {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			served, taken := flooded(t, reset.Limits{}, attacker, fromElsewhere)
			t.Logf("default limits: visitors served %d of 100, attacker %d of 60,000", served, taken)
			require.GreaterOrEqual(t, served, 95)
		})
	}
}
