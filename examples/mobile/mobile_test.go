package mobile_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/internal/chromium"
	"github.com/lostkey-go/lostkey/examples/mobile"
	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/reset/resethttp"
	"github.com/lostkey-go/lostkey/token"
)

const newPassword = "seven green rivers sing"

var (
	print32 = strings.TrimSuffix(strings.Repeat("A1:", 32), ":")
	apps    = mobile.Config{
		Apple: []string{"ABCDE12345.com.example.app"},
		Android: []mobile.AndroidApp{
			{Package: "com.example.app", SHA256: []string{print32}},
		},
	}
)

// start serves pages, API and association files at a path of the site, and
// returns the site's URL and a live link.
func start(path string) (server *httptest.Server, link string, stop func()) {
	mux := http.NewServeMux()
	server = httptest.NewServer(mux)
	hasher, store := hash.NewInsecureForTests(), memstore.New()
	encoded, err := hasher.Hash(context.Background(), "the old password")
	if err != nil {
		panic(err)
	}
	ring, err := token.GenerateKeys("2026-11")
	if err != nil {
		panic(err)
	}
	if err := store.Add(reset.User{
		ID: "7", Email: "ana@example.com", PasswordHash: encoded,
	}); err != nil {
		panic(err)
	}

	svc, err := reset.New(reset.Config{
		Site: server.URL + path, From: "no-reply@app.example", Keys: ring,
		Store: store, Mailer: &mailtest.Recorder{}, Hasher: hasher,
		Sessions: reset.EndSessionsInStore(),
	})
	if err != nil {
		panic(err)
	}
	mount(mux, svc, path)
	made, err := svc.Link(context.Background(), "7", reset.LinkOptions{})
	if err != nil {
		panic(err)
	}
	return server, made.Reveal(), func() {
		server.Close()
		_ = svc.Shutdown(context.Background())
	}
}

func mount(mux *http.ServeMux, svc *reset.Service, path string) {
	pages, err := resethttp.New(svc, resethttp.Config{})
	if err != nil {
		panic(err)
	}
	api, err := resethttp.NewAPI(svc, resethttp.APIConfig{Prefix: "/api"})
	if err != nil {
		panic(err)
	}
	links, err := mobile.New(svc, apps)
	if err != nil {
		panic(err)
	}
	mux.Handle(path+"/reset-password", pages)
	mux.Handle(path+"/reset-password/", pages)
	mux.Handle(path+"/api/reset-password", api)
	mux.Handle("/.well-known/", links)
}

// What the two systems fetch, and what the application does with the link that
// it is handed.
func Example() {
	server, link, stop := start("")
	defer stop()
	for _, name := range []string{"apple-app-site-association", "assetlinks.json"} {
		res, err := http.Get(server.URL + "/.well-known/" + name)
		if err != nil {
			panic(err)
		}
		text, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		fmt.Println(res.StatusCode, res.Header.Get("Content-Type"))
		fmt.Println(strings.NewReplacer(
			print32, "…", `,"`, ",\n\"", `:[{`, ":\n[{", `,{`, ",\n{",
		).Replace(string(text)))
	}

	opened, err := url.Parse(link) // webpageURL, or intent.data
	if err != nil {
		panic(err)
	}
	raw, _ := strings.CutPrefix(opened.Fragment, "token=")
	body, _ := json.Marshal(map[string]string{
		"token": raw, "password": newPassword,
	})
	for range 2 {
		res, err := http.Post(server.URL+"/api/reset-password",
			"application/json", strings.NewReader(string(body)))
		if err != nil {
			panic(err)
		}
		_ = res.Body.Close()
		fmt.Println(res.StatusCode)
	}
	// Output:
	// 200 application/json
	// {"applinks":{"details":
	// [{"appIDs":["ABCDE12345.com.example.app"],
	// "components":
	// [{"/":"/reset-password"},
	// {"/":"/reset-password/*"}]}]}}
	// 200 application/json
	// [{"relation":["delegate_permission/common.handle_all_urls"],
	// "target":{"namespace":"android_app",
	// "package_name":"com.example.app",
	// "sha256_cert_fingerprints":["…"]}}]
	// 204
	// 400
}

func TestAssociationFilesAreAtTheRootAndNeverRedirect(t *testing.T) {
	t.Parallel()
	server, link, stop := start("/account")
	defer stop()
	require.Contains(t, link, "/account/reset-password/#token=")
	client := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}

	for name, want := range map[string]string{
		"apple-app-site-association": `{"/":"/account/reset-password/*"}`,
		"assetlinks.json":            "com.example.app",
	} {
		for method, status := range map[string]int{
			"GET": 200, "HEAD": 200, "POST": 405,
		} {
			req, err := http.NewRequestWithContext(t.Context(), method,
				server.URL+"/.well-known/"+name, nil)
			require.NoError(t, err)
			res, err := client.Do(req)
			require.NoError(t, err)
			text, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, status, res.StatusCode, method+" "+name)
			if method == "GET" {
				require.Contains(t, string(text), want)
				require.Equal(t, "application/json",
					res.Header.Get("Content-Type"))
			}
		}
	}
}

func TestNewRefusesApplicationsThatNoSystemWouldMatch(t *testing.T) {
	t.Parallel()
	android := func(name string, sums ...string) mobile.Config {
		return mobile.Config{Android: []mobile.AndroidApp{
			{Package: name, SHA256: sums},
		}}
	}
	for _, cfg := range []mobile.Config{
		{},
		{Apple: []string{""}},
		{Apple: []string{"com.example.app"}},
		{Apple: []string{"ABCDE12345.*"}},
		android("com.example.app"), android("app", print32),
		android("com.example.app", strings.ToLower(print32)),
		android("com.example.app", print32[3:]),
		android("com.example.app", strings.ReplaceAll(print32, ":", "")),
	} {
		_, err := mobile.New(nil, cfg)
		require.ErrorContains(t, err, "mobile: ")
	}
}

// Without the application the same link goes on in the phone's browser.
func TestLinkGoesOnInTheBrowserWithoutTheApplication(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(chromium.New(t), 2*time.Minute)
	defer cancel()
	_, link, stop := start("")
	defer stop()

	const password = "#password"
	require.NoError(t, chromedp.Do(ctx,
		chromedp.EmulateViewport(360, 740,
			chromedp.EmulateMobile, chromedp.EmulateTouch),
		chromedp.Navigate(link),
		chromedp.SendKeys(chromedp.CSS(password), newPassword),
	))
	done, err := chromedp.RunResponse(ctx,
		chromedp.Click(chromedp.CSS("form .button")))
	require.NoError(t, err)
	require.EqualValues(t, http.StatusOK, done.Status)
	require.True(t, strings.HasSuffix(done.URL, "/reset-password?done"))
}
