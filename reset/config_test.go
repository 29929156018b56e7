package reset_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

func goodConfig() reset.Config {
	return reset.Config{
		Site:     site,
		From:     "App <no-reply@app.example>",
		Keys:     testKeys(),
		Store:    memstore.New(),
		Mailer:   &mailtest.Recorder{},
		Sessions: reset.EndSessionsInStore(),
		Queue:    reset.Queue{Synchronous: true},
	}
}

func TestNewNamesTheFieldThatIsMissingOrWeak(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		field  string
		change func(cfg *reset.Config)
	}{
		"no site": {
			"Config.Site", func(cfg *reset.Config) { cfg.Site = "" },
		},
		"relative site": {
			"Config.Site", func(cfg *reset.Config) { cfg.Site = "/app" },
		},
		"site without a scheme": {
			"Config.Site", func(cfg *reset.Config) { cfg.Site = "app.example" },
		},
		"site of another scheme": {
			"Config.Site",
			func(cfg *reset.Config) {
				cfg.Site = "javascript://app.example"
			},
		},
		"site with a password": {
			"Config.Site",
			func(cfg *reset.Config) {
				cfg.Site = "https://u:canary@app.example"
			},
		},
		"site with a query": {
			"Config.Site",
			func(cfg *reset.Config) {
				cfg.Site = "https://app.example?token=canary"
			},
		},
		"site with a fragment": {
			"Config.Site",
			func(cfg *reset.Config) {
				cfg.Site = "https://app.example#canary"
			},
		},
		"plain http": {
			"Config.Pages.InsecureHTTP",
			func(cfg *reset.Config) {
				cfg.Site = "http://app.example"
			},
		},
		"plain http on a look-alike": {
			"Config.Pages.InsecureHTTP",
			func(cfg *reset.Config) {
				cfg.Site = "http://127.0.0.1.app.example"
			},
		},
		"no sender": {
			"Config.From", func(cfg *reset.Config) { cfg.From = "" },
		},
		"sender with a header": {
			"Config.From",
			func(cfg *reset.Config) {
				cfg.From = "a@b.example\r\nBcc: canary@b.example"
			},
		},
		"bad reply-to": {
			"Config.Mail.ReplyTo",
			func(cfg *reset.Config) { cfg.Mail.ReplyTo = "canary" },
		},
		"bad support": {
			"Config.Mail.Support",
			func(cfg *reset.Config) {
				cfg.Mail.Support = "Canary <canary@app.example>"
			},
		},
		"no keys": {
			"Config.Keys", func(cfg *reset.Config) { cfg.Keys = token.Keys{} },
		},
		"no store": {
			"Config.Store", func(cfg *reset.Config) { cfg.Store = nil },
		},
		"no mailer": {
			"Config.Mailer", func(cfg *reset.Config) { cfg.Mailer = nil },
		},
		"sessions not decided": {
			"Config.Sessions",
			func(cfg *reset.Config) { cfg.Sessions = reset.Sessions{} },
		},
		"sessions ended by nil": {
			"Config.Sessions",
			func(cfg *reset.Config) {
				cfg.Sessions = reset.EndSessionsWith(nil)
			},
		},
		"lifetime too short": {
			"Config.Lifetimes.Reset",
			func(cfg *reset.Config) { cfg.Lifetimes.Reset = time.Minute - 1 },
		},
		"lifetime too long": {
			"Config.Lifetimes.Reset",
			func(cfg *reset.Config) { cfg.Lifetimes.Reset = 24*time.Hour + 1 },
		},
		"lifetime negative": {
			"Config.Lifetimes.Reset",
			func(cfg *reset.Config) { cfg.Lifetimes.Reset = -time.Hour },
		},
		"longest lifetime too long": {
			"Config.Lifetimes.MaxReset",
			func(cfg *reset.Config) { cfg.Lifetimes.MaxReset = 25 * time.Hour },
		},
		"longest under the default": {
			"Config.Lifetimes.MaxReset",
			func(cfg *reset.Config) {
				cfg.Lifetimes.MaxReset = 30 * time.Minute
			},
		},
		"invitations too long": {
			"Config.Lifetimes.Invite",
			func(cfg *reset.Config) {
				cfg.Lifetimes.Invite = 8 * 24 * time.Hour
			},
		},
		"mail window too long": {
			"Config.Queue.Window",
			func(cfg *reset.Config) { cfg.Queue.Window = 8 * 24 * time.Hour },
		},
		"relative reset path": {
			"Config.Pages.Reset",
			func(cfg *reset.Config) { cfg.Pages.Reset = "reset" },
		},
		"reset path to another host": {
			"Config.Pages.Reset",
			func(cfg *reset.Config) {
				cfg.Pages.Reset = "//evil.example/x"
			},
		},
		"a proof that nobody checks": {
			"Config.Hooks.NeedsProof",
			func(cfg *reset.Config) {
				cfg.Hooks.NeedsProof = func(
					context.Context, reset.Pending,
				) (string, error) {
					return "totp", nil
				}
			},
		},
		"reset path with a query": {
			"Config.Pages.Reset",
			func(cfg *reset.Config) { cfg.Pages.Reset = "/reset?next=canary" },
		},
		"reset path with a fragment": {
			"Config.Pages.Reset",
			func(cfg *reset.Config) { cfg.Pages.Reset = "/reset#canary" },
		},
		"reset path with a line break": {
			"Config.Pages.Reset",
			func(cfg *reset.Config) { cfg.Pages.Reset = "/reset\r\ncanary" },
		},
		"forgot path with a space": {
			"Config.Pages.Forgot",
			func(cfg *reset.Config) { cfg.Pages.Forgot = "/forgot it" },
		},
		"login path relative": {
			"Config.Pages.Login",
			func(cfg *reset.Config) { cfg.Pages.Login = "login" },
		},
		"one path for both": {
			"Config.Pages.Forgot",
			func(cfg *reset.Config) { cfg.Pages.Forgot = "/reset-password" },
		},
		"unknown link style": {
			"Config.Pages.LinkStyle",
			func(cfg *reset.Config) { cfg.Pages.LinkStyle = 7 },
		},
		"negative queue": {
			"Config.Queue.Size",
			func(cfg *reset.Config) { cfg.Queue.Size = -1 },
		},
		"endless queue": {
			"Config.Queue.Size",
			func(cfg *reset.Config) { cfg.Queue.Size = 1 << 30 },
		},
		"negative workers": {
			"Config.Queue.Workers",
			func(cfg *reset.Config) { cfg.Queue.Workers = -1 },
		},
		"two ways of dispatching": {
			"Config.Queue.Dispatch",
			func(cfg *reset.Config) {
				cfg.Queue.Dispatch = func(context.Context, reset.Job) error {
					return nil
				}
			},
		},
		"a hook that is nil": {
			"Config.Hooks.OnConfirmed",
			func(cfg *reset.Config) {
				cfg.Hooks.OnConfirmed = []func(
					context.Context, reset.Confirmation,
				) error{nil}
			},
		},
		"broken renderer": {"Config.Mail.Renderer", func(cfg *reset.Config) {
			cfg.Mail.Renderer = rendererFunc(func(mail.Data) (mail.Message, error) {
				return mail.Message{}, errors.New("template")
			})
		}},
		"product of two lines": {
			"Config.Mail.Product",
			func(cfg *reset.Config) { cfg.Mail.Product = "Can\nary" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := goodConfig()
			row.change(&cfg)
			svc, err := reset.New(cfg)
			require.Error(t, err)
			require.Nil(t, svc)
			require.Contains(t, err.Error(), row.field)
			require.NotContains(
				t, strings.ToLower(err.Error()), "canary",
				"the value may be a secret in the wrong place",
			)
		})
	}
}

func TestNewTakesWhatIsMeantToBeTaken(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(cfg *reset.Config){
		"the least": func(*reset.Config) {},
		"localhost": func(cfg *reset.Config) {
			cfg.Site = "http://localhost:8080"
		},
		"loopback": func(cfg *reset.Config) {
			cfg.Site = "http://127.0.0.1:8080"
		},
		"loopback of IPv6": func(cfg *reset.Config) {
			cfg.Site = "http://[::1]:8080"
		},
		"plain http, by option": func(cfg *reset.Config) {
			cfg.Site, cfg.Pages.InsecureHTTP = "http://app.example", true
		},
		"a path": func(cfg *reset.Config) {
			cfg.Site = "https://example.com/app/"
		},
		"bounds": func(cfg *reset.Config) {
			cfg.Lifetimes.Reset, cfg.Lifetimes.Invite = 24*time.Hour, 7*24*time.Hour
		},
	} {
		cfg := goodConfig()
		change(&cfg)
		_, err := reset.New(cfg)
		require.NoError(t, err, name)
	}
}

func TestLinkIsMadeOfConfigurationAlone(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(cfg *reset.Config){
		"https://app.example/reset-password#token=": func(*reset.Config) {
		},
		"https://app.example/app/r/new#token=": func(cfg *reset.Config) {
			cfg.Site, cfg.Pages.Reset = site+"/app/", "/r/new"
		},
		"https://app.example/reset-password?token=": func(cfg *reset.Config) {
			cfg.Pages.LinkStyle = reset.LinkQuery
		},
		"http://127.0.0.1:8080/reset-password#token=eyJ": func(
			cfg *reset.Config,
		) {
			cfg.Site = "http://127.0.0.1:8080"
		},
	} {
		fx := newFixture(t, change)
		link, err := fx.Link(t.Context(), "7", reset.LinkOptions{})
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(link.Reveal(), want), link.Reveal())
		require.Equal(t, fx.clock.Now().Add(time.Hour), link.ExpiresAt())
		require.NoError(t, fx.confirm(t, rawOf(link)))
		require.Equal(
			t, link.TokenID(), fx.events.of(reset.OutcomeConfirmed)[0].TokenID,
		)
	}

	require.Empty(t, reset.Link{}.Reveal())
}

func TestSettingsHaveDefaultsFilledIn(t *testing.T) {
	t.Parallel()
	cfg := goodConfig()
	cfg.Site += "/"
	svc, err := reset.New(cfg)
	require.NoError(t, err)
	require.Equal(t, reset.Settings{
		Site:       site,
		Product:    "app.example",
		ResetPath:  "/reset-password",
		ForgotPath: "/forgot-password",
		Lifetime:   time.Hour,
		MinLength:  15,
	}, svc.Settings())
}

func TestConfigIsCopied(t *testing.T) {
	t.Parallel()
	called := 0
	hooks := []func(context.Context, reset.Confirmation) error{
		func(context.Context, reset.Confirmation) error {
			called++
			return nil
		},
	}
	fx := newFixture(
		t, func(cfg *reset.Config) { cfg.Hooks.OnConfirmed = hooks },
	)
	hooks[0] = nil
	require.NoError(t, fx.confirm(t, fx.link(t, "7")))
	require.Equal(t, 1, called)
}
