package smtpmail

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"

	gomail "github.com/wneessen/go-mail"
)

// minRSABits is what RFC 8301 section 3.2 tells signers to use at least.
const minRSABits = 2048

// maxTag keeps a tag on one line, see sign.
const maxTag = 70

// DKIM holds what signing by RFC 6376 needs. The zero value means that messages are not signed.
//
// It prints, logs and marshals without Key. That protection is lost in an
// unexported field of another struct, and under %p and %w, where the fmt package
// does not call methods.
type DKIM struct {
	Domain   string        // d=, the domain of From or one above it, or DMARC will not count the signature
	Selector string        // s=, the name under _domainkey that publishes the key
	Key      crypto.Signer // *rsa.PrivateKey of 2048 bits or more, or ed25519.PrivateKey
}

// String shows Domain and Selector.
func (d DKIM) String() string {
	return fmt.Sprintf("smtpmail.DKIM{Domain: %q, Selector: %q}", d.Domain, d.Selector)
}

// Format prints what String returns, whatever the verb.
func (d DKIM) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, d.String()) }

// MarshalText returns what String returns, so that loggers that marshal show no
// key either.
func (d DKIM) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (d DKIM) off() bool { return d.Domain == "" && d.Selector == "" && d.Key == nil }

func (d DKIM) check() error {
	if d.off() {
		return nil
	}
	switch key := d.Key.(type) {
	case ed25519.PrivateKey:
		if len(key) != ed25519.PrivateKeySize {
			return errors.New("smtpmail: Config.DKIM.Key is not an Ed25519 key")
		}
	case *rsa.PrivateKey:
		if key == nil || key.N.BitLen() < minRSABits {
			return errors.New("smtpmail: Config.DKIM.Key is an RSA key of less than 2048 bits")
		}
	default:
		return errors.New("smtpmail: Config.DKIM.Key is neither *rsa.PrivateKey nor ed25519.PrivateKey")
	}
	switch {
	case !plainHost(d.Domain) || len(d.Domain) > maxTag:
		return errors.New("smtpmail: Config.DKIM.Domain is empty, not a domain, or longer than 70 characters")
	case !plainHost(d.Selector) || len(d.Selector) > maxTag:
		return errors.New("smtpmail: Config.DKIM.Selector is empty, not a domain label, or longer than 70 characters")
	}
	return nil
}

// sign puts a DKIM-Signature before the header. Fields that must not be added on the way are signed once more than they occur
// (RFC 6376 section 8.15).
//
// The list is short on purpose: go-mail v0.8.1 folds a tag of more than 75 characters after it has signed it
// unfolded, and the signature does not verify.
func (d DKIM) sign(content []byte) ([]byte, error) {
	if d.off() {
		return content, nil
	}
	header, body, found := bytes.Cut(content, []byte("\r\n\r\n"))
	if !found {
		return nil, errors.New("smtpmail: a message without a body cannot be signed")
	}
	// One signer for each message: it keeps state while it signs.
	signer := gomail.NewDKIMSigner(d.Domain, d.Selector, d.Key)
	signer.SignHeaders("From", "To", "Subject", "Date", "Message-ID", "Content-Type")
	signer.OversignHeaders("From", "To", "Subject", "Reply-To")
	signature, err := signer.Sign(content[:len(header)+len("\r\n")], body)
	if err != nil {
		return nil, err
	}
	return append([]byte(signature), content...), nil
}
