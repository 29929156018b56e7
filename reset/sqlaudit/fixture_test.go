package sqlaudit_test

import (
	"context"
	"encoding/binary"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset/internal/sqltest"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func atNoon() time.Time { return noon }

func newTrail(
	t *testing.T, f *sqltest.DB, change ...func(*sqlaudit.Config),
) *sqlaudit.Trail {
	t.Helper()
	cfg := sqlaudit.Config{Dialect: sqlstore.SQLite, Now: atNoon}
	for _, c := range change {
		c(&cfg)
	}
	trail, err := sqlaudit.New(f.Open(t), cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(
			context.WithoutCancel(t.Context()), time.Second,
		)
		defer cancel()
		_ = trail.Shutdown(ctx)
	})
	return trail
}

func newBlocks(
	t *testing.T, f *sqltest.DB, change ...func(*sqlaudit.BlocksConfig),
) *sqlaudit.Blocks {
	t.Helper()
	cfg := sqlaudit.BlocksConfig{Dialect: sqlstore.SQLite, Now: atNoon}
	for _, c := range change {
		c(&cfg)
	}
	blocks, err := sqlaudit.NewBlocks(f.Open(t), cfg)
	require.NoError(t, err)
	return blocks
}

// The columns of the trail's table, in the order they are written in.
const (
	colClient    = 4
	colClientNet = 5
	colUserID    = 6
	colRequestID = 7
	colHits      = 9
	columns      = 11
)

// written keeps what a trail writes.
type written struct {
	mu                  sync.Mutex
	statements, longest int
	rows                [][]any
}

func (w *written) database() *sqltest.DB {
	return &sqltest.DB{Exec: func(_ string, args []any) (int64, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.statements++
		w.longest = max(w.longest, len(args))
		for ; len(args) > 0; args = args[columns:] {
			w.rows = append(w.rows, args[:columns:columns])
		}
		return 1, nil
	}}
}

// stored returns the rows so far.
func (w *written) stored() [][]any {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.rows)
}

func (w *written) hits() (n int64) {
	for _, row := range w.stored() {
		n += row[colHits].(int64)
	}
	return n
}

// source returns the client and the network of a row.
func (w *written) source(row int) [2]any {
	return [2]any{w.rows[row][colClient], w.rows[row][colClientNet]}
}

// ipv4 returns the address that is n after the first.
func ipv4(first string, n int) netip.Addr {
	b := netip.MustParseAddr(first).As4()
	binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(b[:])+uint32(n))
	return netip.AddrFrom4(b)
}

// ipv6 returns the address in the network of this length that is n networks
// after that of the first.
func ipv6(first string, length uint, n int) netip.Addr {
	b := netip.MustParseAddr(first).As16()
	high, low := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	if length <= 64 {
		high += uint64(n) << (64 - length)
	} else {
		low += uint64(n) << (128 - length)
	}

	binary.BigEndian.PutUint64(b[:8], high)
	binary.BigEndian.PutUint64(b[8:], low)
	return netip.AddrFrom16(b)
}
