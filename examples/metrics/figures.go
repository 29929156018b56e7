// Package metrics is what the collectors in prommetrics and otelmetrics share:
// the names of the figures of a lostkey service and of its audit trail, and the
// labels of events. Both collectors expose the same metrics to Prometheus, so
// the board in grafana.json and the alerts in alerts.yml are for either.
package metrics

import (
	"slices"
	"strings"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
)

// Names of the two metrics that events count, as OpenTelemetry spells them.
// Outcomes are there from the start, with a zero, because increase() does not
// see a series begin. Reasons say more, and appear with their first event.
const (
	Events  = "lostkey.events"  // by outcome
	Reasons = "lostkey.reasons" // by outcome and reason
)

// A Figure is one of the figures of [reset.Stats] or [sqlaudit.Stats].
type Figure[Stats any] struct {
	Name    string // as OpenTelemetry spells it.
	Unit    string // "s", "By" or none.
	Help    string
	Counter bool // else a gauge.
	Read    func(stats Stats) float64
}

// PrometheusName returns the name under which Prometheus sees the figure.
func (f Figure[Stats]) PrometheusName() string {
	name := strings.ReplaceAll(f.Name, ".", "_")
	name += map[string]string{"s": "_seconds", "By": "_bytes"}[f.Unit]
	if f.Counter {
		name += "_total"
	}
	return name
}

type stats = reset.Stats

func gauge[S any](name, help string, read func(S) int) Figure[S] {
	return Figure[S]{
		Name: "lostkey." + name, Help: help,
		Read: func(of S) float64 { return float64(read(of)) },
	}
}

func counter[S any](name, help string, read func(S) uint64) Figure[S] {
	return Figure[S]{
		Name: "lostkey." + name, Help: help, Counter: true,
		Read: func(of S) float64 { return float64(read(of)) },
	}
}

// Figures returns those of a service.
func Figures() []Figure[reset.Stats] {
	return []Figure[reset.Stats]{
		gauge("queue.size", "Places for requests.",
			func(of stats) int { return of.Queue.Size }),
		gauge("queue.places", "Places that requests have taken.",
			func(of stats) int { return of.Queue.Places }),
		gauge("queue.waiting", "Jobs that no worker has taken yet.",
			func(of stats) int { return of.Queue.Waiting }),
		gauge("queue.retrying", "Jobs between two attempts.",
			func(of stats) int { return of.Queue.Retrying }),
		counter("queue.dropped", "Jobs that found or kept no place.",
			func(of stats) uint64 { return of.Queue.Dropped }),
		gauge("workers.size", "Workers.",
			func(of stats) int { return of.Queue.Workers }),
		gauge("workers.running", "Workers that have a job.",
			func(of stats) int { return of.Queue.Running }),
		gauge("sink.waiting", "Events not recorded yet.",
			func(of stats) int { return of.EventsWaiting }),
		counter("sink.lost", "Events never recorded.",
			func(of stats) uint64 { return of.EventsLost }),
		counter("sink.panics", "Panics while an event was recorded.",
			func(of stats) uint64 { return of.SinkPanics }),

		gauge("hash.running", "Derivations that run.",
			func(of stats) int { return of.Hashing.Running }),
		gauge("hash.waiting", "Callers that wait for a slot.",
			func(of stats) int { return of.Hashing.Waiting }),
		counter("hash.started", "Derivations that were begun.",
			func(of stats) uint64 { return of.Hashing.Started }),
		counter("hash.busy", "Callers turned away at a full queue.",
			func(of stats) uint64 { return of.Hashing.Busy }),
		counter("hash.cancelled", "Callers that gave up waiting.",
			func(of stats) uint64 { return of.Hashing.Cancelled }),
		{
			Name: "lostkey.hash.memory", Unit: "By",
			Help: "Memory that derivations hold.",
			Read: func(of stats) float64 {
				return float64(of.Hashing.MemoryKiB) * 1024
			},
		},
		{
			Name: "lostkey.hash.waited", Unit: "s", Counter: true,
			Help: "Time that callers waited for a slot, in all.",
			Read: func(of stats) float64 { return of.Hashing.Waited.Seconds() },
		},
		{
			Name: "lostkey.hash.longest_wait", Unit: "s",
			Help: "The longest wait for a slot so far.",
			Read: func(of stats) float64 {
				return of.Hashing.LongestWait.Seconds()
			},
		},
	}
}

// TrailFigures returns those of an audit trail.
func TrailFigures() []Figure[sqlaudit.Stats] {
	return []Figure[sqlaudit.Stats]{
		gauge("trail.waiting", "Rows of the audit trail not written yet.",
			func(of sqlaudit.Stats) int { return of.Waiting }),
		counter("trail.lost", "Events missing in the audit trail.",
			func(of sqlaudit.Stats) uint64 { return of.Lost }),
	}
}

// Labels returns the labels of an event. What is not in the closed sets of
// package reset is "other", so that nothing can make series without bound.
func Labels(ev reset.Event) (outcome, reason string) {
	outcome, reason = string(ev.Outcome), string(ev.Reason)
	if _, ok := slices.BinarySearch(reset.Outcomes(), ev.Outcome); !ok {
		outcome = "other"
	}
	if _, ok := slices.BinarySearch(reset.Reasons(), ev.Reason); !ok &&
		reason != "" {
		reason = "other"
	}
	return outcome, reason
}
