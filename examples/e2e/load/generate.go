package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// connections are how many requests are under way at most. The others
	// wait, and their waiting counts.
	connections = 64
	// grace is how long answers are waited for after the last request was due.
	grace = 2 * time.Second
)

// visitors say whose addresses are typed.
type visitors int

const (
	known visitors = iota
	unknown
	mixed
)

// address returns one at random.
func (v visitors) address(users int) string {
	n := rand.N(users)
	if v == unknown || v == mixed && rand.N(2) == 0 {
		return fmt.Sprintf("nobody%d@example.org", n)
	}
	return fmt.Sprintf("user%d@example.org", n)
}

// A volley is how a server answered requests that came at a steady rate.
type volley struct {
	offered, answered, failed int
	lasted                    time.Duration
	latencies                 []time.Duration // sorted.
}

func (v *volley) percentile(p float64) time.Duration {
	if len(v.latencies) == 0 {
		return 0
	}
	at := int(p / 100 * float64(len(v.latencies)))
	return v.latencies[min(at, len(v.latencies)-1)]
}

// throughput is in answers a second.
func (v *volley) throughput() float64 {
	return float64(v.answered) / v.lasted.Seconds()
}

// fire sends requests at a rate, for some time. A request is due whether or not
// those before it are answered, and its latency counts from when it was due, so
// that a server that stalls is charged for all whom it kept waiting. What is
// not answered at the end has failed.
func fire(
	ctx context.Context, address string, rate int, lasts time.Duration,
	typed func() string,
) (*volley, error) {
	count := max(1, int(float64(rate)*lasts.Seconds()))
	bounded, cancel := context.WithTimeout(ctx, lasts+grace)
	defer cancel()

	begin := time.Now()
	due := make(chan time.Time, count)
	go func() {
		defer close(due)
		for n := range count {
			at := begin.Add(time.Duration(n) * time.Second / time.Duration(rate))
			if wait := time.Until(at); wait > 0 {
				<-time.After(wait)
			}
			due <- at
		}
	}()

	var (
		all = volley{offered: count}
		mu  sync.Mutex
		wg  sync.WaitGroup
	)
	for range connections {
		wg.Go(func() {
			mine := answer(bounded, address, due, typed)
			mu.Lock()
			defer mu.Unlock()
			all.answered += len(mine)
			all.latencies = append(all.latencies, mine...)
		})
	}
	wg.Wait()

	all.lasted = max(time.Since(begin), lasts)
	all.failed = count - all.answered
	// An answer that never came is slower than all that did.
	for range all.failed {
		all.latencies = append(all.latencies, lasts+grace)
	}
	slices.Sort(all.latencies)
	return &all, ctx.Err()
}

// answer sends requests over one connection until there are none, and returns
// how long the good answers took.
func answer(
	ctx context.Context, address string, due <-chan time.Time,
	typed func() string,
) (took []time.Duration) {
	var conn net.Conn
	var from *bufio.Reader
	defer func() {
		if conn != nil {
			_ = conn.Close()
		}
	}()
	until, _ := ctx.Deadline()

	for at := range due {
		if conn == nil {
			var err error
			conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", address)
			if err != nil {
				conn = nil
				continue
			}
			_ = conn.SetDeadline(until)
			from = bufio.NewReader(conn)
		}

		keep, err := exchange(conn, from, address, typed())
		if err == nil {
			took = append(took, time.Since(at))
		}
		if err != nil || !keep {
			_ = conn.Close()
			conn = nil
		}
	}
	return took
}

// exchange posts one form. Every server here answers it with a redirection.
func exchange(
	to io.Writer, from *bufio.Reader, host, address string,
) (keep bool, err error) {
	body := "email=" + strings.ReplaceAll(address, "@", "%40")
	_, err = fmt.Fprintf(to, "POST "+forgotPath+" HTTP/1.1\r\nHost: %s\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\n"+
		"Accept-Language: en\r\nContent-Length: %d\r\n\r\n%s",
		host, len(body), body)
	if err != nil {
		return false, err
	}

	res, err := http.ReadResponse(from, nil)
	if err != nil {
		return false, err
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return false, err
	}
	if res.StatusCode != http.StatusSeeOther &&
		res.StatusCode != http.StatusFound {
		return false, fmt.Errorf("the answer is %s", res.Status)
	}
	return !res.Close, nil
}

// rush sends requests as fast as they are answered, eight at a time.
func rush(
	ctx context.Context, address string, count int, typed func() string,
) (*volley, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	begin := time.Now()
	due := make(chan time.Time, count)
	for range count {
		due <- begin
	}
	close(due)

	all := volley{offered: count}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			n := len(answer(ctx, address, due, typed))
			mu.Lock()
			defer mu.Unlock()
			all.answered += n
		})
	}
	wg.Wait()
	all.lasted, all.failed = time.Since(begin), count-all.answered
	return &all, ctx.Err()
}

func isKnown(address string) bool { return strings.HasPrefix(address, "user") }

// A counter counts calls.
type counter struct{ n atomic.Int64 }

func newCounter() *counter { return &counter{} }

func (c *counter) add() int { return int(c.n.Add(1) - 1) }

func (c *counter) value() int { return int(c.n.Load()) }
