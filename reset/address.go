package reset

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/lostkey-go/lostkey/mail"
)

// maxTyped is the longest address (RFC 5321 section 4.5.3.1.3, less the
// brackets), and the longest identifier taken.
const maxTyped = 254

func isAddress(text string) bool { return mail.ValidateAddress(text) == nil }

// foldASCII lowers A to Z and nothing else. Every wider folding,
// strings.EqualFold among them, makes some look-alike address equal to somebody
// else's. Such foldings take the Kelvin sign for k, the long s for s or the
// dotless i for i.
func foldASCII(text string) string {
	for i := range len(text) {
		if 'A' <= text[i] && text[i] <= 'Z' {
			folded := []byte(text)
			for j := i; j < len(folded); j++ {
				if 'A' <= folded[j] && folded[j] <= 'Z' {
					folded[j] += 'a' - 'A'
				}
			}
			return string(folded)
		}
	}
	return text
}

// maskAddress keeps the first character and the domain of an address. That is
// enough for the owner to recognise it, on a page that needs the link to be
// seen.
func maskAddress(addr string) string {
	at := strings.LastIndexByte(addr, '@')
	if at <= 0 {
		return ""
	}
	_, size := utf8.DecodeRuneInString(addr)
	return addr[:size] + "•••" + addr[at:]
}

// plainClient makes one client of the spellings of one address. IPv4 mapped
// into IPv6 becomes IPv4. A zone, which names an interface of this machine, is
// dropped.
func plainClient(client netip.Addr) netip.Addr {
	return client.Unmap().WithZone("")
}

// clientKey is the prefix that one customer of an access provider holds at
// least. It is a single IPv4 address or an IPv6 /64.
func clientKey(client netip.Addr) string { return prefixKey(client, 32, 64) }

// networkKey is the prefix that one customer may hold at most (RFC 6177). It is
// an IPv6 /48, and of IPv4 what is routed at least, a /24.
func networkKey(client netip.Addr) string { return prefixKey(client, 24, 48) }

// prefixKey returns the first address of the client's prefix as text. It is
// empty for an unknown client.
func prefixKey(client netip.Addr, bits4, bits6 int) string {
	bits := bits6
	if client.Is4() {
		bits = bits4
	}
	prefix, err := client.Prefix(bits)
	if err != nil || !prefix.IsValid() {
		return ""
	}
	return prefix.Addr().String()
}
