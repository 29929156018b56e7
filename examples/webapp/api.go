package main

import (
	"log/slog"
	"net/http"

	"github.com/lostkey-go/lostkey/examples/spa"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

// newAPI returns the JSON API of the resets below /api, and below /spa a front
// end that uses it.
func newAPI(svc *reset.Service, log *slog.Logger) (http.Handler, error) {
	api, err := resethttp.NewAPI(svc, resethttp.APIConfig{Logger: log})
	if err != nil {
		return nil, err
	}
	front, err := spa.New("/api")
	if err != nil {
		return nil, err
	}

	mux := http.NewServeMux()
	mux.Handle("/api/", api)
	mux.Handle("/spa/", http.StripPrefix("/spa/", front))
	return mux, nil
}
