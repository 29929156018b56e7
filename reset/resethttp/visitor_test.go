package resethttp_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
)

const firefoxOnLinux = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)" +
	" Gecko/20100101 Firefox/140.0"

// visit posts to the pages or to the API as a browser with these headers.
func (f *fixture) visit(path, body string, headers ...string) answer {
	f.t.Helper()
	contentType := formType
	if strings.HasPrefix(body, "{") {
		contentType = "application/json"
	}
	r := f.request(http.MethodPost, path, contentType, body)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return f.do(r)
}

// received waits for the n-th mail.
func (f *fixture) received(n int) mail.Message {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 10*time.Second)
	defer cancel()
	messages, err := f.outbox.Wait(ctx, n)
	require.NoError(f.t, err)
	return messages[n-1]
}

// Mails point to where the pages point, whatever the host of it.
func TestMailsPointToTheSameLogin(t *testing.T) {
	t.Parallel()
	for login, want := range map[string]string{
		"/signin?a=b":              site + "/signin?a=b",
		"https://id.example/login": "https://id.example/login",
	} {
		f := newFixture(t, pagesOf, func(c *reset.Config) {
			c.Pages.Login, c.Mail.HintSignsInElsewhere = login, true
		})
		require.NoError(t, f.users.Add(reset.User{
			ID: "u-2", Email: "sso@example.com",
		}))
		f.ask("sso@example.com")
		require.Contains(t, f.received(1).Text, "\n"+want+"\n")
	}
}

func TestMailIsInTheBestLanguageOfTheVisitorsWholeList(t *testing.T) {
	t.Parallel()
	pages := newFixture(t, pagesOf)
	api := pages.also(apiOf)
	pages.visit("/forgot-password", form("email", knownAddr),
		"Accept-Language", "nl-NL, fr;q=0.8")
	require.Equal(t, "fr", pages.received(1).Locale)
	api.visit("/api/forgot-password", `{"email":"`+knownAddr+`"}`,
		"Accept-Language", "nl-NL, de;q=0.7, fr;q=0.6")
	require.Equal(t, "de", pages.received(2).Locale)
	pages.visit("/forgot-password", form("email", knownAddr),
		"Accept-Language", "nl", "Accept-Language", "es")
	require.Equal(t, "es", pages.received(3).Locale,
		"two header lines are one list")
	pages.visit("/forgot-password", form("email", knownAddr),
		"Accept-Language", "<b>,\u202e,nl")
	require.Equal(t, "en", pages.received(4).Locale)
}

func TestNoticeOfAChangeIsInTheLanguageOfTheVisitorToo(t *testing.T) {
	t.Parallel()
	pages := newFixture(t, pagesOf)
	api := pages.also(apiOf)
	_, raw := pages.link()
	pages.visit("/reset-password", form("token", raw, "password", newPassword),
		"Accept-Language", "nl-NL, fr;q=0.8")
	require.Equal(t, "fr", pages.received(1).Locale)
	_, raw = pages.link()
	api.visit("/api/reset-password",
		jsonOf("token", raw, "password", "eight green rivers sing"),
		"Accept-Language", "nl, es")
	require.Equal(t, "es", pages.received(2).Locale)
}

func TestMailsSayWhichBrowserAskedAndWhichChangedThePassword(t *testing.T) {
	t.Parallel()
	pages := newFixture(t, pagesOf)
	api := pages.also(apiOf)
	agent := []string{"User-Agent", firefoxOnLinux}
	pages.visit("/forgot-password", form("email", knownAddr), agent...)
	asked := pages.received(1)
	require.Equal(t, mail.KindReset, asked.Kind)
	require.Contains(t, asked.Text, "(Firefox, Linux)")
	require.Contains(t, asked.HTML, "(Firefox, Linux)")

	_, raw := pages.link()
	pages.visit("/reset-password",
		form("token", raw, "password", newPassword), agent...)
	changed := pages.received(2)
	require.Equal(t, mail.KindPasswordChanged, changed.Kind)
	require.Contains(t, changed.Text, "(Firefox, Linux)")

	api.visit("/api/forgot-password", `{"email":"`+knownAddr+`"}`, agent...)
	require.Contains(t, pages.received(3).Text, "(Firefox, Linux)")
	_, raw = pages.link()
	api.visit("/api/reset-password",
		jsonOf("token", raw, "password", "eight green rivers sing"), agent...)
	require.Contains(t, pages.received(4).Text, "(Firefox, Linux)")
}

func TestUserAgentsOwnWordsReachNeitherMailNorJob(t *testing.T) {
	t.Parallel()
	jobs := make(chan reset.Job, 1)
	f := newFixture(t, pagesOf, func(c *reset.Config) {
		c.Queue.Dispatch = func(_ context.Context, job reset.Job) error {
			jobs <- job
			return nil
		}
	})

	for agent, want := range map[string]string{
		"Call 0800 123 now":                        "",
		"<script>alert(1)</script>":                "",
		"evil.example Firefox/1 Linux <b>":         "Firefox, Linux",
		"\u202eFirefox/1 evil Linux":               "Firefox, Linux",
		"Firefox/1 {{.Link}} Linux":                "Firefox, Linux",
		strings.Repeat("evil ", 20_000):            "",
		strings.Repeat("e", 100_000) + " Firefox/": "",
		"Firefox, Linux":                           "Firefox, Linux",
		"Firefox, Linux; visit evil.example":       "",
		"":                                         "",
	} {
		f.visit("/forgot-password", form("email", knownAddr),
			"User-Agent", agent)
		job := <-jobs
		require.Equal(t, want, job.Browser, "%.40q", agent)
		require.NoError(t, f.svc.Process(t.Context(), job))
		all := f.outbox.Messages()
		sent := all[len(all)-1]
		for _, part := range []string{sent.Text, sent.HTML, sent.Subject} {
			for _, word := range []string{
				"0800", "alert", "evil", "\u202e", "{{",
			} {
				require.NotContains(t, part, word, "%.40q", agent)
			}
		}
		require.Equal(t, want != "", strings.Contains(sent.Text, "("+want+")"),
			"%.40q", agent)
		require.NotContains(t, sent.Text, "()")
	}
}
