package prommetrics_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/lostkey-go/lostkey/examples/metrics/prommetrics"
	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/token"
)

// The sink goes into the Config, and the collector is made of the Service. Give
// /metrics to Prometheus alone, not to visitors.
func Example() {
	keys, err := token.GenerateKeys("k1") // token.ParseKeys in a program
	if err != nil {
		log.Fatal(err)
	}

	registry := prometheus.NewRegistry()
	svc, err := reset.New(reset.Config{
		Site: "https://app.example", From: "no-reply@app.example",
		Keys: keys, Store: memstore.New(), Mailer: &mailtest.Recorder{},
		Sessions: reset.EndSessionsInStore(),
		Hasher:   hash.NewInsecureForTests(),
		// An audit trail can be one more of these, and has NewTrailCollector.
		Events: reset.Sinks{prommetrics.NewSink(registry)},
	})
	if err != nil {
		log.Fatal(err)
	}
	registry.MustRegister(prommetrics.NewCollector(svc))
	metrics := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})

	ctx := context.Background()
	_ = svc.Request(ctx, reset.RequestInput{Email: "nobody@app.example"})
	_ = svc.Shutdown(ctx)
	w := httptest.NewRecorder()
	metrics.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, "lostkey_reasons_total") {
			fmt.Print(line)
		}
	}
	// Output:
	// lostkey_reasons_total{outcome="skipped",reason="unknown-address"} 1
}
