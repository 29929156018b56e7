package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func redirect(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusSeeOther)
}

func typed() string { return "user1@example.org" }

// A server that stands still keeps all waiting whose requests are due, and not
// only those that it has taken.
func TestStallCountsForAllWhoWereDue(t *testing.T) {
	const rate, lasts = 200, time.Second
	var stalled atomic.Bool
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			if stalled.CompareAndSwap(false, true) {
				time.AfterFunc(lasts/2, func() { close(release) })
			}
			<-release
			redirect(w, r)
		},
	))
	defer server.Close()

	v, err := fire(
		t.Context(), server.Listener.Addr().String(), rate, lasts, typed,
	)
	require.NoError(t, err)
	require.Equal(t, rate, v.answered)
	require.Zero(t, v.failed)
	// Half of all came during the stall, and waited a quarter of a second on
	// average.
	require.Greater(t, v.percentile(55), time.Millisecond)
	require.Greater(t, v.percentile(75), lasts/5)
	require.Greater(t, v.percentile(100), lasts*2/5)
}

func TestAnswersThatNeverComeAreTheSlowest(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(
		func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
		},
	))
	defer server.Close()

	v, err := fire(
		t.Context(), server.Listener.Addr().String(), 100, time.Second/10, typed,
	)
	require.NoError(t, err)
	require.Equal(t, 10, v.failed)
	require.Equal(t, time.Second/10+grace, v.percentile(50))

	v, err = rush(t.Context(), server.Listener.Addr().String(), 10, typed)
	require.NoError(t, err)
	m := measurement{volley: v, mailed: -1}
	require.ErrorContains(t, m.complete(), "no answer to 10 of 10")
	m = measurement{volley: &volley{}, typed: 3, mailed: 2}
	require.ErrorContains(t, m.complete(), "2 mails, want 3")
}

func TestFireEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			cancel()
			redirect(w, r)
		},
	))
	defer server.Close()

	_, err := fire(
		ctx, server.Listener.Addr().String(), 1000, time.Second, typed,
	)
	require.ErrorIs(t, err, context.Canceled)
}

// The processor time of other processes is that of all their threads.
func TestProcessorTimeGrowsWithWork(t *testing.T) {
	self := []int{os.Getpid()}
	before := cost{processor: processorTime(self)}
	require.Len(t, before.processor, 1)
	for until := time.Now().Add(50 * time.Millisecond); time.Now().Before(until); {
		continue
	}
	used, _ := cost{processor: processorTime(self)}.spent(before)
	require.Greater(t, used, time.Millisecond)
	require.Less(t, used, time.Minute)
}

func TestGoalsFailWhereTheyAreMissed(t *testing.T) {
	const django = 1000.0
	for _, c := range []struct {
		audited float64
		fails   bool
	}{{90, false}, {155, false}, {157, true}} {
		targets := []*target{{name: nameAudited}, {name: nameDjango}}
		each := map[*target]costs{
			targets[0]: {known: {500, c.audited}, unknown: {50}},
			targets[1]: {known: {django, 2 * django}, unknown: {django}},
		}
		err := goals(io.Discard, targets, each)
		require.Equal(t, c.fails, err != nil, "%v: %v", c.audited, err)
	}
}

func TestChartHasALineAndANameForEach(t *testing.T) {
	var curves []*curve
	for _, l := range looks {
		c := &curve{name: l.name}
		for _, rate := range []int{100, 1000} {
			c.steps = append(c.steps, step{rate, &measurement{volley: &volley{
				latencies: []time.Duration{time.Duration(rate) * time.Microsecond},
			}}})
		}
		curves = append(curves, c)
	}

	picture := draw(curves)
	decoder := xml.NewDecoder(bytes.NewReader(picture))
	texts, paths := "", 0
	for {
		part, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		switch part := part.(type) {
		case xml.CharData:
			texts += string(part) + "\n"
		case xml.StartElement:
			if part.Name.Local == "circle" {
				paths++
			}
		}
	}
	require.Equal(t, len(looks), paths)
	for _, l := range looks {
		require.Contains(t, texts, l.name)
	}
	require.Contains(t, string(picture), "prefers-color-scheme: dark")
}

func TestRatesAreRefusedOutsideOfTheirBounds(t *testing.T) {
	var r rates
	require.NoError(t, r.Set("1,100000"))
	require.Equal(t, "1,100000", r.String())
	for _, text := range []string{"", "0", "-1", "100001", "1,x", "1,"} {
		require.Error(t, r.Set(text), text)
	}
}

// With a hundred times the users, forgot and confirm take about as long.
func TestLatencyDoesNotGrowWithTheUsers(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a database")
	}
	opts := options{postgres: postgresURL()}
	if err := reach(t.Context(), opts.postgres); err != nil {
		if os.Getenv("LOSTKEY_REQUIRE_SERVICES") == "1" {
			t.Fatalf("no PostgreSQL server (LOSTKEY_POSTGRES): %v", err)
		}
		t.Skipf("no PostgreSQL server (set LOSTKEY_POSTGRES): %v", err)
	}

	var table strings.Builder
	opts.check = true
	err := growth(t.Context(), opts, &table)
	if err != nil { // a shared machine may disturb it once.
		t.Log(table.String())
		table.Reset()
		err = growth(t.Context(), opts, &table)
	}
	t.Log(table.String())
	require.NoError(t, err)
}
