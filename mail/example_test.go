package mail_test

import (
	"context"
	"fmt"
	"strings"
	"testing/fstest"
	"time"

	"github.com/lostkey-go/lostkey/mail"
)

func ExampleNewTemplates() {
	templates, err := mail.NewTemplates(mail.TemplatesConfig{
		Brand: mail.Brand{Accent: "#0a7d33", Radius: 4},
		Files: fstest.MapFS{ // in a program: an embed.FS or os.DirFS
			"locales/es.json": {Data: []byte(
				`{"mail.reset.subject": "Tu nueva contraseña de {product}"}`,
			)},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	asked := time.Date(2026, time.November, 21, 2, 10, 0, 0, time.UTC)
	msg, err := templates.Render(mail.Data{
		Kind:      mail.KindReset,
		Locale:    "es-MX",
		Product:   "Acme",
		Site:      "https://acme.example",
		Link:      "https://acme.example/reset-password/#token=abc",
		At:        asked,
		ExpiresAt: asked.Add(time.Hour),
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	fmt.Println(msg.Locale, "|", msg.Subject)
	fmt.Println(strings.Split(msg.Text, "\n")[2])
	// Output:
	// es | Tu nueva contraseña de Acme
	// Para elegir una contraseña nueva, abre este enlace:
}

// Each tenant has its own look, and all of them share what was parsed.
func ExampleTemplates_WithBrand() {
	shared, err := mail.NewTemplates(mail.TemplatesConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}

	for _, brand := range []mail.Brand{
		{Wordmark: "North", Accent: "#0a7d33"},
		{Wordmark: "South", Accent: "#ffcc00"},
	} {
		templates, err := shared.WithBrand(brand)
		if err != nil {
			refusal, _, _ := strings.Cut(err.Error(), ", want")
			fmt.Println(refusal)
			continue
		}
		msg, err := templates.Render(mail.SampleData(mail.KindReset, "en"))
		fmt.Println(strings.Contains(msg.HTML, brand.Wordmark), err)
	}
	// Output:
	// true <nil>
	// mail: Brand.Accent is #ffcc00, which has a contrast of 1.51:1 with #ffffff
}

func ExampleMailer() {
	send := func(_ context.Context, msg mail.Message) error {
		if strings.HasSuffix(msg.To, ".invalid") {
			return &mail.SendError{
				Verdict: mail.VerdictPermanent,
				Err:     fmt.Errorf("no such domain"),
			}
		}
		fmt.Println("sent:", msg) // a Message prints without address and link
		return nil
	}
	var mailer mail.Mailer = mail.MailerFunc(send)

	msg := mail.Message{ID: "m1", Kind: mail.KindReset, Locale: "en"}
	msg.To = "ana@example.com"
	fmt.Println(mailer.Send(context.Background(), msg))
	msg.To = "ana@example.invalid"
	fmt.Println(mail.VerdictOf(mailer.Send(context.Background(), msg)))
	// Output:
	// sent: mail.Message{Kind: reset, Locale: en, ID: m1}
	// <nil>
	// permanent
}

func ExampleValidateAddress() {
	fmt.Println(mail.ValidateAddress("ana@example.com"))
	fmt.Println(mail.ValidateAddress("ana@example.com, eve@example.org"))
	// Output:
	// <nil>
	// mail: not a plain address
}

func ExampleEncode() {
	encoded, err := mail.Encode(mail.Message{
		ID: "m1", From: "Acme <no-reply@acme.example>", To: "ana@example.com",
		Subject: "Olá", Text: "Oi!\n",
		Date: time.Date(2026, time.November, 21, 2, 10, 0, 0, time.UTC),
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	for line := range strings.Lines(string(encoded)) {
		if name, _, _ := strings.Cut(line, ":"); name == "Subject" ||
			name == "Message-ID" {
			fmt.Println(strings.TrimSpace(line))
		}
	}
	// Output:
	// Subject: =?utf-8?q?Ol=C3=A1?=
	// Message-ID: <m1@acme.example>
}
