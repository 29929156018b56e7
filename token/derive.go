package token

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// The labels keep the kinds of derived keys apart, and apart from all else that
// a host may derive from the same secret. The number is the version of the
// format. Whoever changes what a key covers must change it.
const (
	labelMAC         = "lostkey token v1 mac"
	labelFingerprint = "lostkey token v1 fingerprint"
	labelDerived     = "lostkey token v1 derived"
)

// MAC authenticates messages that are no tokens, by HMAC-SHA256. [Keys.Derive]
// makes one. The zero MAC has no key: its Sum is nil and its Verify is false. A
// MAC does not change and is safe for concurrent use.
type MAC struct {
	keys []*macKey // in the order of the ring
}

// Derive returns a MAC for another use of the same secrets: the keyed digests
// under which a rate limiter counts addresses, or the jobs of a queue that
// others can write to.
//
// The label names the use, in 1 to 32 lower-case letters, digits and hyphens,
// such as "limits". The site is as in [Config]. A sum for one use or site does
// not verify for another, nor as a token.
//
// A new key ring takes effect in a new MAC. With the two steps of a rotation,
// every server verifies what any other has summed.
func (k Keys) Derive(site, label string) (MAC, error) {
	canonical, err := canonicalSite(site)
	if err != nil {
		return MAC{}, fmt.Errorf("token: site %w", err)
	}
	if err := validateName(label); err != nil {
		return MAC{}, fmt.Errorf("token: label %w", err)
	}
	if len(k.keys) == 0 {
		return MAC{}, errors.New("token: the key ring is empty")
	}

	var m MAC
	for _, key := range k.keys {
		derived, err := key.derive(labelDerived, canonical, label)
		if err != nil {
			return MAC{}, err
		}
		m.keys = append(m.keys, derived)
	}
	return m, nil
}

// Sum returns the 32 bytes that authenticate msg, with the signing key of the
// ring. Encode several fields so that they stay apart, in JSON for example.
func (m MAC) Sum(msg []byte) []byte {
	if len(m.keys) == 0 {
		return nil
	}
	sum, _ := hs256().Sign(string(msg), m.keys[0]) // fails for other keys only
	return sum
}

// Verify reports whether sum is the sum of msg with any key of the ring. It
// does not know when msg was made, or whether it was used before.
func (m MAC) Verify(msg, sum []byte) bool {
	for _, key := range m.keys {
		if hs256().Verify(string(msg), sum, key) == nil {
			return true
		}
	}
	return false
}

// deriveMAC returns the key that signs tokens of one site and one purpose. A
// staging copy with the same secret has another site, and so other keys.
func (k ringKey) deriveMAC(site string, purpose Purpose) (*macKey, error) {
	return k.derive(labelMAC, site, string(purpose))
}

// deriveFingerprint returns the key that binds tokens of one site to states.
func (k ringKey) deriveFingerprint(site string) (*macKey, error) {
	return k.derive(labelFingerprint, site)
}

// derive is HKDF-SHA256 (RFC 5869) without a salt.
func (k ringKey) derive(label string, fields ...string) (*macKey, error) {
	info := []byte(label)
	for _, field := range fields {
		info = appendField(info, field)
	}

	key, err := hkdf.Key(sha256.New, k.bytes(), nil, string(info), sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("token: derive from key %q: %w", k.id, err)
	}
	return newMACKey(key), nil
}

// appendField appends s behind its length in bytes, as four bytes, big-endian.
// The length keeps lists of fields apart that joined would be one text, such as
// "1", "23" and "12", "3". No field has more bytes than four can count.
func appendField(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}
