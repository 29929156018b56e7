// Package otelmetrics shows a lostkey service to OpenTelemetry. Copy it with
// ../figures.go, and change the import of that, or import it. It is in a module
// of its own, so that takes
// go get github.com/lostkey-go/lostkey/examples/metrics besides.
//
// One Sink and one Observe are enough for all sites of a service. An audit
// trail has ObserveTrail.
package otelmetrics

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/lostkey-go/lostkey/examples/metrics"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
)

// A Sink counts events. It is safe for concurrent use.
type Sink struct{ events, reasons metric.Int64Counter }

// NewSink returns a Sink that counts with meter.
func NewSink(meter metric.Meter) (Sink, error) {
	events, err := meter.Int64Counter(metrics.Events,
		metric.WithDescription("Steps by how they ended."))
	if err != nil {
		return Sink{}, err
	}
	reasons, err := meter.Int64Counter(metrics.Reasons,
		metric.WithDescription("Steps by why they ended."))
	if err != nil {
		return Sink{}, err
	}

	for _, outcome := range reset.Outcomes() {
		events.Add(context.Background(), 0,
			metric.WithAttributes(attribute.String("outcome", string(outcome))))
	}
	return Sink{events, reasons}, nil
}

// Record counts an event. It implements [reset.Sink].
func (s Sink) Record(ctx context.Context, ev reset.Event) {
	outcome, reason := metrics.Labels(ev)
	label := attribute.String("outcome", outcome)
	s.events.Add(ctx, 1, metric.WithAttributes(label))
	if reason != "" {
		s.reasons.Add(ctx, 1, metric.WithAttributes(
			label, attribute.String("reason", reason),
		))
	}
}

// Observe reads the Stats of a service whenever the meter's provider collects,
// all figures of one moment. Unregister what it returns before another service
// is observed with the same meter.
func Observe(
	meter metric.Meter, svc *reset.Service,
) (metric.Registration, error) {
	return observe(meter, svc.Stats, metrics.Figures())
}

// ObserveTrail is Observe for an audit trail.
func ObserveTrail(
	meter metric.Meter, trail *sqlaudit.Trail,
) (metric.Registration, error) {
	return observe(meter, trail.Stats, metrics.TrailFigures())
}

func observe[Stats any](
	meter metric.Meter, read func() Stats, figures []metrics.Figure[Stats],
) (metric.Registration, error) {
	var instruments []metric.Float64Observable
	var observables []metric.Observable
	for _, f := range figures {
		made, err := instrument(meter, f)
		if err != nil {
			return nil, err
		}
		instruments = append(instruments, made)
		observables = append(observables, made)
	}

	return meter.RegisterCallback(
		func(_ context.Context, to metric.Observer) error {
			stats := read()
			for i, f := range figures {
				to.ObserveFloat64(instruments[i], f.Read(stats))
			}
			return nil
		}, observables...,
	)
}

func instrument[Stats any](
	meter metric.Meter, f metrics.Figure[Stats],
) (metric.Float64Observable, error) {
	help, unit := metric.WithDescription(f.Help), metric.WithUnit(f.Unit)
	if f.Counter {
		return meter.Float64ObservableCounter(f.Name, help, unit)
	}
	return meter.Float64ObservableGauge(f.Name, help, unit)
}
