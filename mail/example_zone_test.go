package mail_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/lostkey-go/lostkey/mail"
)

// inZone is a Renderer whose mails have times of another zone than UTC.
type inZone struct {
	mail.Renderer

	zone *time.Location
}

func (r inZone) Render(data mail.Data) (mail.Message, error) {
	data.At, data.ExpiresAt = data.At.In(r.zone), data.ExpiresAt.In(r.zone)
	return r.Renderer.Render(data)
}

// Mails in the time of the application's users. The Renderer goes into the
// field of reset.Mail.
func ExampleRenderer() {
	templates, err := mail.NewTemplates(mail.TemplatesConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	// time.LoadLocation("America/Sao_Paulo") in a program
	renderer := inZone{templates, time.FixedZone("BRT", -3*60*60)}

	data := mail.SampleData(mail.KindReset, "en")
	data.At = time.Date(2026, time.November, 21, 23, 50, 0, 0, time.UTC)
	data.ExpiresAt = data.At.Add(time.Hour)
	msg, err := renderer.Render(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	first, _, _ := strings.Cut(msg.Text, "(")
	fmt.Println(first)
	// Output: On 21 November 2026 at 20:50 UTC-03:00
}
