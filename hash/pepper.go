package hash

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/lostkey-go/lostkey/hash/internal/format"
)

// Pepper is a named secret that goes into new hashes and is kept apart from the
// database, so that stolen rows alone cannot be guessed at. Losing it loses
// every password hashed with it. It prints its id alone.
type Pepper struct{ p *pepper }

// pepper keeps the key in a function, because no printer can look into one. fmt
// calls no methods on what sits in an unexported field of somebody's struct,
// and with a verb that it does not know it prints what a pointer points to.
type pepper struct {
	id  string
	key func() []byte
}

const (
	pepperPrefix   = "$lostkey-pepper$"
	minPepperBytes = 32
	maxPepperID    = 12 // Keeps a peppered default hash within 128 bytes.
)

// NewPepper names a secret of at least 32 random bytes, which it copies. The id
// is stored with each hash in clear, in 1 to 12 of a-z, 0-9 and '-'. Whether
// the bytes are random cannot be told.
func NewPepper(id string, key []byte) (Pepper, error) {
	if !format.Within(len(id), 1, maxPepperID) ||
		strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return Pepper{}, fmt.Errorf(
			"hash: pepper id must be 1 to %d of a-z, 0-9 and '-'", maxPepperID,
		)
	}
	if len(key) < minPepperBytes {
		return Pepper{}, fmt.Errorf(
			"hash: pepper key is %d bytes, need at least %d",
			len(key), minPepperBytes,
		)
	}
	if bytes.Count(key, key[:1]) == len(key) {
		return Pepper{}, errors.New("hash: pepper key is one byte repeated")
	}

	key = bytes.Clone(key)
	return Pepper{&pepper{id: id, key: func() []byte { return key }}}, nil
}

// ID returns the id.
func (p Pepper) ID() string {
	if p.p == nil {
		return ""
	}
	return p.p.id
}

// Format prints the id for every verb.
func (p Pepper) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "hash.Pepper(%s)", p.ID())
}

// LogValue is the id for log/slog.
func (p Pepper) LogValue() slog.Value {
	return slog.StringValue("hash.Pepper(" + p.ID() + ")")
}

// MarshalText is the id for encoders.
func (p Pepper) MarshalText() ([]byte, error) {
	return []byte("hash.Pepper(" + p.ID() + ")"), nil
}

// season returns HMAC-SHA-256 as base64 text. It has no NUL and 44 bytes, so
// that no scheme cuts or confuses it.
func (p *pepper) season(password string) string {
	mac := hmac.New(sha256.New, p.key())
	mac.Write([]byte(password))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// A pepperRing holds the peppers of one Hasher and reads the strings they made,
// "$lostkey-pepper$<id>" before an ordinary stored hash. The prefix is not the
// keyid= of PHC strings. That means Argon2's own secret input, and another
// tool would compute something else and call the password wrong.
type pepperRing struct {
	first *pepper
	byID  map[string]*pepper
	inner format.Schemes // Every scheme that some Params makes.
}

// newPepperRing refuses empty peppers and repeated ids.
func newPepperRing(peppers []Pepper) (*pepperRing, error) {
	r := &pepperRing{
		byID: make(map[string]*pepper, len(peppers)),
		inner: format.Schemes{
			format.Argon2(),
			format.Bcrypt(),
			format.PBKDF2(),
		},
	}

	for i, p := range peppers {
		if p.p == nil {
			return nil, fmt.Errorf("hash: Config.Peppers[%d] is empty", i)
		}
		if r.byID[p.p.id] != nil {
			return nil, fmt.Errorf("hash: Config.Peppers[%d] repeats an id", i)
		}
		r.byID[p.p.id] = p.p
		if i == 0 {
			r.first = p.p
		}
	}

	return r, nil
}

// season returns the prefix of a new hash and what to derive it from.
func (r *pepperRing) season(password string) (prefix, seasoned string) {
	if r.first == nil {
		return "", password
	}
	return pepperPrefix + r.first.id, r.first.season(password)
}

// strip returns the ordinary hash inside encoded, and whether its pepper, or
// its lack of one, is today's.
func (r *pepperRing) strip(encoded string) (inner string, current bool) {
	prefix := ""
	if r.first != nil {
		prefix = pepperPrefix + r.first.id
	}
	inner, ok := strings.CutPrefix(encoded, prefix)
	return inner, ok && !strings.HasPrefix(inner, pepperPrefix)
}

func (r *pepperRing) Name() string { return "lostkey-pepper" }

func (r *pepperRing) Identify(encoded string) bool {
	return strings.HasPrefix(encoded, pepperPrefix)
}

func (r *pepperRing) Example() string { return pepperPrefix }

func (r *pepperRing) Parse(encoded string, bounds Bounds) (Record, error) {
	id, rest, ok := strings.Cut(strings.TrimPrefix(encoded, pepperPrefix), "$")
	if !ok {
		return Record{}, format.Malformed(r.Name(), "id")
	}
	p := r.byID[id]
	if p == nil {
		return Record{}, &FormatError{
			Scheme: r.Name(), Field: "id", Err: ErrUnknownPepper,
		}
	}

	inner := "$" + rest
	s := r.inner.Find(inner)
	if s == nil {
		return Record{}, format.Malformed(r.Name(), "inner hash")
	}
	rec, err := s.Parse(inner, bounds)
	if err != nil {
		return Record{}, err
	}

	check := rec.Check
	rec.Check = func(password string) (bool, error) {
		return check(p.season(password))
	}
	// The seasoned text is 44 bytes whatever the password is.
	rec.MaxPassword = 0
	return rec, nil
}
