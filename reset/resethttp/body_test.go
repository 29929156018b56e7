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

//lostkey:covers CWE-770
func TestTenMegabyteBodiesAreRefusedWithoutBeingRead(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	api, err := resethttp.NewAPI(f.svc, resethttp.APIConfig{Prefix: "/api"})
	require.NoError(t, err)
	pages, err := resethttp.New(f.svc, resethttp.Config{})
	require.NoError(t, err)
	f.store.calls.Store(0)

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
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost,
				test.path, io.LimitReader(body, 10<<20))
			r.ContentLength = announced
			r.Header.Set("Content-Type", test.media)
			recorder := httptest.NewRecorder()
			test.handler.ServeHTTP(recorder, r)
			require.Equal(t, http.StatusRequestEntityTooLarge, recorder.Code,
				"%s announced as %d", test.path, announced)
			require.Less(t, body.read, 64<<10)
			require.Less(t, recorder.Body.Len(), 32<<10)
		}
	}

	require.Zero(t, f.store.calls.Load())
}

func TestBodyOfExactlyTheLimitIsRead(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	body := form("email", knownAddr, "padding", "")
	body += strings.Repeat("x", 16<<10-len(body))
	require.Equal(t, http.StatusSeeOther,
		f.post("/forgot-password", body).status)
	require.Equal(t, http.StatusRequestEntityTooLarge,
		f.post("/forgot-password", body+"x").status)
}

func TestOnlyFormsInUTF8AreRead(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)

	for status, medias := range map[int][]string{
		http.StatusSeeOther: {
			formType,
			formType + ";charset=UTF-8",
			"Application/X-WWW-Form-URLEncoded; charset=utf-8",
		},
		http.StatusUnsupportedMediaType: {
			formType + "; charset=utf-16",
			formType + "; charset=iso-8859-1",
			"",
			"text/plain",
			"application/json",
			"multipart/form-data; boundary=x",
			"application/x-www-form-urlencoded, text/plain",
			"application/xml",
			";",
		},
	} {
		for _, media := range medias {
			r := f.request(http.MethodPost, "/forgot-password", media,
				form("email", knownAddr))
			require.Equal(t, status, f.do(r).status, "%q", media)
		}
	}

	twice := f.request(http.MethodPost, "/forgot-password", formType,
		form("email", knownAddr))
	twice.Header.Add("Content-Type", "text/plain")
	require.Equal(t, http.StatusUnsupportedMediaType, f.do(twice).status)
	packed := f.request(http.MethodPost, "/forgot-password", formType,
		form("email", knownAddr))
	packed.Header.Set("Content-Encoding", "gzip")
	require.Equal(t, http.StatusUnsupportedMediaType, f.do(packed).status)
}

func TestAThousandFieldsAreReadOrRefusedWithoutHashing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	_, raw := f.link()
	f.store.calls.Store(0)
	for _, body := range []string{
		"token=" + raw + strings.Repeat("&password=a", 1000),
		strings.Repeat("token=a&", 1000) + "password=a",
	} {
		require.Equal(t, http.StatusBadRequest,
			f.post("/reset-password", body).status)
	}
	require.Zero(t, f.store.calls.Load())
}
