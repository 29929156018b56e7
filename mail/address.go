package mail

import (
	"errors"
	netmail "net/mail"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of RFC 5321 section 4.5.3.1, with the path's angle brackets taken off
// (errata 1690).
const (
	maxAddress = 254
	maxLocal   = 64
	maxDomain  = 253
	maxLabel   = 63
)

// errAddress holds no part of what was checked, so that it can be logged and
// shown.
var errAddress = errors.New("mail: not a plain address")

// ValidateAddress returns nil when addr is one plain address, such as
// ana@example.com, that is safe in an SMTP command and in a header. It is
// stricter than RFC 5321: no display name, list, group, comment, quoted local
// part, address literal, source route ('%' and '!'), encoded word, leading '-',
// surrounding space, or domain of a single label. The error text is constant.
//
// Outside ASCII, both halves may have letters, marks and digits, but none that
// are invisible. Whether such an address can be delivered is for the Mailer to
// say.
//
// It does not look up the domain, does not fold case, and does not detect
// look-alike letters. Compare with the stored address for that.
func ValidateAddress(addr string) error {
	if len(addr) > maxAddress {
		return errAddress
	}
	local, domain, found := strings.Cut(addr, "@")
	if !found || !plainLocal(local) || !plainDomain(domain) {
		return errAddress
	}
	return nil
}

func plainLocal(local string) bool {
	if local == "" || len(local) > maxLocal || !utf8.ValidString(local) {
		return false
	}
	// A leading '-' is an option to a sendmail binary. "=?" starts an encoded
	// word.
	if local[0] == '-' || strings.Contains(local, "=?") {
		return false
	}

	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || !plainStart(atom) {
			return false
		}
		for _, r := range atom {
			if !isAtext(r) && !plainUnicode(r) {
				return false
			}
		}
	}
	return true
}

func plainDomain(domain string) bool {
	if len(domain) > maxDomain || !utf8.ValidString(domain) {
		return false
	}
	labels := strings.Split(domain, ".")
	if len(labels) < 2 || slices.ContainsFunc(labels, isBadLabel) {
		return false
	}

	// A top-level label of digits alone would make the domain an IPv4 address.
	top := labels[len(labels)-1]
	return strings.ContainsFunc(top, func(r rune) bool {
		return r < '0' || r > '9'
	})
}

func isBadLabel(label string) bool {
	if label == "" || len(label) > maxLabel || !plainStart(label) {
		return true
	}
	if label[0] == '-' || label[len(label)-1] == '-' {
		return true
	}
	return strings.ContainsFunc(label, func(r rune) bool {
		return !isAlnum(r) && r != '-' && !plainUnicode(r)
	})
}

func isAlnum(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// isAtext is RFC 5322 section 3.2.3 without the characters that relays and
// shells have given a meaning to.
func isAtext(r rune) bool {
	return isAlnum(r) ||
		r < utf8.RuneSelf && strings.ContainsRune("#$&'*+-/=?^_{}~", r)
}

// plainStart refuses a first character that would combine with the dot or the
// '@' before it.
func plainStart(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return !unicode.Is(unicode.M, r)
}

// plainUnicode accepts the visible letters of every script. The ranges taken
// out are letters and marks to Unicode, but show nothing: fillers and variation
// selectors.
func plainUnicode(r rune) bool {
	return r >= utf8.RuneSelf &&
		(unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r)) &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point,
			unicode.Variation_Selector)
}

// maxMailbox bounds "Name <addr>" before the standard library's parser sees it.
const maxMailbox = 998

// ParseMailbox splits "Name <addr>", or a bare address, into its halves. The
// address has passed [ValidateAddress]. The name may be empty and holds no
// control characters. The error text is constant.
func ParseMailbox(mailbox string) (name, addr string, err error) {
	if len(mailbox) > maxMailbox || !cleanLine(mailbox) {
		return "", "", errAddress
	}
	if ValidateAddress(mailbox) == nil {
		return "", mailbox, nil
	}

	parsed, err := netmail.ParseAddress(mailbox)
	if err != nil || ValidateAddress(parsed.Address) != nil ||
		!cleanLine(parsed.Name) {
		return "", "", errAddress
	}
	// Demanding the address as it was written, at the end, keeps comments and
	// quoting from meaning one thing to this parser and another to the next.
	if !strings.HasSuffix(mailbox, "<"+parsed.Address+">") {
		return "", "", errAddress
	}
	return parsed.Name, parsed.Address, nil
}
