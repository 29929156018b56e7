package redislimit_test

import (
	"context"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/redislimit"
)

// bound is what a call may take at most during an outage: far above the
// configured 50 ms for slow machines, far below the 5 s of a client that
// ignores deadlines.
const (
	timeout = 50 * time.Millisecond
	bound   = time.Second
)

type failures struct{ count atomic.Int64 }

func (f *failures) record(context.Context, error) { f.count.Add(1) }

// stopped is a clock that only moves when told to.
type stopped struct{ nanos atomic.Int64 }

func (c *stopped) Now() time.Time {
	return time.Unix(1_800_000_000, c.nanos.Load())
}

// listen accepts connections and hands them to serve; all are closed in the
// end.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			go serve(conn)
		}
	}()
	return listener.Addr().String()
}

// refusedAddr is an address where nobody listens.
func refusedAddr(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

func TestOutageIsAnsweredInTimeByTheInProcessLimiter(t *testing.T) {
	t.Parallel()
	for name, addr := range map[string]string{
		"hung: accepts and never answers": listen(t, func(net.Conn) {}),
		"closes at once":                  listen(t, func(c net.Conn) { _ = c.Close() }),
		"speaks something else":           listen(t, func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }),
		"refused port":                    refusedAddr(t),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failed, clock := new(failures), new(stopped)
			l := newLimiter(t, redislimit.Config{
				Client: newClient(t, addr), Prefix: "p:", Burst: 2,
				Every:   time.Hour,
				Timeout: timeout, Pause: time.Second, OnError: failed.record,
				Now: clock.Now,
			})
			call := func() bool {
				begun := time.Now()
				ok, _ := allow(t, l, "k")
				took := time.Since(begun)
				t.Logf("answered in %v", took)
				require.Less(t, took, bound)
				return ok
			}
			require.True(t, call())
			require.EqualValues(t, 1, failed.count.Load())
			require.True(t, call())
			require.False(t, call(),
				"the in-process limiter has the same rates")
			clock.nanos.Store(int64(time.Second - 1))
			require.False(t, call())
			require.EqualValues(t, 1, failed.count.Load(),
				"Redis was asked again during the pause")
			clock.nanos.Store(int64(time.Second))
			require.False(t, call())
			require.EqualValues(t, 2, failed.count.Load(),
				"Redis was not asked again after the pause")
		})
	}
}

func TestOneCallerAloneTriesAHungRedisAgain(t *testing.T) {
	t.Parallel()
	failed, clock := new(failures), new(stopped)
	l := newLimiter(t, redislimit.Config{
		Client: newClient(t, listen(t, func(net.Conn) {})), Prefix: "p:",
		Burst: 1, Every: time.Hour,
		Timeout: timeout, OnError: failed.record, Now: clock.Now,
	})
	allow(t, l, "k")
	require.EqualValues(t, 1, failed.count.Load())

	clock.nanos.Store(int64(time.Second))
	var workers sync.WaitGroup
	start := make(chan struct{})
	for i := range 100 {
		workers.Go(func() {
			<-start
			_, _, _ = l.Allow(t.Context(), strconv.Itoa(i))
		})
	}
	close(start)
	workers.Wait()
	require.EqualValues(t, 2, failed.count.Load())
}

func TestDeadlineOfTheCallerIsHonouredAndItsCancellationIsNot(t *testing.T) {
	t.Parallel()
	failed := new(failures)
	l := newLimiter(t, redislimit.Config{
		Client: newClient(t, listen(t, func(net.Conn) {})), Prefix: "p:",
		Burst: 1, Every: time.Hour,
		Timeout: time.Minute, OnError: failed.record,
	})
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	begun := time.Now()
	_, ok, err := l.Allow(ctx, "k")
	require.NoError(t, err)
	require.True(t, ok)
	require.Less(t, time.Since(begun), bound)
	require.EqualValues(t, 1, failed.count.Load())

	client := liveClient(t)
	l = newLimiter(t, redislimit.Config{
		Client: client, Prefix: ownPrefix(t, client), Burst: 1,
		Every: time.Hour, Timeout: time.Minute, OnError: failOnError(t),
	})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, ok, err = l.Allow(gone, "k")
	require.NoError(t, err)
	require.True(t, ok)
	ok, _ = allow(t, l, "k")
	require.False(t, ok, "hanging up dodged the shared limit")
}

// relay forwards to Redis until it is told to hold everything back.
type relay struct {
	gate sync.RWMutex
	addr string
}

func (r *relay) serve(conn net.Conn) {
	server, err := net.Dial("tcp", r.addr)
	if err != nil {
		_ = conn.Close()
		return
	}
	copyTo := func(to, from net.Conn) {
		defer func() { _, _ = to.Close(), from.Close() }()
		part := make([]byte, 4096)
		for {
			n, err := from.Read(part)
			if err != nil {
				return
			}
			r.gate.RLock()
			_, err = to.Write(part[:n])
			r.gate.RUnlock()
			if err != nil {
				return
			}
		}
	}
	go copyTo(server, conn)
	copyTo(conn, server)
}

func TestThrottledKeyStaysThrottledWhenRedisHangsAndAfterItsReturn(t *testing.T) {
	t.Parallel()
	client := liveClient(t)
	prefix := ownPrefix(t, client)
	between := &relay{addr: redisAddr()}
	failed, clock := new(failures), new(stopped)
	l := newLimiter(t, redislimit.Config{
		Client: newClient(t, listen(t, between.serve)), Prefix: prefix,
		Burst: 2, Every: time.Hour,
		Timeout: time.Second, OnError: failed.record, Now: clock.Now,
	})
	for range 2 {
		ok, _ := allow(t, l, "victim")
		require.True(t, ok)
	}
	require.Zero(t, failed.count.Load())

	between.gate.Lock()
	ok, _ := allow(t, l, "victim")
	require.False(t, ok, "the outage gave the victim's attacker a fresh burst")
	require.EqualValues(t, 1, failed.count.Load())
	between.gate.Unlock()

	clock.nanos.Store(int64(time.Second))
	for range 2 {
		ok, _ = allow(t, l, "victim")
		require.False(t, ok)
		ok, _ = allow(t, l, "newcomer")
		require.True(t, ok)
	}
	require.EqualValues(t, 1, failed.count.Load())
	require.EqualValues(t, 1,
		client.Exists(t.Context(), prefix+"newcomer").Val(),
		"Redis decides again")
}

func TestKeyOfAnotherTypeFallsBack(t *testing.T) {
	t.Parallel()
	client := liveClient(t)
	prefix := ownPrefix(t, client)
	require.NoError(t,
		client.Set(t.Context(), prefix+"k", "text", time.Minute).Err())
	failed := new(failures)
	l := newLimiter(t, redislimit.Config{
		Client: client, Prefix: prefix, Burst: 1, Every: time.Hour,
		Timeout: 5 * time.Second, OnError: failed.record,
	})
	ok, _ := allow(t, l, "k")
	require.True(t, ok)
	ok, _ = allow(t, l, "k")
	require.False(t, ok)
	require.EqualValues(t, 1, failed.count.Load())
}
