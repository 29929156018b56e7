package mail_test

import (
	"bytes"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/stretchr/testify/require"
)

// underRace reports whether the race detector is in the program. It allocates
// for itself and takes time.
func underRace() bool {
	info, _ := debug.ReadBuildInfo()
	race := debug.BuildSetting{Key: "-race", Value: "true"}
	return info != nil && slices.Contains(info.Settings, race)
}

func TestRenderingStaysWithinItsAllocations(t *testing.T) {
	if underRace() {
		t.Skip("counts allocations")
	}
	templates := builtin(t)

	for _, locale := range templates.Locales() {
		for _, kind := range mail.BuiltInKinds() {
			data := mail.SampleData(kind, locale)
			count := func() float64 {
				return testing.AllocsPerRun(20, func() {
					_, _ = templates.Render(data)
				})
			}
			// A second link and the date of its end cost some more.
			if data.DisputeLink != "" {
				require.LessOrEqual(t, count(), 255.0, "%s %s", locale, kind)
				data.DisputeLink = ""
			}
			require.LessOrEqual(t, count(), 210.0, "%s %s", locale, kind)
		}
	}
}

// The cost beyond the two templates themselves is checks, dates, the subject
// and one string.
func TestRenderingCostsAtMostHalfMoreThanTheBareTemplates(t *testing.T) {
	if testing.Short() || underRace() {
		t.Skip("measures time")
	}
	templates := builtin(t)
	data := mail.SampleData(mail.KindReset, "en")
	text, html := templates.Bare(data)

	var buf bytes.Buffer
	executeBare := func() {
		buf.Reset()
		_, _ = text(&buf), html(&buf)
	}
	render := func() { _, _ = templates.Render(data) }

	// Other programs on the machine only ever add time, so the shortest of many
	// short rounds is what the work itself costs. The two take turns, so that
	// both see the same quiet moments.
	const rounds, calls = 200, 20
	bare, full := time.Hour, time.Hour
	for range rounds {
		bare = min(bare, timed(calls, executeBare))
		full = min(full, timed(calls, render))
	}

	t.Logf("bare %v, Render %v", bare/calls, full/calls)
	require.LessOrEqual(t, float64(full)/float64(bare), 1.5)
}

// timed returns how long so many calls take.
func timed(calls int, work func()) time.Duration {
	start := time.Now()
	for range calls {
		work()
	}
	return time.Since(start)
}

func BenchmarkRender(b *testing.B) {
	templates := builtin(b)
	data := mail.SampleData(mail.KindReset, "en")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := templates.Render(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	content, err := builtin(b).Render(mail.SampleData(mail.KindReset, "en"))
	require.NoError(b, err)
	msg := plainMessage(func(m *mail.Message) {
		m.Text, m.HTML = content.Text, content.HTML
	})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mail.Encode(msg); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValidateAddress(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = mail.ValidateAddress("first.last+tag@mail.example.com")
	}
}
