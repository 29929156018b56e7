package hash_test

import (
	"bytes"
	"context"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"testing"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/hash/legacy"
	"github.com/stretchr/testify/require"
)

const phrase = "correct horse battery staple"

// raceEnabled reports whether the race detector is on. Derivations share
// nothing, and it slows them tenfold.
var raceEnabled = func() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(
		info.Settings, debug.BuildSetting{Key: "-race", Value: "true"},
	)
}()

// cheap are the parameters of every test that is not about parameters.
var cheap = hash.Argon2id{MemoryKiB: 64, Time: 1, Threads: 1}

func insecure(t testing.TB, cfg hash.Config) *hash.Hasher {
	t.Helper()
	if cfg.Params == nil {
		cfg.Params = cheap
	}
	if cfg.Accept == nil {
		cfg.Accept = legacy.All()
	}
	h, err := hash.NewInsecure(cfg)
	require.NoError(t, err)
	return h
}

// modern is a Hasher that was not told of any framework.
func modern(t *testing.T) *hash.Hasher {
	t.Helper()
	h, err := hash.NewInsecure(hash.Config{Params: cheap})
	require.NoError(t, err)
	return h
}

// pepper returns one with a key that seed decides.
func pepper(t testing.TB, id string, seed byte) hash.Pepper {
	t.Helper()
	key := bytes.Repeat([]byte{seed, 7, 11, 13}, 8)
	p, err := hash.NewPepper(id, key)
	require.NoError(t, err)
	return p
}

// allAndInsecure has every format of the package that one Hasher can hold.
func allAndInsecure() []hash.Scheme {
	return slices.Concat(
		legacy.All(), legacy.InsecureMD5Crypt(), legacy.InsecureLDAP(),
	)
}

// everything returns each set of schemes that one Hasher can hold; together
// they have every parser of the package.
func everything(t testing.TB) [][]hash.Scheme {
	t.Helper()
	scrypt, err := legacy.NodeScrypt(legacy.NodeScryptConfig{})
	require.NoError(t, err)
	return [][]hash.Scheme{
		legacy.All(),
		legacy.With(legacy.All(), slices.Concat(
			legacy.FlaskSecurity("s", nil), scrypt,
			legacy.InsecureDjangoMD5(), legacy.InsecureDjangoSHA1(),
			legacy.InsecureBareMD5(), legacy.InsecureWerkzeugSHA256(),
			legacy.InsecureMD5Crypt(), legacy.InsecureLDAP(),
		)...),
		legacy.With(
			legacy.SpringWith(legacy.SpringConfig{Default: "pbkdf2"}),
			slices.Concat(
				legacy.InsecureWerkzeugMD5(), legacy.InsecureWerkzeugSHA1(),
			)...,
		),
		legacy.SpringWith(legacy.SpringConfig{Default: "scrypt"}),
		legacy.SpringWith(
			legacy.SpringConfig{Default: "pbkdf2@SpringSecurity_v5_8"},
		),
	}
}

// store swaps unconditionally into row.
func store(row *string) hash.SwapFunc {
	return func(_ context.Context, _, encoded string) (bool, error) {
		*row = encoded
		return true, nil
	}
}

// users is a table of one row with the compare-and-swap a real store has.
type users struct {
	mu  sync.Mutex
	row string
}

func (u *users) swap(_ context.Context, old, encoded string) (bool, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.row != old {
		return false, nil
	}
	u.row = encoded
	return true, nil
}

// derivations runs f and returns how many derivations it cost.
func derivations(h *hash.Hasher, f func()) int {
	before := h.Slots().Stats().Started
	f()
	return int(h.Slots().Stats().Started - before)
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
