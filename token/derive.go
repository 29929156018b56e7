package token

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// The labels keep the two kinds of derived keys apart, and apart from all else that
// a host may derive from the same secret. The number is the version of the
// format. Whoever changes what a key covers must change it.
const (
	labelMAC         = "lostkey token v1 mac"
	labelFingerprint = "lostkey token v1 fingerprint"
)

// deriveMAC returns the key that signs tokens of one site and one purpose. A
// staging copy with the same secret has another site, and so other keys.
func (k Key) deriveMAC(site string, purpose Purpose) (*macKey, error) {
	return k.derive(labelMAC, site, string(purpose))
}

// deriveFingerprint returns the key that binds tokens of one site to states.
func (k Key) deriveFingerprint(site string) (*macKey, error) {
	return k.derive(labelFingerprint, site)
}

// derive is HKDF-SHA256 (RFC 5869) without a salt.
func (k Key) derive(label string, fields ...string) (*macKey, error) {
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
