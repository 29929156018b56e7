package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// browser is one without a screen. It keeps cookies and follows no
// redirect.
type browser struct {
	t    *testing.T
	base string
	*http.Client
}

func newBrowser(t *testing.T, base string) browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return browser{t, base, &http.Client{
		Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}
}

// answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) location() string { return a.header.Get("Location") }

func (b browser) do(r *http.Request) answer {
	b.t.Helper()
	r.RequestURI = "" // httptest fills it in, and a client must not
	res, err := b.Do(r)
	if !assert.NoError(b.t, err) {
		return answer{}
	}
	defer res.Body.Close() //nolint:errcheck // the body has been read

	body, err := io.ReadAll(res.Body)
	assert.NoError(b.t, err)
	return answer{res.StatusCode, res.Header, string(body)}
}

func (b browser) newRequest(method, path string, body io.Reader) *http.Request {
	b.t.Helper()
	r := httptest.NewRequestWithContext(
		b.t.Context(), method, b.base+path, body,
	)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

func (b browser) get(path string) answer {
	b.t.Helper()
	return b.do(b.newRequest(http.MethodGet, path, nil))
}

// newPost is a form of names and values.
func (b browser) newPost(path string, pairs ...string) *http.Request {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.newRequest(
		http.MethodPost, path, strings.NewReader(form.Encode()),
	)
}

// post sends a form of names and values as a page of the site does.
func (b browser) post(path string, pairs ...string) answer {
	b.t.Helper()
	r := b.newPost(path, pairs...)
	r.Header.Set("Origin", b.base)
	return b.do(r)
}

func (b browser) register(email, password string) {
	b.t.Helper()
	res := b.post("/register", "email", email, "password", password)
	require.Equal(b.t, http.StatusSeeOther, res.status)
	require.Equal(b.t, http.StatusOK, b.get("/account").status)
}

func (b browser) login(email, password string) answer {
	b.t.Helper()
	return b.post("/login", "email", email, "password", password)
}

// forgot asks for a link, and returns the status.
func (b browser) forgot(email string) int {
	b.t.Helper()
	return b.post("/forgot-password", "email", email).status
}

// confirm sets a new password with a link, and returns the status.
func (b browser) confirm(raw, password string) int {
	b.t.Helper()
	return b.post("/reset-password", "token", raw, "password", password).status
}

func (b browser) signedIn() bool {
	b.t.Helper()
	return b.get("/account").status == http.StatusOK
}
