package metrics_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/lostkey-go/lostkey/examples/metrics"
	"github.com/lostkey-go/lostkey/examples/metrics/otelmetrics"
	"github.com/lostkey-go/lostkey/examples/metrics/prommetrics"
	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
	"github.com/lostkey-go/lostkey/token"
)

// service is a service with one account, whose events go to sink.
func service(sink reset.Sink) *reset.Service {
	ring, err := token.GenerateKeys("2026-11")
	if err != nil {
		panic(err)
	}
	hasher, store := hash.NewInsecureForTests(), memstore.New()
	encoded, err := hasher.Hash(context.Background(), "the old password")
	if err != nil {
		panic(err)
	}
	if err := store.Add(reset.User{
		ID: "7", Email: "ana@example.com", PasswordHash: encoded,
	}); err != nil {
		panic(err)
	}

	svc, err := reset.New(reset.Config{
		Site: "https://app.example", From: "no-reply@app.example",
		Keys: ring, Store: store, Mailer: &mailtest.Recorder{},
		Sessions: reset.EndSessionsInStore(), Hasher: hasher, Events: sink,
	})
	if err != nil {
		panic(err)
	}
	return svc
}

// down is a database that cannot be reached.
type down struct{}

func (down) Connect(context.Context) (driver.Conn, error) {
	return nil, errors.New("no database")
}

func (down) Driver() driver.Driver { return nil }

// newTrail is an audit trail that cannot be written.
func newTrail() *sqlaudit.Trail {
	trail, err := sqlaudit.New(sql.OpenDB(down{}), sqlaudit.Config{
		Dialect: sqlstore.PostgreSQL, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	return trail
}

// use makes a request that is mailed, one for an address without an account,
// and a link that is junk.
func use(svc *reset.Service) {
	ctx := context.Background()
	for _, email := range []string{"ana@example.com", "bob@example.com"} {
		_ = svc.Request(ctx, reset.RequestInput{Email: email})
	}
	_, _ = svc.Check(ctx, reset.CheckInput{Token: "junk"})
	_ = svc.Shutdown(ctx)
}

// withPrometheus is a registry whose sink and collectors are prommetrics'.
func withPrometheus(
	trail *sqlaudit.Trail,
) (*prometheus.Registry, *reset.Service, reset.Sink) {
	registry := prometheus.NewPedanticRegistry()
	sink := prommetrics.NewSink(registry)
	svc := service(sink)
	registry.MustRegister(
		prommetrics.NewCollector(svc), prommetrics.NewTrailCollector(trail),
	)
	return registry, svc, sink
}

// withOpenTelemetry is a registry that OpenTelemetry's exporter writes to.
func withOpenTelemetry(
	trail *sqlaudit.Trail,
) (*prometheus.Registry, *reset.Service, reset.Sink) {
	registry := prometheus.NewRegistry()
	exporter, err := otelprom.New(otelprom.WithRegisterer(registry),
		otelprom.WithoutScopeInfo(), otelprom.WithoutTargetInfo())
	if err != nil {
		panic(err)
	}
	meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter)).
		Meter("github.com/lostkey-go/lostkey")

	sink, err := otelmetrics.NewSink(meter)
	if err != nil {
		panic(err)
	}
	svc := service(sink)
	if _, err := otelmetrics.Observe(meter, svc); err != nil {
		panic(err)
	}
	if _, err := otelmetrics.ObserveTrail(meter, trail); err != nil {
		panic(err)
	}
	return registry, svc, sink
}

// collectors are both by their names.
var collectors = map[string]func(*sqlaudit.Trail) (
	*prometheus.Registry, *reset.Service, reset.Sink,
){"prometheus": withPrometheus, "otel": withOpenTelemetry}

// scrape returns the lines of GET /metrics.
func scrape(registry *prometheus.Registry) []string {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(
		registry, promhttp.HandlerOpts{EnableOpenMetrics: false},
	))
	server := httptest.NewServer(mux)
	defer server.Close()

	res, err := http.Get(server.URL + "/metrics")
	if err != nil {
		panic(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		panic(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

func Example_prometheus() {
	registry, svc, _ := withPrometheus(newTrail())
	use(svc)
	show(scrape(registry))
	// Output:
	// lostkey_events_total{outcome="check-rejected"} 1
	// lostkey_events_total{outcome="mailed"} 1
	// lostkey_events_total{outcome="requested"} 2
	// lostkey_events_total{outcome="skipped"} 1
	// lostkey_queue_dropped_total 0
	// lostkey_queue_waiting 0
	// lostkey_reasons_total{outcome="check-rejected",reason="malformed"} 1
	// lostkey_reasons_total{outcome="skipped",reason="unknown-address"} 1
}

func Example_openTelemetry() {
	registry, svc, _ := withOpenTelemetry(newTrail())
	use(svc)
	show(scrape(registry))
	// Output:
	// lostkey_events_total{outcome="check-rejected"} 1
	// lostkey_events_total{outcome="mailed"} 1
	// lostkey_events_total{outcome="requested"} 2
	// lostkey_events_total{outcome="skipped"} 1
	// lostkey_queue_dropped_total 0
	// lostkey_queue_waiting 0
	// lostkey_reasons_total{outcome="check-rejected",reason="malformed"} 1
	// lostkey_reasons_total{outcome="skipped",reason="unknown-address"} 1
}

// show prints a few of the lines. The others are zero or change with time.
func show(lines []string) {
	some := regexp.MustCompile(
		`^lostkey_((events|reasons)_total.* [1-9]|queue_(dropped|waiting))`,
	)
	for _, line := range lines {
		if some.MatchString(line) {
			fmt.Println(line)
		}
	}
}

func TestBothCollectorsExposeTheSame(t *testing.T) {
	t.Parallel()
	// Help texts, names and types, and the series, whose values may differ.
	names := func(registry *prometheus.Registry) []string {
		var names []string
		for _, line := range scrape(registry) {
			if !strings.HasPrefix(line, "#") {
				line, _, _ = strings.Cut(line, " ")
			}
			names = append(names, line)
		}
		return names
	}

	prom, svc, _ := withPrometheus(newTrail())
	use(svc)
	otel, svc, _ := withOpenTelemetry(newTrail())
	use(svc)
	require.Equal(t, names(prom), names(otel))
	require.Greater(t, len(names(prom)),
		3*(len(metrics.Figures())+len(metrics.TrailFigures()))+
			len(reset.Outcomes()))
}

// Whatever an event says, the number of series is bounded, and no label holds
// anything that is not in the closed sets.
func TestHostileEventsMakeNoSeries(t *testing.T) {
	t.Parallel()
	for name, open := range collectors {
		registry, svc, sink := open(newTrail())
		before := len(scrape(registry))
		for i := range 1000 {
			sink.Record(t.Context(), reset.Event{
				Outcome: reset.Outcome(fmt.Sprint("made up\"} \n\xff", i)),
				Reason:  reset.Reason(fmt.Sprint("made up\xff", i)),
				UserID:  fmt.Sprint(i), RequestID: fmt.Sprint(i),
				Purpose: token.Purpose(fmt.Sprint("p", i)),
			})
		}

		lines := scrape(registry)
		require.Contains(t, lines, `lostkey_events_total{outcome="other"} 1000`)
		require.Contains(t, lines,
			`lostkey_reasons_total{outcome="other",reason="other"} 1000`)
		require.LessOrEqual(t, len(lines), before+4, name)
		require.NoError(t, svc.Shutdown(t.Context()))
	}
}

func TestTrailShowsWhatWaitsAndWhatIsLost(t *testing.T) {
	t.Parallel()
	for name, open := range collectors {
		trail := newTrail()
		registry, svc, _ := open(trail)
		trail.Record(t.Context(), reset.Event{Outcome: reset.OutcomeRequested})
		lines := scrape(registry)
		require.Contains(t, lines, "lostkey_trail_waiting 1", name)
		require.Contains(t, lines, "lostkey_trail_lost_total 0", name)

		require.Error(t, trail.Shutdown(t.Context()))
		lines = scrape(registry)
		require.Contains(t, lines, "lostkey_trail_waiting 0", name)
		require.Contains(t, lines, "lostkey_trail_lost_total 1", name)
		require.NoError(t, svc.Shutdown(t.Context()))
	}
}
