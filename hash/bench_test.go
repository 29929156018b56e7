package hash_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/argon2"
)

// BenchmarkHash compares what Hash costs with the bare function.
func BenchmarkHash(b *testing.B) {
	b.Run("argon2id", func(b *testing.B) {
		h, err := hash.New(hash.Config{})
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			_, err := h.Hash(b.Context(), phrase)
			require.NoError(b, err)
		}
	})
	b.Run("bare", func(b *testing.B) {
		salt := make([]byte, 16)
		b.ReportAllocs()
		for b.Loop() {
			argon2.IDKey([]byte(phrase), salt, 2, 19456, 1, 32)
		}
	})
}

// BenchmarkHashOverBare takes turns between the two and fails when the least
// time of Hash is above 1.02 times the least time of the bare function.
func BenchmarkHashOverBare(b *testing.B) {
	h, err := hash.New(hash.Config{})
	require.NoError(b, err)
	salt := make([]byte, 16)
	ours, bare := time.Hour, time.Hour
	rounds := 0
	for b.Loop() {
		start := time.Now()
		argon2.IDKey([]byte(phrase), salt, 2, 19456, 1, 32)
		middle := time.Now()
		_, err := h.Hash(b.Context(), phrase)
		ours, bare = min(ours, time.Since(middle)), min(bare, middle.Sub(start))
		require.NoError(b, err)
		rounds++
	}
	ratio := float64(ours) / float64(bare)
	b.ReportMetric(ratio, "x-bare")
	if rounds >= 50 {
		require.LessOrEqual(b, ratio, 1.02)
	}
}

// identifyInputs are strings of 1 KiB that take each scheme's test furthest.
func identifyInputs() map[string]string {
	fill := func(prefix, s string) string {
		return (prefix + strings.Repeat(s, 1024))[:1024]
	}

	return map[string]string{
		"nothing":    fill("", "z"),
		"dollars":    fill("", "$"),
		"argon2id":   fill("$argon2id$", "A"),
		"bcrypt":     fill("$2b$12$", "A"),
		"django":     fill("pbkdf2_sha256$", "1"),
		"aspnet":     fill("AQAAAA", "A"),
		"hex":        fill("", "0"),
		"spring":     fill("{", "a"),
		"aspnet 256": fill("AQAAAA", "A")[:256],
		"hex:hex":    strings.Repeat("0", 32) + ":" + strings.Repeat("0", 128),
	}
}

// identify asks every scheme, as a Hasher does of a row that none claims.
func identify(schemes []hash.Scheme, stored string) {
	for _, s := range schemes {
		s.Identify(stored)
	}
}

func BenchmarkIdentify(b *testing.B) {
	schemes := hash.Modern()
	for name, s := range identifyInputs() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				identify(schemes, s)
			}
		})
	}
}

func BenchmarkInspect(b *testing.B) {
	h := insecure(b, hash.Config{})
	for name, stored := range map[string]string{
		"argon2id":       argon("m=19456,t=2,p=1"),
		"four terabytes": argon("m=4294967295,t=1,p=1"),
		"django": "pbkdf2_sha256$600000$saltsaltsaltsaltsalt22$" +
			"sNq3XuweG/L6o4roRXeg92Yh2e3maz2/ohlot5dprPI=",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = h.Inspect(stored)
			}
		})
	}
}

func TestIdentifyAllocatesNothing(t *testing.T) {
	schemes := allAndInsecure()
	for name, s := range identifyInputs() {
		require.Zero(t, testing.AllocsPerRun(100, func() {
			identify(schemes, s)
		}), name)
	}
	for _, v := range vectors(t) {
		require.Zero(t, testing.AllocsPerRun(10, func() {
			identify(schemes, v.stored)
		}), v.stored)
	}
}

func TestHashAddsNextToNothingToTheBareFunction(t *testing.T) {
	h := insecure(t, hash.Config{Params: hash.Argon2id{1024, 1, 1}})
	salt := make([]byte, 16)
	bare := testing.AllocsPerRun(
		20, func() { argon2.IDKey([]byte(phrase), salt, 1, 1024, 1, 32) },
	)
	ours := testing.AllocsPerRun(
		20, func() { _, _ = h.Hash(t.Context(), phrase) },
	)
	require.LessOrEqual(
		t, ours-bare, float64(12),
		"salt, encoding and the closure, a few hundred bytes together",
	)
}
