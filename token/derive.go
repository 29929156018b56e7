package token

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// The labels keep the two kinds of derived key apart, and apart from whatever
// else a host may derive from the same secret. The number is the version of the
// format: a change of anything that a key covers needs a new one.
const (
	labelMAC         = "lostkey token v1 mac"
	labelFingerprint = "lostkey token v1 fingerprint"
	labelDerived     = "lostkey token v1 derived"
)

// Derive returns a secret of 32 bytes for each key of the ring, the signing
// key's first, for a use of the caller's own that label names. Different labels
// give unrelated secrets, and none is what a [Signer] works with. What is made
// with the first and checked with all survives a rotation as tokens do.
//
// The label must not be empty. The zero Keys gives none. The result is secret
// and, being bytes, prints itself in clear.
func (r Keys) Derive(label string) ([][]byte, error) {
	if label == "" {
		return nil, errors.New("token: the label of a derived key is empty")
	}

	var derived [][]byte
	for _, k := range r.all() {
		info := appendField([]byte(labelDerived), label)
		key, err := k.material.expand(info)
		if err != nil {
			return nil, err
		}
		derived = append(derived, key)
	}
	return derived, nil
}

// deriveMAC returns the key that signs the tokens of one site and one purpose.
// What a site or a purpose cannot derive it cannot forge: a staging copy with
// the same secret has other keys.
func (m *material) deriveMAC(site string, purpose Purpose) (*macKey, error) {
	return m.derive(appendField(appendField([]byte(labelMAC), site), string(purpose)))
}

// deriveFingerprint returns the key that binds a site's tokens to user states.
func (m *material) deriveFingerprint(site string) (*macKey, error) {
	return m.derive(appendField([]byte(labelFingerprint), site))
}

func (m *material) derive(info []byte) (*macKey, error) {
	key, err := m.expand(info)
	if err != nil {
		return nil, err
	}
	return newMACKey(key), nil
}

// expand is HKDF-SHA256 (RFC 5869) without a salt.
func (m *material) expand(info []byte) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, m.secret(), nil, string(info), sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("token: derive a key from %q: %w", m.id, err)
	}
	return key, nil
}

// appendField adds s after its length in bytes, as four bytes, big-endian. With
// the length in front no two lists of fields give one text, which plain
// concatenation does ("1"+"23" and "12"+"3"). Every field has a bound that is
// far below what four bytes count to.
func appendField(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}
