package reset_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/stretchr/testify/require"
)

func heap() uint64 {
	runtime.GC()
	runtime.GC() // what the first has put aside.
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// It runs beside no other test, since they share the heap.
func TestAThousandSitesTakeLittleMemoryAndNoGoroutines(t *testing.T) { //nolint:paralleltest // it measures the heap
	cfg := goodConfig()
	cfg.Queue.Synchronous = false
	cfg.Hasher = cheapHasher()
	cfg.Events = reset.SinkFunc(func(context.Context, reset.Event) {})
	store := memstore.New()
	require.NoError(t, store.Add(ana()))
	cfg.Store = store
	first, err := reset.New(cfg)
	require.NoError(t, err)
	defer func() { _ = first.Shutdown(context.Background()) }()

	const count = 1000
	sites := make([]*reset.Service, 0, count)
	goroutines, before := runtime.NumGoroutine(), heap()
	for i := range count {
		settings := goodSite()
		settings.Name = fmt.Sprint("tenant-", i)
		settings.URL = fmt.Sprintf("https://tenant-%d.example", i)
		settings.Mail.Product = fmt.Sprint("Product ", i)
		settings.Store, settings.Sessions = store, reset.KeepSessions()
		svc, err := first.For(settings)
		require.NoError(t, err)
		made, err := svc.Link(t.Context(), "7", reset.LinkOptions{})
		require.NoError(t, err)
		_, err = svc.Check(t.Context(), reset.CheckInput{Token: rawOf(made)})
		require.NoError(t, err)
		sites = append(sites, svc)
	}

	each := (int64(heap()) - int64(before)) / count
	t.Logf("%d bytes each", each)
	require.Less(t, each, int64(64<<10))
	require.LessOrEqual(t, runtime.NumGoroutine(), goroutines)
	runtime.KeepAlive(sites)
}
