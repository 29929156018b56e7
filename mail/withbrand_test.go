package mail_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/stretchr/testify/require"
)

func TestAnotherBrandGivesWhatTemplatesOfItsOwnGive(t *testing.T) {
	t.Parallel()
	shared := builtin(t)
	for _, brand := range []mail.Brand{
		{},
		{
			Wordmark: "Acme <Cloud>", Accent: "#0a7d33", AccentDark: "#7fd6a0",
			Radius: 3, Font: "Georgia, 'Times New Roman', serif",
		},
		{Logo: "/l.png", LogoWidth: 120, LogoHeight: 40, Font: "Georgia"},
	} {
		own, err := mail.NewTemplates(mail.TemplatesConfig{Brand: brand})
		require.NoError(t, err)
		other, err := shared.WithBrand(brand)
		require.NoError(t, err)
		again, err := other.WithBrand(mail.Brand{})
		require.NoError(t, err)

		for _, kind := range mail.BuiltInKinds() {
			data := mail.SampleData(kind, "de")
			want, err := own.Render(data)
			require.NoError(t, err)
			got, err := other.Render(data)
			require.NoError(t, err)
			require.True(t, want.HTML == got.HTML && want.Text == got.Text)
			require.NotContains(t, got.HTML, "\x1a")

			plain, err := shared.Render(data)
			require.NoError(t, err)
			back, err := again.Render(data)
			require.NoError(t, err)
			require.True(t, plain.HTML == back.HTML)
		}
	}
}

func TestAnotherBrandIsJudgedAsTheFirst(t *testing.T) {
	t.Parallel()
	_, err := builtin(t).WithBrand(mail.Brand{Accent: "#ffcc00"})
	require.ErrorContains(t, err, "mail: Brand.Accent is #ffcc00")

	// What only a brand with a logo makes a template do.
	templates, err := mail.NewTemplates(mail.TemplatesConfig{Files: fstest.MapFS{
		"mails/blocks.html": {
			Data: []byte(`{{define "brand"}}{{if .Logo}}{{.Nope}}{{end}}{{end}}`),
		},
	}})
	require.NoError(t, err)
	_, err = templates.WithBrand(
		mail.Brand{Logo: "/l.png", LogoWidth: 1, LogoHeight: 1},
	)
	require.ErrorContains(t, err, "Nope")
}

// A value that can have single quotes would end such an attribute, and what
// comes behind it would be an attribute of its own.
func TestAFontStandsOnlyWhereItsQuotesEndNothing(t *testing.T) {
	t.Parallel()
	for source, good := range map[string]bool{
		`<i style="font-family:{{font}}">x</i>`:                      true,
		`<i style='font-family:{{font}}'>x</i>`:                      false,
		`<i style='color:{{accent}};border-radius:{{radius}}'>x</i>`: true,
	} {
		_, err := mail.NewTemplates(mail.TemplatesConfig{Files: fstest.MapFS{
			"mails/blocks.html": {
				Data: []byte(`{{define "brand"}}` + source + `{{end}}`),
			},
		}})
		require.Equal(t, good, err == nil, "%s: %v", source, err)
	}
}

// It runs beside no other test, since they share the heap.
func TestAThousandBrandsTakeLittleAndNothingOfOneIsInAnother(t *testing.T) { //nolint:paralleltest // it measures the heap
	const count, most = 1000, 4 << 10
	shared := builtin(t)
	all := make([]*mail.Templates, count)
	accent := func(i int) string { return fmt.Sprintf("#00%04x", i) }

	before := heap()
	for i := range all {
		var err error
		all[i], err = shared.WithBrand(mail.Brand{
			Wordmark: fmt.Sprintf("Tenant %04d", i), Accent: accent(i),
		})
		require.NoError(t, err)
	}
	each := (int64(heap()) - int64(before)) / count
	t.Logf("%d bytes each", each)
	require.Less(t, each, int64(most))

	var wg sync.WaitGroup
	wrong := make([]string, count)
	for i, templates := range all {
		wg.Go(func() {
			msg, err := templates.Render(mail.SampleData(mail.KindReset, "en"))
			html := msg.HTML
			own := fmt.Sprintf("Tenant %04d", i)
			if err != nil || !strings.Contains(html, accent(i)) ||
				strings.Count(html, "Tenant ") != strings.Count(html, own) ||
				strings.Count(html, "#00") != strings.Count(html, accent(i)) {
				wrong[i] = fmt.Sprint(err, html)
			}
		})
	}
	wg.Wait()
	require.Empty(t, strings.Join(wrong, ""))
}

func heap() uint64 {
	runtime.GC()
	runtime.GC() // what the first has put aside.
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
