package token

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"

	"github.com/golang-jwt/jwt/v5"
)

// preKeyed is HS256 of golang-jwt with a *macKey, whose HMAC has taken in its
// padding already. [jwt.SigningMethodHS256] does that again for each token, at
// a higher price than the MAC itself.
type preKeyed struct{}

// hs256 returns the only signing method of this package.
func hs256() jwt.SigningMethod { return preKeyed{} }

func (preKeyed) Alg() string { return jwt.SigningMethodHS256.Alg() }

func (preKeyed) Sign(signingString string, key any) ([]byte, error) {
	k, ok := key.(*macKey)
	if !ok {
		return nil, jwt.ErrInvalidKeyType
	}

	state := k.start()
	defer k.release(state)
	state.add(signingString)
	return bytes.Clone(state.sum()), nil
}

func (preKeyed) Verify(signingString string, sig []byte, key any) error {
	k, ok := key.(*macKey)
	if !ok {
		return jwt.ErrInvalidKeyType
	}

	state := k.start()
	defer k.release(state)
	state.add(signingString)
	if !hmac.Equal(sig, state.sum()) {
		return jwt.ErrSignatureInvalid
	}
	return nil
}

// macKey is a derived key, as a pool of HMAC states that have taken it in. The
// pool belongs to the key, so the garbage collector takes both together.
type macKey struct {
	states sync.Pool
}

// macState is an HMAC with a buffer in front of it. A hash takes bytes, and
// what it is given here are strings.
type macState struct {
	mac   hash.Hash
	text  [512]byte
	used  int // bytes of text that mac has not taken in yet
	dirty int // bytes of text that have been written since the start
	out   [sha256.Size]byte
}

func newMACKey(key []byte) *macKey {
	return &macKey{states: sync.Pool{New: func() any {
		return &macState{mac: hmac.New(sha256.New, key)}
	}}}
}

func (k *macKey) start() *macState {
	state, _ := k.states.Get().(*macState) // the pool holds no other type
	state.mac.Reset()
	return state
}

// release wipes the state and gives it back. The text may be a password hash,
// and the sum a good signature.
func (k *macKey) release(state *macState) {
	clear(state.text[:state.dirty])
	clear(state.out[:])
	state.dirty = 0
	k.states.Put(state)
}

// add adds s as it is.
func (m *macState) add(s string) {
	for s != "" {
		if m.used == len(m.text) {
			m.flush()
		}
		n := copy(m.text[m.used:], s)
		m.used += n
		s = s[n:]
	}
}

// addField adds s behind its length, as appendField does.
func (m *macState) addField(s string) {
	const size = 4
	if len(m.text)-m.used < size {
		m.flush()
	}
	binary.BigEndian.PutUint32(m.text[m.used:], uint32(len(s)))
	m.used += size
	m.add(s)
}

// sum returns the MAC of all that was added. It is valid until the release.
func (m *macState) sum() []byte {
	m.flush()
	return m.mac.Sum(m.out[:0])
}

func (m *macState) flush() {
	m.mac.Write(m.text[:m.used]) // a hash never fails to write
	m.dirty = max(m.dirty, m.used)
	m.used = 0
}
