package links_test

import (
	"net"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/adaptor"
	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"
)

// A mount serves the pages under a router, the way its users would, until the
// test ends. redact is outside of everything.
type mount func(
	t *testing.T, listener net.Listener,
	pages http.Handler, redact func(http.Handler) http.Handler,
)

// A router is one way in which the pages are mounted.
type router struct {
	name  string
	mount mount
}

// routers is every way in which the pages are mounted.
var routers = []router{
	{"net/http", mountNetHTTP},
	{"chi", mountChi},
	{"gin", mountGin},
	{"echo", mountEcho},
	{"fiber", mountFiber},
}

// serve serves until the test ends.
func serve(t *testing.T, listener net.Listener, handler http.Handler) {
	t.Helper()
	server := &http.Server{Handler: handler} //nolint:gosec // it is for a test
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
}

func mountNetHTTP(
	t *testing.T, listener net.Listener,
	pages http.Handler, redact func(http.Handler) http.Handler,
) {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/forgot-password", pages)
	mux.Handle("/reset-password", pages)
	mux.Handle("/reset-password/", pages)
	serve(t, listener, redact(mux))
}

func mountChi(
	t *testing.T, listener net.Listener,
	pages http.Handler, redact func(http.Handler) http.Handler,
) {
	t.Helper()
	router := chi.NewRouter()
	router.Use(redact)
	router.Handle("/forgot-password", pages)
	router.Handle("/reset-password", pages)
	router.Handle("/reset-password/*", pages)
	serve(t, listener, router)
}

func mountGin(
	t *testing.T, listener net.Listener,
	pages http.Handler, redact func(http.Handler) http.Handler,
) {
	t.Helper()
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.Any("/forgot-password", gin.WrapH(pages))
	router.Any("/reset-password", gin.WrapH(pages))
	router.Any("/reset-password/*rest", gin.WrapH(pages))
	serve(t, listener, redact(router))
}

func mountEcho(
	t *testing.T, listener net.Listener,
	pages http.Handler, redact func(http.Handler) http.Handler,
) {
	t.Helper()
	router := echo.New()
	router.Any("/forgot-password", echo.WrapHandler(pages))
	router.Any("/reset-password", echo.WrapHandler(pages))
	router.Any("/reset-password/*", echo.WrapHandler(pages))
	serve(t, listener, redact(router))
}

// Fiber is not over net/http, so the middleware stands before the pages alone.
// The pattern also matches "/reset-password%23token=…".
func mountFiber(
	t *testing.T, listener net.Listener,
	pages http.Handler, redact func(http.Handler) http.Handler,
) {
	t.Helper()
	app := fiber.New()
	app.All("/forgot-password", adaptor.HTTPHandler(pages))
	app.All("/reset-password*", adaptor.HTTPHandler(redact(pages)))
	go func() {
		_ = app.Listener(listener,
			fiber.ListenConfig{DisableStartupMessage: true})
	}()
	t.Cleanup(func() { require.NoError(t, app.Shutdown()) })
}
