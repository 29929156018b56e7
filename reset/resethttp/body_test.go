package resethttp_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset/resethttp"
)

// endless counts what is read of it.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func TestTenMegabyteBodiesAreRefusedWithoutBeingRead(t *testing.T) {
	t.Parallel()
	w := newFixture(t, pagesOf)
	api, err := resethttp.NewAPI(w.svc, resethttp.APIConfig{Prefix: "/api"})
	require.NoError(t, err)
	pages, err := resethttp.New(w.svc, resethttp.Config{})
	require.NoError(t, err)
	w.store.calls.Store(0)
	for _, test := range []struct {
		handler     http.Handler
		path, media string
	}{
		{pages, "/forgot-password", formType},
		{pages, "/reset-password", formType},
		{api, "/api/forgot-password", "application/json"},
		{api, "/api/reset-password", "application/json"},
	} {
		for _, announced := range []int64{10 << 20, -1} {
			body := &endless{}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, test.path, io.LimitReader(body, 10<<20))
			r.ContentLength = announced
			r.Header.Set("Content-Type", test.media)
			recorder := httptest.NewRecorder()
			test.handler.ServeHTTP(recorder, r)
			require.Equal(t, http.StatusRequestEntityTooLarge, recorder.Code, "%s announced as %d", test.path, announced)
			require.Less(t, body.read, 64<<10)
			require.Less(t, recorder.Body.Len(), 32<<10)
		}
	}
	require.Zero(t, w.store.calls.Load())
}

func TestBodyOfExactlyTheLimitIsRead(t *testing.T) {
	t.Parallel()
	w := newFixture(t, pagesOf)
	body := form("email", knownAddr, "padding", "")
	body += strings.Repeat("x", 16<<10-len(body))
	require.Equal(t, http.StatusSeeOther, w.post("/forgot-password", body).status)
	require.Equal(t, http.StatusRequestEntityTooLarge, w.post("/forgot-password", body+"x").status)
}

func TestOnlyFormsInUTF8AreRead(t *testing.T) {
	t.Parallel()
	w := newFixture(t, pagesOf)
	for media, want := range map[string]int{
		formType:                    http.StatusSeeOther,
		formType + ";charset=UTF-8": http.StatusSeeOther,
		"Application/X-WWW-Form-URLEncoded; charset=utf-8": http.StatusSeeOther,
		formType + "; charset=utf-16":                      http.StatusUnsupportedMediaType,
		formType + "; charset=iso-8859-1":                  http.StatusUnsupportedMediaType,
		"":                                                 http.StatusUnsupportedMediaType,
		"text/plain":                                       http.StatusUnsupportedMediaType,
		"application/json":                                 http.StatusUnsupportedMediaType,
		"multipart/form-data; boundary=x":                  http.StatusUnsupportedMediaType,
		"application/x-www-form-urlencoded, text/plain": http.StatusUnsupportedMediaType,
		"application/xml": http.StatusUnsupportedMediaType,
		";":               http.StatusUnsupportedMediaType,
	} {
		a := w.do(w.request(http.MethodPost, "/forgot-password", media, form("email", knownAddr)))
		require.Equal(t, want, a.status, "%q", media)
	}
	twice := w.request(http.MethodPost, "/forgot-password", formType, form("email", knownAddr))
	twice.Header.Add("Content-Type", "text/plain")
	require.Equal(t, http.StatusUnsupportedMediaType, w.do(twice).status)
	packed := w.request(http.MethodPost, "/forgot-password", formType, form("email", knownAddr))
	packed.Header.Set("Content-Encoding", "gzip")
	require.Equal(t, http.StatusUnsupportedMediaType, w.do(packed).status)
}

func TestAThousandFieldsAreReadOrRefusedWithoutHashing(t *testing.T) {
	t.Parallel()
	w := newFixture(t, pagesOf)
	_, raw := w.link()
	w.store.calls.Store(0)
	require.Equal(t, http.StatusBadRequest, w.post("/reset-password", "token="+raw+strings.Repeat("&password=a", 1000)).status)
	require.Equal(t, http.StatusBadRequest, w.post("/reset-password", strings.Repeat("token=a&", 1000)+"password=a").status)
	require.Zero(t, w.store.calls.Load())
}
