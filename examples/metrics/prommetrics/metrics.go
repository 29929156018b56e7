// Package prommetrics shows a lostkey service to Prometheus. Copy it together
// with ../figures.go, and change the import of that, or import it. It is in a
// module of its own, so that takes
// go get github.com/lostkey-go/lostkey/examples/metrics besides.
//
// One Sink and one Collector are enough for all sites of a service. An audit
// trail has a Collector of its own.
package prommetrics

import (
	"context"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lostkey-go/lostkey/examples/metrics"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
)

// A Sink counts events. It is safe for concurrent use.
type Sink struct{ events, reasons *prometheus.CounterVec }

// NewSink returns a Sink whose counters are registered with registry. It panics
// when they are registered there already.
func NewSink(registry prometheus.Registerer) Sink {
	vec := func(name, help string, labels ...string) *prometheus.CounterVec {
		name = strings.ReplaceAll(name, ".", "_") + "_total"
		made := prometheus.NewCounterVec(
			prometheus.CounterOpts{Name: name, Help: help}, labels,
		)
		registry.MustRegister(made)
		return made
	}

	s := Sink{
		vec(metrics.Events, "Steps by how they ended.", "outcome"),
		vec(metrics.Reasons, "Steps by why they ended.", "outcome", "reason"),
	}
	for _, outcome := range reset.Outcomes() {
		s.events.WithLabelValues(string(outcome))
	}
	return s
}

// Record counts an event. It implements [reset.Sink].
func (s Sink) Record(_ context.Context, ev reset.Event) {
	outcome, reason := metrics.Labels(ev)
	s.events.WithLabelValues(outcome).Inc()
	if reason != "" {
		s.reasons.WithLabelValues(outcome, reason).Inc()
	}
}

// A Collector reads Stats whenever Prometheus asks.
type Collector[Stats any] struct {
	stats   func() Stats
	figures []metrics.Figure[Stats]
	descs   []*prometheus.Desc
}

// NewCollector returns the Collector of a service. It is to be registered.
func NewCollector(svc *reset.Service) *Collector[reset.Stats] {
	return newCollector(svc.Stats, metrics.Figures())
}

// NewTrailCollector returns the Collector of an audit trail. It is to be
// registered.
func NewTrailCollector(trail *sqlaudit.Trail) *Collector[sqlaudit.Stats] {
	return newCollector(trail.Stats, metrics.TrailFigures())
}

func newCollector[Stats any](
	stats func() Stats, figures []metrics.Figure[Stats],
) *Collector[Stats] {
	c := &Collector[Stats]{stats: stats, figures: figures}
	for _, f := range figures {
		c.descs = append(c.descs,
			prometheus.NewDesc(f.PrometheusName(), f.Help, nil, nil))
	}
	return c
}

// Describe implements [prometheus.Collector].
func (c *Collector[Stats]) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range c.descs {
		descs <- desc
	}
}

// Collect implements [prometheus.Collector]. All figures are of one moment.
func (c *Collector[Stats]) Collect(to chan<- prometheus.Metric) {
	stats := c.stats()
	for i, f := range c.figures {
		kind := prometheus.GaugeValue
		if f.Counter {
			kind = prometheus.CounterValue
		}
		to <- prometheus.MustNewConstMetric(c.descs[i], kind, f.Read(stats))
	}
}
