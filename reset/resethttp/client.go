package resethttp

import (
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
)

const forwardedFor = "X-Forwarded-For"

// ClientBehind returns a function for [Config.Client] and [APIConfig.Client]
// that finds the client behind proxies with addresses in the prefixes. Name the
// proxies alone, since clients in a prefix can choose their address. IPv4
// proxies need IPv4 prefixes.
//
// Each proxy must put the address it was called from at the end of
// X-Forwarded-For, or in place of what is there, or clients can choose their
// address. Caddy and the load balancers of the large clouds do so unasked.
// Others have to be told:
//
//	nginx    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
//	HAProxy  option forwardfor
//	Go       (*httputil.ProxyRequest).SetXForwarded, in Rewrite
//
// To find out, ask for a link through the proxy with an X-Forwarded-For of your
// own, from a machine that is no proxy, and look at Client in the event.
//
// The client is the last address that is no proxy's. Where an entry is no
// address, it is the proxy found last. Over a Unix socket it is the zero Addr,
// and without prefixes the other end of the connection.
func ClientBehind(prefixes ...netip.Prefix) func(*http.Request) netip.Addr {
	proxies := append([]netip.Prefix(nil), prefixes...)
	isProxy := func(addr netip.Addr) bool {
		for _, prefix := range proxies {
			if prefix.Contains(addr) {
				return true
			}
		}
		return false
	}

	return func(r *http.Request) netip.Addr {
		client := peerOf(r)
		hops := strings.Join(r.Header.Values(forwardedFor), ",")

		for hops != "" && isProxy(client) {
			last := strings.LastIndexByte(hops, ',')
			addr, ok := hopAddr(hops[last+1:])
			if !ok {
				break
			}
			client, hops = addr, hops[:max(last, 0)]
		}
		return client
	}
}

// hopAddr reads one entry of X-Forwarded-For, which is an address, or one with
// a port. An IPv6 address may stand in brackets.
func hopAddr(text string) (netip.Addr, bool) {
	text = strings.Trim(text, " \t")
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return plainAddr(withPort.Addr()), true
	}

	if inner, ok := strings.CutPrefix(text, "["); ok {
		if inner, ok = strings.CutSuffix(inner, "]"); !ok ||
			!strings.Contains(inner, ":") {
			return netip.Addr{}, false
		}
		text = inner
	}
	addr, err := netip.ParseAddr(text)
	return plainAddr(addr), err == nil
}

// peerOf returns the other end of the connection, or the zero Addr when it has
// no address.
func peerOf(r *http.Request) netip.Addr {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return plainAddr(remote.Addr())
}

// plainAddr returns the one form that an address has here.
func plainAddr(addr netip.Addr) netip.Addr {
	return addr.Unmap().WithZone("")
}

// clientOf returns what was configured, or else the other end of the
// connection. When that one looks like a proxy of which nobody told us, all
// visitors share the limits of one, and the first such request is logged.
func clientOf(
	configured func(*http.Request) netip.Addr, logger *slog.Logger,
) func(*http.Request) netip.Addr {
	if configured != nil {
		return configured
	}

	var once sync.Once
	return func(r *http.Request) netip.Addr {
		peer := peerOf(r)
		inside := !peer.IsValid() || peer.IsLoopback() || peer.IsPrivate()
		if inside && r.Header.Get(forwardedFor) != "" {
			once.Do(func() {
				logger.WarnContext(r.Context(), "resethttp: requests come through"+
					" a proxy, so all visitors share the limits of one client:"+
					" set Client to ClientBehind(the proxy's prefix)",
					"peer", peer)
			})
		}
		return peer
	}
}
