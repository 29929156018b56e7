package mail_test

import (
	"testing"

	"github.com/lostkey-go/lostkey/mail"
)

func BenchmarkRender(b *testing.B) {
	t, err := mail.NewTemplates(mail.TemplatesConfig{})
	if err != nil {
		b.Fatal(err)
	}
	data := mail.SampleData(mail.KindReset, "en")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := t.Render(data); err != nil {
			b.Fatal(err)
		}
	}
}
