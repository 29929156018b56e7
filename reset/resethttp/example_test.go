package resethttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
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
	keys, err := token.GenerateKeys("k1")
	if err != nil {
		panic(err)
	}

	svc, err := reset.New(reset.Config{
		Site:     "https://app.example",
		From:     "no-reply@app.example",
		Keys:     keys,
		Store:    memstore.New(),
		Mailer:   &mailtest.Recorder{},
		Sessions: reset.EndSessionsInStore(),
		Pages:    reset.Pages{Login: "/login"},
		Hasher:   hash.NewInsecureForTests(),
		Events:   reset.SinkFunc(func(context.Context, reset.Event) {}),
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
	mux.Handle("/reset-password/", pages) // the mailed link, however it arrives

	form := url.Values{"email": {"somebody@example.com"}}
	r := httptest.NewRequest(http.MethodPost, "/forgot-password",
		strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("Location"))
	// Output: 303 /forgot-password?sent
}

func ExampleNewAPI() {
	svc := exampleService()
	defer func() { _ = svc.Shutdown(context.Background()) }()
	api, err := resethttp.NewAPI(svc, resethttp.APIConfig{
		Origins: []string{"https://front.example"},
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/api/", api)

	r := httptest.NewRequest(http.MethodPost, "/api/reset-password",
		strings.NewReader(`{"token":"old","password":"seven green rivers sing"}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", "https://front.example")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)

	var problem struct{ Code resethttp.Code }
	if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil {
		panic(err)
	}
	fmt.Println(w.Code, problem.Code == resethttp.CodeLinkRejected)
	fmt.Println(w.Header().Get("Access-Control-Allow-Origin"))
	// Output:
	// 400 true
	// https://front.example
}

// A CAPTCHA of captcha.example on the built-in page.
func ExampleConfig_guardRequest() {
	svc := exampleService()
	defer func() { _ = svc.Shutdown(context.Background()) }()

	// In earnest, this asks the service whether a person got this answer.
	solved := func(_ context.Context, answer string) bool {
		return answer == "right"
	}
	pages, err := resethttp.New(svc, resethttp.Config{
		GuardRequest: func(r *http.Request) error {
			if !solved(r.Context(), r.PostFormValue("captcha-answer")) {
				return errors.New("no solved CAPTCHA")
			}
			return nil
		},
		Sources: resethttp.ContentSources{
			Script: []string{"https://captcha.example"},
			Frame:  []string{"https://captcha.example"},
		},
	})
	if err != nil {
		panic(err)
	}

	for _, answer := range []string{"wrong", "right"} {
		form := url.Values{
			"email": {"somebody@example.com"}, "captcha-answer": {answer},
		}
		r := httptest.NewRequest(
			http.MethodPost, "/forgot-password", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, r)
		fmt.Println(answer, w.Code)
	}
	// Output:
	// wrong 403
	// right 303
}

func ExampleClientBehind() {
	client := resethttp.ClientBehind(netip.MustParsePrefix("10.0.0.0/8"))

	r := httptest.NewRequest(http.MethodPost, "/forgot-password", nil)
	r.RemoteAddr = "10.0.0.7:40122"
	r.Header.Set("X-Forwarded-For", "192.0.2.66, 203.0.113.9")
	fmt.Println(client(r))
	// Output: 203.0.113.9
}

func ExampleChangePassword() {
	mux := http.NewServeMux()
	mux.Handle("/.well-known/change-password",
		resethttp.ChangePassword("/account/password"))

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(
		http.MethodGet, "/.well-known/change-password", nil))
	fmt.Println(w.Code, w.Header().Get("Location"))
	// Output: 303 /account/password
}
