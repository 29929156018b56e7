// Package openapi compares the JSON API of reset/resethttp with the OpenAPI
// document that it serves, both ways. A [Recorder] stands before the API and
// holds every answer against the document, with each member that the document
// does not name being a fault. The tests reach each answer that is documented.
package openapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// A Recorder serves an API and notes what it answers. It is safe for concurrent
// use.
type Recorder struct {
	api        http.Handler
	document   *openapi3.T
	router     routers.Router
	documented map[string]bool

	mu     sync.Mutex
	seen   map[string]bool
	faults []error
}

// NewRecorder returns a Recorder before an API whose document is at the path.
func NewRecorder(api http.Handler, path string) (*Recorder, error) {
	w := httptest.NewRecorder()
	api.ServeHTTP(w, httptest.NewRequestWithContext(
		context.Background(), http.MethodGet, path, nil))
	documented, err := documentedIn(w.Body.Bytes())
	if err != nil {
		return nil, err
	}
	strict, err := closed(w.Body.Bytes())
	if err != nil {
		return nil, err
	}

	document, err := openapi3.NewLoader().LoadFromData(strict)
	if err != nil {
		return nil, fmt.Errorf("load the document: %w", err)
	}
	if err := document.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("validate the document: %w", err)
	}
	// A test serves under another host than the one in the document.
	document.Servers = nil
	router, err := gorillamux.NewRouter(document)
	if err != nil {
		return nil, fmt.Errorf("find the routes of the document: %w", err)
	}
	return &Recorder{
		api: api, document: document, router: router,
		documented: documented, seen: map[string]bool{},
	}, nil
}

// Documented returns the documented answers, as "POST /path 400 malformed".
func (r *Recorder) Documented() map[string]bool { return r.documented }

// Seen returns the answers that were given until now, in the same form.
func (r *Recorder) Seen() map[string]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.seen)
}

// Err returns what was not as documented, or nil.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.faults...)
}

// ServeHTTP lets the API answer and compares the answer with the document.
func (r *Recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	got := httptest.NewRecorder()
	r.api.ServeHTTP(got, req)
	answer := name(req, got)
	err := r.compare(req, got)

	r.mu.Lock()
	r.seen[answer] = true
	if err != nil {
		r.faults = append(r.faults, fmt.Errorf("%s: %w", answer, err))
	}
	r.mu.Unlock()

	for key, values := range got.Header() {
		w.Header()[key] = values
	}
	w.WriteHeader(got.Code)
	_, _ = w.Write(got.Body.Bytes())
}

// compare returns how an answer differs from the document.
func (r *Recorder) compare(
	req *http.Request, got *httptest.ResponseRecorder,
) error {
	route, params, err := r.router.FindRoute(req)
	switch {
	case errors.Is(err, routers.ErrPathNotFound):
		return r.compareRest(got, http.StatusNotFound, "not-found")
	case errors.Is(err, routers.ErrMethodNotAllowed):
		if req.Method == http.MethodHead {
			return nil // It is GET without a body.
		}
		return r.compareRest(got, http.StatusMethodNotAllowed, "method")
	case err != nil:
		return err
	}

	if got.Header().Get("Content-Type") == "" && got.Body.Len() > 0 {
		return errors.New("a body without a type")
	}
	documented := route.Operation.Responses.Status(got.Code)
	if documented != nil && len(documented.Value.Content) == 0 &&
		got.Body.Len() > 0 {
		return errors.New("a body that is not documented")
	}
	return openapi3filter.ValidateResponse(req.Context(),
		&openapi3filter.ResponseValidationInput{
			RequestValidationInput: &openapi3filter.RequestValidationInput{
				Request: req, PathParams: params, Route: route,
			},
			Status:  got.Code,
			Header:  got.Header(),
			Body:    io.NopCloser(bytes.NewReader(got.Body.Bytes())),
			Options: &openapi3filter.Options{IncludeResponseStatus: true},
		})
}

// compareRest compares an answer that the document describes in words, of an
// address or a method that it does not list.
func (r *Recorder) compareRest(
	got *httptest.ResponseRecorder, status int, code string,
) error {
	if got.Code != status || codeOf(got) != code {
		return fmt.Errorf("want status %d with code %s", status, code)
	}
	var body any
	if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil {
		return err
	}
	return r.document.Components.Schemas["Problem"].Value.VisitJSON(
		body, openapi3.EnableJSONSchema2020())
}

// Takes reports whether the document allows a request.
func (r *Recorder) Takes(req *http.Request) bool {
	route, params, err := r.router.FindRoute(req)
	if err != nil {
		return false
	}
	return openapi3filter.ValidateRequest(req.Context(),
		&openapi3filter.RequestValidationInput{
			Request: req, PathParams: params, Route: route,
		}) == nil
}

func name(req *http.Request, got *httptest.ResponseRecorder) string {
	return strings.TrimSpace(fmt.Sprintf(
		"%s %s %d %s", req.Method, req.URL.Path, got.Code, codeOf(got)))
}

// codeOf returns the code of a problem, or "".
func codeOf(got *httptest.ResponseRecorder) string {
	if got.Header().Get("Content-Type") != "application/problem+json" {
		return ""
	}
	var problem struct{ Code string }
	_ = json.Unmarshal(got.Body.Bytes(), &problem)
	return problem.Code
}
