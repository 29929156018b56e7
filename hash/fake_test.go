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

func (f *fakeScheme) Name() string                 { return "fake" }
func (f *fakeScheme) Identify(encoded string) bool { return strings.HasPrefix(encoded, "fake:") }

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
