package reset_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/stretchr/testify/require"
)

func goodSite() reset.Site {
	return reset.Site{
		Name: "b", URL: "https://b.example", From: "no-reply@b.example",
	}
}

// The first service has a hook, and a sign-in page.
func newFirst(t *testing.T) *reset.Service {
	t.Helper()
	cfg := goodConfig()
	cfg.Pages.Login = "https://login.app.example"
	cfg.Hooks.FindByIdentifier = func(
		context.Context, string,
	) ([]reset.User, error) {
		return nil, nil
	}
	svc, err := reset.New(cfg)
	require.NoError(t, err)
	return svc
}

// A badSite is what For refuses, and the field that it names.
type badSite struct {
	field  string
	change func(s *reset.Site)
}

func badNamesAndURLs() map[string]badSite {
	return map[string]badSite{
		"no name":       {"Site.Name", func(s *reset.Site) { s.Name = "" }},
		"blank name":    {"Site.Name", func(s *reset.Site) { s.Name = " " }},
		"name of lines": {"Site.Name", func(s *reset.Site) { s.Name = "b\nCanary" }},
		"name of other letters": {
			"Site.Name", func(s *reset.Site) { s.Name = "Кanary" },
		},
		"huge name": {
			"Site.Name",
			func(s *reset.Site) { s.Name = strings.Repeat("x", 65) },
		},
		"no URL":       {"Site.URL", func(s *reset.Site) { s.URL = "" }},
		"relative URL": {"Site.URL", func(s *reset.Site) { s.URL = "/b" }},
		"URL with a password": {
			"Site.URL",
			func(s *reset.Site) { s.URL = "https://u:canary@b.example" },
		},
		"URL with a query": {
			"Site.URL", func(s *reset.Site) { s.URL = "https://b.example?canary" },
		},
		"plain http": {
			"Site.Pages.InsecureHTTP",
			func(s *reset.Site) { s.URL = "http://b.example" },
		},
		"the URL of the first": {
			"Site.URL", func(s *reset.Site) { s.URL = site },
		},
		"the URL of the first, spelled otherwise": {
			"Site.URL", func(s *reset.Site) { s.URL = "HTTPS://App.Example:443/" },
		},
	}
}

func badParts() map[string]badSite {
	return map[string]badSite{
		"no sender": {"Site.From", func(s *reset.Site) { s.From = "" }},
		"sender with a header": {
			"Site.From",
			func(s *reset.Site) { s.From = "a@b.example\r\nBcc: canary@b.example" },
		},
		"bad reply-to": {
			"Site.Mail.ReplyTo", func(s *reset.Site) { s.Mail.ReplyTo = "canary" },
		},
		"bad support": {
			"Site.Mail.Support", func(s *reset.Site) { s.Mail.Support = "canary" },
		},
		"product of two lines": {
			"Site.Mail.Product",
			func(s *reset.Site) { s.Mail.Product = "Can\nary" },
		},
		"broken renderer": {"Site.Mail.Renderer", func(s *reset.Site) {
			s.Mail.Renderer = rendererFunc(func(mail.Data) (mail.Message, error) {
				return mail.Message{}, errors.New("template")
			})
		}},
		"renderer that panics": {"Site.Mail.Renderer", func(s *reset.Site) {
			s.Mail.Renderer = rendererFunc(func(mail.Data) (mail.Message, error) {
				panic("template")
			})
		}},
		"reset path to another host": {
			"Site.Pages.Reset",
			func(s *reset.Site) { s.Pages.Reset = "//evil.example" },
		},
		"one path for both": {
			"Site.Pages.Forgot",
			func(s *reset.Site) { s.Pages.Forgot = "/reset-password" },
		},
		"store without sessions": {"Site.Sessions", func(s *reset.Site) {
			s.Store, s.Hooks = memstore.New(), &reset.Hooks{}
		}},
		"store with the hooks of another": {"Site.Hooks", func(s *reset.Site) {
			s.Store, s.Sessions = memstore.New(), reset.KeepSessions()
		}},
		"a hook that is nil": {"Site.Hooks.OnConfirmed", func(s *reset.Site) {
			s.Hooks = &reset.Hooks{OnConfirmed: []func(
				context.Context, reset.Confirmation,
			) error{nil}}
		}},
	}
}

func TestForNamesTheFieldThatIsMissingOrWeak(t *testing.T) {
	t.Parallel()
	rows := badNamesAndURLs()
	maps.Copy(rows, badParts())
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, settings := newFirst(t), goodSite()
			row.change(&settings)
			svc, err := first.For(settings)
			require.Error(t, err)
			require.Nil(t, svc)
			require.Contains(t, err.Error(), row.field)
			require.NotContains(t, err.Error(), "Config.Site")
			require.NotContains(t, strings.ToLower(err.Error()), "canary")

			_, err = first.For(goodSite())
			require.NoError(t, err, "what was refused has taken no name")
		})
	}
}

func TestASecondSiteOfOneNameOrURLIsRefused(t *testing.T) {
	t.Parallel()
	first := newFirst(t)
	b, err := first.For(goodSite())
	require.NoError(t, err)

	for field, change := range map[string]func(s *reset.Site){
		"Site.Name": func(s *reset.Site) { s.URL = "https://c.example" },
		"Site.URL":  func(s *reset.Site) { s.Name = "c" },
	} {
		settings := goodSite()
		change(&settings)
		for _, svc := range []*reset.Service{first, b} {
			again, err := svc.For(settings)
			require.ErrorContains(t, err, field)
			require.Nil(t, again)
		}
	}
	_, err = first.For(goodSite())
	require.Error(t, err, "with the same values")
}

func TestNothingOfTheFirstSitesPagesAndMailShowsThrough(t *testing.T) {
	t.Parallel()
	b, err := newFirst(t).For(goodSite())
	require.NoError(t, err)
	got := b.Settings()
	require.Equal(t, "https://b.example", got.Site)
	require.Equal(t, "b.example", got.Product)
	require.Empty(t, got.Login+got.Support)
	require.Equal(t, "/reset-password", got.ResetPath)
	require.True(t, got.TakesIdentifiers, "of the same accounts")
}

// The look of the first site is in its renderer.
func TestASiteWithoutARendererHasTheLookOfNobody(t *testing.T) {
	t.Parallel()
	branded, err := mail.NewTemplates(
		mail.TemplatesConfig{Brand: mail.Brand{Wordmark: "FIRST"}},
	)
	require.NoError(t, err)
	outbox := &mailtest.Recorder{}
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Mail.Renderer, cfg.Mailer = branded, outbox
	})
	b, err := fx.For(goodSite())
	require.NoError(t, err)

	for _, svc := range []*reset.Service{fx.Service, b} {
		require.NoError(t, svc.Request(
			t.Context(), reset.RequestInput{Email: "ana@example.com"},
		))
	}
	fx.drain(t)
	for _, msg := range outbox.Messages() {
		require.Equal(
			t, msg.From != "no-reply@b.example",
			strings.Contains(msg.HTML, "FIRST"),
		)
	}
	require.Len(t, outbox.Messages(), 2)
}

func TestOfManyThatRegisterOneNameAtOnceOneDoes(t *testing.T) {
	t.Parallel()
	first := newFirst(t)
	var barrier, done sync.WaitGroup
	barrier.Add(1)
	var mu sync.Mutex
	made := make(map[string]int)

	for i := range 32 {
		done.Go(func() {
			name := fmt.Sprint("s", i%4)
			settings := goodSite()
			settings.Name = name
			settings.URL = fmt.Sprintf("https://%d.example", i)
			barrier.Wait()
			svc, err := first.For(settings)
			if (err == nil) != (svc != nil) {
				t.Error("a service with an error, or neither")
			}
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				made[name]++
			}
		})
	}
	barrier.Done()
	done.Wait()
	require.Equal(
		t, map[string]int{"s0": 1, "s1": 1, "s2": 1, "s3": 1}, made,
	)
}

func TestSitesEndWithTheFirst(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	b, err := fx.For(goodSite())
	require.NoError(t, err)

	require.ErrorContains(t, b.Shutdown(t.Context()), "that New made")
	require.NoError(t, b.Request(
		t.Context(), reset.RequestInput{Email: "ana@example.com"},
	))
	fx.drain(t)
	require.Len(t, fx.outbox.Messages(), 1, "the mail of the site is out")

	require.ErrorIs(t, b.Request(
		t.Context(), reset.RequestInput{Email: "ana@example.com"},
	), reset.ErrClosed)
	_, err = b.For(goodSite())
	require.ErrorIs(t, err, reset.ErrClosed)
}
