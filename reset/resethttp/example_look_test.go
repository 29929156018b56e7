package resethttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/reset/resethttp"
	"github.com/lostkey-go/lostkey/token"
)

// One look and one language for mails and pages. Each takes the Brand and the
// Locale for itself. Product and support address are said once, in reset.Mail.
func Example_brand() {
	ctx, brand := context.Background(), mail.Brand{Accent: "#8a3d0f"}
	templates, err := mail.NewTemplates(mail.TemplatesConfig{
		Brand: brand, Locale: "pt-BR",
	})
	if err != nil {
		panic(err)
	}
	keys, err := token.GenerateKeys("k1") // token.ParseKeys in a program
	if err != nil {
		panic(err)
	}

	users, outbox := memstore.New(), &mailtest.Recorder{}
	_ = users.Add(reset.User{
		ID: "1", Email: "ana@example.com", PasswordHash: "$2b$10$...",
	})
	svc, err := reset.New(reset.Config{
		Site:     "https://aurora.example",
		From:     "Padaria Aurora <no-reply@aurora.example>",
		Keys:     keys,
		Store:    users,
		Mailer:   outbox,
		Sessions: reset.EndSessionsInStore(),
		Hasher:   hash.NewInsecureForTests(), // the login's in a program
		Mail: reset.Mail{
			Product:  "Padaria Aurora",
			Support:  "ajuda@aurora.example",
			Renderer: templates,
		},
	})
	if err != nil {
		panic(err)
	}
	defer func() { _ = svc.Shutdown(ctx) }()

	pages, err := resethttp.New(svc, resethttp.Config{
		Brand: brand, Locale: "pt-BR",
	})
	if err != nil {
		panic(err)
	}
	w := httptest.NewRecorder()
	pages.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/forgot-password", nil))
	_ = svc.Request(ctx, reset.RequestInput{Email: "ana@example.com"})
	mails, err := outbox.Wait(ctx, 1)
	if err != nil {
		panic(err)
	}
	fmt.Println(mails[0].Subject)
	for _, want := range []string{`lang="pt-BR"`, "#8a3d0f"} {
		fmt.Println(strings.Contains(w.Body.String(), want),
			strings.Contains(mails[0].HTML, want))
	}
	// Output:
	// Redefina a senha da sua conta Padaria Aurora
	// true true
	// true true
}

// A site in one language, whatever its visitors' browsers ask for. The mails
// that they cause follow, up to accounts with a User.Locale.
func Example_oneLanguage() {
	svc := exampleService()
	defer func() { _ = svc.Shutdown(context.Background()) }()
	pages, err := resethttp.New(svc, resethttp.Config{})
	if err != nil {
		panic(err)
	}

	inPortuguese := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Set("Accept-Language", "pt-BR")
			next.ServeHTTP(w, r)
		})
	}
	mux := http.NewServeMux()
	mux.Handle("/forgot-password", inPortuguese(pages))
	mux.Handle("/reset-password", inPortuguese(pages))
	mux.Handle("/reset-password/", inPortuguese(pages))

	r := httptest.NewRequest(http.MethodGet, "/forgot-password", nil)
	r.Header.Set("Accept-Language", "de")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	fmt.Println(strings.Contains(w.Body.String(), `lang="pt-BR"`))
	// Output: true
}
