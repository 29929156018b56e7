package smtpmail

import (
	"errors"
	netmail "net/mail"
	"strings"
	"unicode/utf8"

	"github.com/lostkey-go/lostkey/mail"
	"golang.org/x/net/idna"
)

var errDomain = errors.New("smtpmail: a domain cannot be turned into A-labels")

// aLabels returns addr with its domain in the ASCII form of RFC 5891. It leaves
// a domain alone that is ASCII already.
func aLabels(addr string) (string, error) {
	if err := mail.ValidateAddress(addr); err != nil {
		return "", err
	}

	local, domain, _ := strings.Cut(addr, "@")
	if isASCII(domain) {
		return addr, nil
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return "", errDomain
	}

	before, after := strings.Split(domain, "."), strings.Split(ascii, ".")
	if len(before) != len(after) {
		return "", errDomain
	}
	for i, label := range before {
		// A label outside ASCII that maps to plain ASCII is written in
		// full-width or other stand-in letters. Nobody owns it under that
		// spelling.
		if !isASCII(label) && !strings.HasPrefix(after[i], "xn--") {
			return "", errDomain
		}
	}

	encoded := local + "@" + ascii
	return encoded, mail.ValidateAddress(encoded)
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r >= utf8.RuneSelf
	})
}

// mailbox applies aLabels to "Name <addr>".
func mailbox(s string) (whole, addr string, err error) {
	name, addr, err := mail.ParseMailbox(s)
	if err != nil {
		return "", "", err
	}

	ascii, err := aLabels(addr)
	if err != nil || ascii == addr {
		return s, addr, err
	}
	return (&netmail.Address{Name: name, Address: ascii}).String(), ascii, nil
}
