package hash_test

import (
	"strings"
	"sync/atomic"

	"github.com/lostkey-go/lostkey/hash"
)

// fakeScheme claims "fake:…" and does what a test wants; the password "good"
// is right.
type fakeScheme struct {
	memory int
	check  func(password string) (bool, error)
	runs   atomic.Int64
}

func (f *fakeScheme) Name() string { return "fake" }

func (f *fakeScheme) Identify(
	encoded string,
) bool {
	return strings.HasPrefix(encoded, "fake:")
}

func (f *fakeScheme) Parse(string, hash.Bounds) (hash.Record, error) {
	return hash.Record{
		Scheme: "fake", MemoryKiB: f.memory,
		Check: func(password string) (bool, error) {
			f.runs.Add(1)
			if f.check != nil {
				return f.check(password)
			}
			return password == "good", nil
		},
	}, nil
}

// namedFake claims exactly its name.
type namedFake struct {
	fakeScheme
	name string
}

func (f *namedFake) Name() string                 { return f.name }
func (f *namedFake) Identify(encoded string) bool { return encoded == f.name }

// claimsAll claims all that a Hasher does not make itself, as a scheme for
// passwords in clear would.
type claimsAll struct{ fakeScheme }

func (*claimsAll) Identify(encoded string) bool {
	return !strings.HasPrefix(encoded, "$argon2") &&
		!strings.HasPrefix(encoded, "$lostkey-pepper$")
}

type panickyParser struct{ fakeScheme }

func (*panickyParser) Parse(
	encoded string,
	_ hash.Bounds,
) (hash.Record, error) {
	panic("cannot read " + encoded)
}
