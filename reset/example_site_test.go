package reset_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

// postForgot asks for a link as a browser does that was led to a host.
func postForgot(handler http.Handler, host, email string) int {
	form := url.Values{"email": {email}}.Encode()
	r := httptest.NewRequest(
		http.MethodPost, "https://"+host+"/forgot-password",
		strings.NewReader(form),
	)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w.Code
}

// Two tenants in one program, each with users of its own. The program routes
// the hosts that are in its configuration, and what comes for another finds
// nothing. Nothing that a request says reaches a mail.
func ExampleService_For() {
	ctx := context.Background()
	svc, _, outbox := exampleService(nil)
	mux := http.NewServeMux()

	for _, name := range []string{"north", "south"} {
		users, host := memstore.New(), name+".example"
		_ = users.Add(reset.User{
			ID: "1", Email: "ana@example.com", PasswordHash: "$2b$10$...",
		})

		tenant, err := svc.For(reset.Site{
			Name:     name,
			URL:      "https://" + host,
			From:     "no-reply@" + host,
			Store:    users,
			Sessions: reset.EndSessionsInStore(),
			Mail:     reset.Mail{Product: strings.ToTitle(name)},
		})
		if err != nil {
			panic(err)
		}

		pages, err := resethttp.New(tenant, resethttp.Config{})
		if err != nil {
			panic(err)
		}
		mux.Handle(host+"/forgot-password", pages)
		mux.Handle(host+"/reset-password", pages)
		mux.Handle(host+"/reset-password/", pages)
	}

	for i, host := range []string{"north.example", "south.example"} {
		fmt.Println(host, postForgot(mux, host, "ana@example.com"))
		mails, _ := outbox.Wait(ctx, i+1)
		link, _, _ := strings.Cut(mailtest.Link(mails[i]), "#")
		fmt.Println(mails[i].Subject, link)
	}
	fmt.Println(
		"evil.example", postForgot(mux, "evil.example", "ana@example.com"),
	)

	// One Shutdown for all.
	_ = svc.Shutdown(ctx)
	// Output:
	// north.example 303
	// Reset your NORTH password https://north.example/reset-password/
	// south.example 303
	// Reset your SOUTH password https://south.example/reset-password/
	// evil.example 404
}
