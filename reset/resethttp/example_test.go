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
	"testing/fstest"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
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

	var problem struct{ Code string }
	if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil {
		panic(err)
	}
	fmt.Println(w.Code, problem.Code)
	fmt.Println(w.Header().Get("Access-Control-Allow-Origin"))
	// Output:
	// 400 link-rejected
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

// Sites share the files and the languages of their pages, which are parsed
// once, and each has its own look.
func ExampleNewTemplates() {
	svc := exampleService()
	defer func() { _ = svc.Shutdown(context.Background()) }()
	templates, err := resethttp.NewTemplates(nil, "") // the built-in ones
	if err != nil {
		panic(err)
	}

	for name, brand := range map[string]mail.Brand{
		"north": {Accent: "#0a7d33"}, "south": {Logo: "/logo.png"},
	} {
		host := name + ".example"
		tenant, err := svc.For(reset.Site{
			Name: name, URL: "https://" + host, From: "no-reply@" + host,
		})
		if err != nil {
			panic(err)
		}
		_, err = resethttp.New(tenant, resethttp.Config{
			Templates: templates, Brand: brand,
		})
		fmt.Println(name, err)
	}
	// Unordered output:
	// north <nil>
	// south resethttp: Config.Brand: mail: Brand.LogoWidth is 0, want 1 to 280
}

// The address of a link in the query, in an access log.
func ExampleRedactTokens() {
	svc := exampleService()
	defer func() { _ = svc.Shutdown(context.Background()) }()
	pages, err := resethttp.New(svc, resethttp.Config{})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/reset-password", pages)
	mux.Handle("/reset-password/", pages)

	accessLog := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Println(r.Method, r.RequestURI)
			next.ServeHTTP(w, r)
		})
	}
	handler := resethttp.RedactTokens(svc)(accessLog(mux))

	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(
		http.MethodGet, "/reset-password?token=of-a-link", nil))
	// Output: GET /reset-password/?redacted
}

func ExampleRedactURL() {
	fmt.Println(resethttp.RedactURL(
		"GET /verify-email?token=of-a-link&lang=pt HTTP/2"))
	// Output: GET /verify-email?token=redacted&lang=pt HTTP/2
}

// A language, a block and a style rule of the application's own. What the file
// of the language leaves out is in English. In earnest, the files are in an
// embed.FS.
func ExampleConfig_files() {
	svc := exampleService()
	defer func() { _ = svc.Shutdown(context.Background()) }()

	pages, err := resethttp.New(svc, resethttp.Config{
		Files: fstest.MapFS{
			"locales/it.json": {Data: []byte(
				`{"page.forgot.title": "Password dimenticata?"}`)},
			"pages/frame.html": {Data: []byte(
				`{{define "foot"}}<p>Example Ltd, {{.Product}}</p>{{end}}`)},
			"assets/style.css": {Data: []byte(
				resethttp.StyleSheet() + ".lead { font-style: italic }")},
		},
	})
	if err != nil {
		panic(err)
	}

	r := httptest.NewRequest(http.MethodGet, "/forgot-password", nil)
	r.Header.Set("Accept-Language", "it-IT, it;q=0.9")
	w := httptest.NewRecorder()
	pages.ServeHTTP(w, r)
	fmt.Println(w.Header().Get("Content-Language"))
	for _, own := range []string{
		"Password dimenticata?", "<p>Example Ltd, app.example</p>",
		".lead { font-style: italic }",
	} {
		fmt.Println(strings.Contains(w.Body.String(), own))
	}
	// Output:
	// it
	// true
	// true
	// true
}

func ExampleClientBehind() {
	client := resethttp.ClientBehind(netip.MustParsePrefix("10.0.0.0/8"))

	r := httptest.NewRequest(http.MethodPost, "/forgot-password", nil)
	r.RemoteAddr = "10.0.0.7:40122"
	r.Header.Set("X-Forwarded-For", "192.0.2.66, 203.0.113.9")
	fmt.Println(client(r))
	// Output: 203.0.113.9
}

func ExampleChangePasswordRedirect() {
	mux := http.NewServeMux()
	mux.Handle("/.well-known/change-password",
		resethttp.ChangePasswordRedirect("/account/password"))

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(
		http.MethodGet, "/.well-known/change-password", nil))
	fmt.Println(w.Code, w.Header().Get("Location"))
	// Output: 303 /account/password
}

// The page of a purpose of the application's own. Its script sends what stands
// behind the '#', as
//
//	form.token.value = location.hash;
//	history.replaceState(null, "", location.pathname);
//
// do, and without scripts its visitors paste the link.
func ExampleFindToken() {
	const signed = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoidmVyaWZ5LWVtYW" +
		"lsK2p3dCJ9.e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	page := func(w http.ResponseWriter, r *http.Request) {
		raw := resethttp.FindToken(r.PostFormValue("token"))
		// svc.Redeem(ctx, verifyEmail, reset.RedeemInput{Token: raw}, …)
		_, _ = fmt.Fprintln(w, raw == signed)
	}

	for _, sent := range []string{
		"#token=" + signed,
		"<https://app.example/verify-email/#token=" + signed + ">",
		"https://eur02.safelinks.protection.outlook.com/?url=https%3A%2F%2F" +
			"app.example%2Fverify-email%2F%23token%3D" + signed + "&data=05",
	} {
		form := url.Values{"token": {sent}}.Encode()
		r := httptest.NewRequest(http.MethodPost, "/verify-email",
			strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		page(w, r)
		fmt.Print(w.Body)
	}
	// Output:
	// true
	// true
	// true
}
