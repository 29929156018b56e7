package reset_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
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
	for _, rows := range []map[string]refusedConfig{
		refusedSites, refusedMails, refusedParts,
		refusedLifetimes, refusedPages, refusedQueues,
	} {
		for name, row := range rows {
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
}

func TestNewTakesWhatIsMeantToBeTaken(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(cfg *reset.Config){
		"the least": func(*reset.Config) {},
		"a store that ends sessions": func(cfg *reset.Config) {
			cfg.Store = tellingStore{cfg.Store, true}
		},
		"a store that ends none and need not": func(cfg *reset.Config) {
			cfg.Store = tellingStore{cfg.Store, false}
			cfg.Sessions = reset.KeepSessions()
		},
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
		"disputes of notices that NotifyChanged alone sends": func(cfg *reset.Config) {
			cfg.Mail.SkipNotice = true
			cfg.Hooks.OnDisputed = (&disputes{}).lock
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

//lostkey:covers FP-CS-15 FP-CS-16
func TestLinkIsMadeOfConfigurationAlone(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(cfg *reset.Config){
		"https://app.example/reset-password/#token=": func(*reset.Config) {
		},
		"https://app.example/app/r/new/#token=": func(cfg *reset.Config) {
			cfg.Site, cfg.Pages.Reset = site+"/app/", "/r/new"
		},
		"https://app.example/reset-password/?token=": func(cfg *reset.Config) {
			cfg.Pages.LinkStyle = reset.LinkQuery
		},
		"http://127.0.0.1:8080/reset-password/#token=eyJ": func(
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
		Sender:     "no-reply@app.example",

		EndsSessions: true,
		SendsNotice:  true,
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
