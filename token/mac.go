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

// preKeyed is HS256 as golang-jwt defines it, over keys whose HMAC has already
// taken in its padding. [jwt.SigningMethodHS256] does that work anew for each
// token, which costs more than the MAC. It takes a *macKey and nothing else.
type preKeyed struct{}

// hs256 returns the one signing method that there is.
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

// macKey is one derived key. Its pool holds keyed HMAC states, and belongs to
// the key: the garbage collector takes them with the last Signer that uses it.
type macKey struct {
	states sync.Pool
}

// macState is one keyed HMAC with a buffer in front of it, because a hash takes
// bytes and what we have are strings.
type macState struct {
	mac   hash.Hash
	text  [512]byte
	used  int // of text, not yet taken in by mac
	dirty int // of text, written since the start
	out   [sha256.Size]byte
}

func newMACKey(key []byte) *macKey {
	return &macKey{states: sync.Pool{New: func() any { return &macState{mac: hmac.New(sha256.New, key)} }}}
}

func (k *macKey) start() *macState {
	state, _ := k.states.Get().(*macState) // New makes no other type
	state.mac.Reset()
	return state
}

// release gives the state back, wiped: the text may be a password hash, and the
// sum a good signature.
func (k *macKey) release(state *macState) {
	clear(state.text[:state.dirty])
	clear(state.out[:])
	state.dirty = 0
	k.states.Put(state)
}

// sum returns the MAC of what was added. It is good until the release.
func (m *macState) sum() []byte {
	m.flush()
	return m.mac.Sum(m.out[:0])
}

// add feeds s as it is.
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

// addField feeds s as appendField writes it.
func (m *macState) addField(s string) {
	const size = 4
	if len(m.text)-m.used < size {
		m.flush()
	}
	binary.BigEndian.PutUint32(m.text[m.used:], uint32(len(s)))
	m.used += size
	m.add(s)
}

func (m *macState) flush() {
	m.mac.Write(m.text[:m.used]) // a hash never fails to write
	m.dirty = max(m.dirty, m.used)
	m.used = 0
}
