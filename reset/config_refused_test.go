package reset_test

import (
	"context"
	"errors"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
)

// refusedConfig is a change that a Config does not survive, and the field that
// the error names.
type refusedConfig struct {
	field  string
	change func(cfg *reset.Config)
}

// refusedSites would lead a link elsewhere, or in clear.
var refusedSites = map[string]refusedConfig{
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
}

// refusedMails have a header or a template that makes no mail.
var refusedMails = map[string]refusedConfig{
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
	"support that is left out": {
		"Config.Mail",
		func(cfg *reset.Config) {
			cfg.Mail.Support, cfg.Mail.NoContact = "help@app.example", true
		},
	},
	"broken renderer": {"Config.Mail.Renderer", func(cfg *reset.Config) {
		cfg.Mail.Renderer = rendererFunc(func(mail.Data) (mail.Message, error) {
			return mail.Message{}, errors.New("template")
		})
	}},
	"broken notice, which NotifyChanged mails in any case": {
		"Config.Mail.Renderer", func(cfg *reset.Config) {
			cfg.Mail.SkipNotice = true
			cfg.Mail.Renderer = rendererFunc(
				func(data mail.Data) (mail.Message, error) {
					if data.Kind == mail.KindPasswordChanged {
						return mail.Message{}, errors.New("template")
					}
					return mail.Message{Subject: "s", Text: data.Link}, nil
				},
			)
		},
	},
	"product of two lines": {
		"Config.Mail.Product",
		func(cfg *reset.Config) { cfg.Mail.Product = "Can\nary" },
	},
}

// tellingStore tells whether it ends sessions.
type tellingStore struct {
	reset.Store
	ends bool
}

func (s tellingStore) EndsSessions() bool { return s.ends }

// refusedParts lack something that a Service cannot do without.
var refusedParts = map[string]refusedConfig{
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
	"sessions ended by a store that ends none": {
		"Config.Sessions",
		func(cfg *reset.Config) {
			cfg.Store = tellingStore{cfg.Store, false}
		},
	},
	"a proof that nobody checks": {
		"Config.Hooks.ProofKind",
		func(cfg *reset.Config) {
			cfg.Hooks.ProofKind = func(
				context.Context, reset.Pending,
			) (string, error) {
				return "totp", nil
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
}

// refusedLifetimes are out of bounds.
var refusedLifetimes = map[string]refusedConfig{
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
}

// refusedPages are not paths below the site.
var refusedPages = map[string]refusedConfig{
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
}

// refusedQueues are out of bounds, or dispatch in two ways.
var refusedQueues = map[string]refusedConfig{
	"mail window too long": {
		"Config.Queue.Window",
		func(cfg *reset.Config) { cfg.Queue.Window = 8 * 24 * time.Hour },
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
}
