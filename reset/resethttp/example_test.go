package resethttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/reset/resethttp"
	"github.com/lostkey-go/lostkey/token"
)

// exampleService is a service with an empty store.
func exampleService() *reset.Service {
	key, err := token.GenerateKey("k1")
	if err != nil {
		panic(err)
	}
	keys, err := token.NewKeys(key)
	if err != nil {
		panic(err)
	}
	svc, err := reset.New(reset.Config{
		Site: "https://app.example", From: "no-reply@app.example", Keys: keys, Store: memstore.New(), Mailer: &mailtest.Recorder{},
		Pages: reset.Pages{Login: "/login"}, Sessions: reset.EndSessionsInStore(), Hasher: hash.NewInsecureForTests(),
		Events: reset.SinkFunc(func(context.Context, reset.Event) {}),
	})
	if err != nil {
		panic(err)
	}
	return svc
}

func ExampleNew() {
	svc := exampleService()
	defer func() { _ = svc.Shutdown(context.Background()) }()
	pages, err := resethttp.New(svc, resethttp.Config{})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/forgot-password", pages)
	mux.Handle("/reset-password", pages)

	r := httptest.NewRequest(http.MethodPost, "/forgot-password", strings.NewReader(url.Values{"email": {"somebody@example.com"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("Location"))
	// Output: 303 /forgot-password?sent
}

func ExampleNewAPI() {
	svc := exampleService()
	defer func() { _ = svc.Shutdown(context.Background()) }()
	api, err := resethttp.NewAPI(svc, resethttp.APIConfig{Prefix: "/api"})
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/api/reset-password", strings.NewReader(`{"token":"old","password":"seven green rivers sing"}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	// Output: 400 application/problem+json
}
