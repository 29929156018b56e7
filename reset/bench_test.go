package reset_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/stretchr/testify/require"
)

func benchService(
	b *testing.B, change func(cfg *reset.Config),
) (*reset.Service, *memstore.Store) {
	b.Helper()
	store := memstore.New()
	require.NoError(b, store.Add(ana()))

	cfg := reset.Config{
		Site:     site,
		From:     "no-reply@app.example",
		Keys:     testKeys(),
		Store:    store,
		Sessions: reset.EndSessionsInStore(),
		Mailer: mail.MailerFunc(
			func(context.Context, mail.Message) error { return nil },
		),
		Events: reset.SinkFunc(func(context.Context, reset.Event) {}),
		Hasher: cheapHasher(),
		Limits: reset.Limits{Off: true},
	}

	if change != nil {
		change(&cfg)
	}
	svc, err := reset.New(cfg)
	require.NoError(b, err)
	b.Cleanup(func() { _ = svc.Shutdown(context.Background()) })
	return svc, store
}

// What a visitor waits for. The limits are on, and never reached.
func BenchmarkRequest(b *testing.B) {
	for _, limits := range []bool{false, true} {
		b.Run(fmt.Sprintf("limits=%t", limits), func(b *testing.B) {
			now := time.Now()
			svc, _ := benchService(b, func(cfg *reset.Config) {
				cfg.Queue.Dispatch = func(context.Context, reset.Job) error {
					return nil
				}
				if limits {
					cfg.Limits = reset.Limits{}
					cfg.Now = func() time.Time {
						now = now.Add(time.Minute)
						return now
					}
				}
			})

			in := reset.RequestInput{
				Email:  "ana@example.com",
				Client: netip.MustParseAddr("2001:db8::1"),
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := svc.Request(b.Context(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The worker's part of a request, without a mail server.
func BenchmarkProcess(b *testing.B) {
	svc, _ := benchService(
		b, func(cfg *reset.Config) { cfg.Queue.Synchronous = true },
	)
	job := svc.Sign(reset.Job{
		ID:          "x",
		Kind:        mail.KindReset,
		Email:       "ana@example.com",
		RequestedAt: time.Now(),
	})
	b.ReportAllocs()
	for b.Loop() {
		if err := svc.Process(b.Context(), job); err != nil {
			b.Fatal(err)
		}
	}
}

// Everything in a confirmation but the derivation, in percent of a derivation
// of the default cost, all measured in this run.
func BenchmarkConfirmBesideTheHash(b *testing.B) {
	svc, store := benchService(
		b, func(cfg *reset.Config) { cfg.Mail.SkipNotice = true },
	)
	full, err := hash.New(hash.Config{})
	require.NoError(b, err)
	// The least of many: a machine that does other things can only add.
	least := func(n int, step func()) time.Duration {
		best := time.Hour
		for range n {
			start := time.Now()
			step()
			best = min(best, time.Since(start))
		}
		return best
	}

	cheap := least(
		500, func() { _, _ = cheapHasher().Hash(b.Context(), newPassword) },
	)
	derivation := least(
		10, func() { _, _ = full.Hash(b.Context(), newPassword) },
	)
	confirm := time.Hour

	for b.Loop() {
		require.NoError(b, store.Update(
			"7", func(user *reset.User) { user.PasswordHash = oldHash },
		))
		link, err := svc.Link(b.Context(), "7", reset.LinkOptions{})
		require.NoError(b, err)
		start := time.Now()
		err = svc.Confirm(
			b.Context(),
			reset.ConfirmInput{Token: rawOf(link), Password: newPassword},
		)
		confirm = min(confirm, time.Since(start))
		require.NoError(b, err)
	}

	percent := 100 * float64(confirm-cheap) / float64(derivation)
	b.ReportMetric(percent, "%beside")
	if percent > 5 {
		b.Fatalf(
			"a confirmation spends %v beside a derivation of %v: %.1f %%, at "+
				"most 5 wanted",
			confirm-cheap, derivation, percent,
		)
	}
}
