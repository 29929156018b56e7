package reset_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/hash/legacy"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/mail/preview"
	"github.com/lostkey-go/lostkey/mail/smtpmail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/reset/resethttp"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

// harmless are the types that hold nothing secret: numbers, names, settings,
// functions, interfaces and results. An error of the application's own inside
// one is the application's.
var harmless = strings.Fields(`
	token.Claims token.Lifetime token.Purpose token.Reason token.RejectedError
	hash.Argon2id hash.Bcrypt hash.PBKDF2SHA256 hash.Params hash.Bounds
	hash.Slots hash.SlotsConfig hash.SlotsStats legacy.NodeScryptConfig
	hash.Info hash.Result hash.FormatError hash.SwapFunc
	hash.Django hash.Spring
	mail.Kind mail.Mailer mail.MailerFunc mail.Renderer
	mail.SendError mail.Verdict mail.Templates mail.TemplatesConfig
	mail.Brand mail.LogMailer
	smtpmail.Error
	reset.Dispute reset.Purpose reset.Event reset.Pages reset.Mail
	reset.Lifetimes reset.Queue reset.Hooks reset.Limiter
	reset.NotifyInput reset.Refunder reset.SendInput
	reset.Limits reset.LinkOptions reset.LinkStyle
	reset.Outcome reset.Policy reset.QueueStats reset.Reason reset.Sessions
	reset.Settings reset.ShutdownError reset.Sink reset.SinkFunc reset.Sinks
	reset.Stats reset.Store reset.ThrottledError
	ratelimit.Config ratelimit.Limiter ratelimit.Rate
	policy.Code policy.Config policy.Error policy.Policy
	policy.Problem policy.RangeClient policy.RangeConfig
	resethttp.APIConfig resethttp.Config
	resethttp.ContentSources resethttp.FieldError resethttp.Templates
	resettest.Fixture
	sqlaudit.Block sqlaudit.BlocksConfig sqlaudit.ClientCount sqlaudit.Config
	sqlaudit.DayCount sqlaudit.Entry sqlaudit.Filter sqlaudit.Link
	sqlaudit.Stats
	sqlstore.Config sqlstore.Dialect sqlstore.EmailMatch sqlstore.Queries
	sqlstore.Table sqlstore.Condition sqlstore.Finding sqlstore.FindingCode
	sqlstore.RecoveryTable
`)

// canary is at the front of every secret.
const canary = "canary7qz"

// collection is all specimens, and how to know their secrets.
type collection struct {
	all     map[string]specimen
	secrets []string
}

func specimens(t *testing.T) collection {
	t.Helper()
	c := collection{all: make(map[string]specimen), secrets: []string{canary}}
	ring := c.addToken(t)
	hasher := c.addHash(t)
	mailer := c.addMail(t)
	c.addReset(t, ring, hasher, mailer)
	c.addStores(t)
	return c
}

func (c *collection) hidden(
	name string, value any,
) {
	c.all[name] = specimen{value: value}
}

func (c *collection) open(
	name string, value any,
) {
	c.all[name] = specimen{value: value, open: true}
}

func (c *collection) addToken(t *testing.T) token.Keys {
	t.Helper()
	secret := []byte(canary + "V2!zR9@kL4$wT6%nB8^hJ3&")
	ring, err := token.ParseKeys(
		"k1:" + base64.StdEncoding.EncodeToString(secret),
	)
	require.NoError(t, err)
	cfg := token.Config{Site: site, Keys: ring}
	signer, err := token.New(cfg)
	require.NoError(t, err)
	state := token.State{
		UserID:       "7",
		PasswordHash: token.Hide(canary),
		Email:        token.Hide(canary + "@example.com"),
		Stamp:        token.Hide(canary),
	}
	issued, err := signer.Issue(token.PurposeReset, state, 0)
	require.NoError(t, err)
	_, signature, _ := strings.Cut(issued.Reveal(), ".")
	_, signature, _ = strings.Cut(signature, ".")
	c.secrets = append(c.secrets, signature)

	c.hidden("token.Keys", ring)
	c.hidden("token.Config", cfg)
	c.hidden("token.Signer", signer)
	c.hidden("token.State", state)
	c.hidden("token.Hidden", state.PasswordHash)
	c.hidden("token.Token", issued)
	jobs, err := ring.Derive(site, "jobs")
	require.NoError(t, err)
	c.hidden("token.MAC", jobs)
	return ring
}

func (c *collection) addHash(t *testing.T) *hash.Hasher {
	t.Helper()
	pepper, err := hash.NewPepper(
		"k1", []byte(canary+" a pepper of 32 bytes or more"),
	)
	require.NoError(t, err)
	spring := legacy.SpringConfig{Default: "pbkdf2", PBKDF2Secret: canary}
	schemes := legacy.With(
		legacy.SpringWith(spring),
		legacy.FlaskSecurity(canary, nil)...)
	schemes = legacy.With(schemes, legacy.Devise(canary)...)
	cfg := hash.Config{
		Accept:  schemes,
		Peppers: []hash.Pepper{pepper},
		Params:  hash.Argon2id{MemoryKiB: 64, Time: 1, Threads: 1},
	}
	hasher, err := hash.NewInsecure(cfg)
	require.NoError(t, err)
	row := "{pbkdf2}" + strings.Repeat("ca", 40)
	record, err := legacy.SpringWith(spring)[0].Parse(
		row, hash.Bounds{PBKDF2Rounds: 1 << 20},
	)
	require.NoError(t, err)
	c.secrets = append(c.secrets, strings.Repeat("\xca", 9))

	c.hidden("hash.Pepper", pepper)
	c.open("legacy.SpringConfig", spring)
	c.hidden("hash.Scheme", schemes)
	c.hidden("hash.Record", record)
	c.hidden("hash.Config", cfg)
	c.hidden("hash.Hasher", hasher)
	return hasher
}

func (c *collection) addMail(t *testing.T) mail.Mailer {
	t.Helper()
	const link = site + "/reset-password#token=" + canary
	msg := mail.Message{
		ID:      "1",
		Kind:    mail.KindReset,
		From:    "no-reply@app.example",
		To:      canary + "@example.com",
		Subject: canary,
		Text:    link,
		HTML:    link,
		Date:    time.Unix(1e9, 0),
	}

	recorder := &mailtest.Recorder{}
	require.NoError(t, recorder.Send(t.Context(), msg))
	templates, err := mail.NewTemplates(mail.TemplatesConfig{})
	require.NoError(t, err)
	shown := preview.Config{Renderer: templates, Sent: recorder.Messages}
	handler, err := preview.New(shown)
	require.NoError(t, err)
	cfg := smtpmail.Config{
		Host:     "smtp.example",
		Username: canary,
		Password: canary,
	}
	mailer, err := smtpmail.New(cfg)
	require.NoError(t, err)
	cfg.URL = "smtps://" + canary + ":" + canary + "@smtp.example"

	c.open("mail.Data", mail.Data{
		Kind: mail.KindReset, Link: link, DisputeLink: link,
	})
	c.open("mail.Message", msg)
	c.hidden("mailtest.Recorder", recorder)
	c.hidden("preview.Config", shown)
	c.hidden("preview.Handler", handler)
	c.open("smtpmail.Config", cfg)
	c.hidden("smtpmail.Mailer", mailer)
	return mailer
}

func (c *collection) addReset(
	t *testing.T, ring token.Keys, hasher *hash.Hasher, mailer mail.Mailer,
) {
	t.Helper()
	user := reset.User{
		ID:           "7",
		Email:        canary + "@example.com",
		PasswordHash: canary,
		Stamp:        canary,
	}
	store := memstore.New()
	require.NoError(t, store.Add(user))

	cfg := reset.Config{
		Site:     site,
		From:     "App <no-reply@app.example>",
		Keys:     ring,
		Store:    store,
		Mailer:   mailer,
		Sessions: reset.EndSessionsInStore(),
		Hasher:   hasher,
		Queue:    reset.Queue{Synchronous: true},
		Events:   reset.SinkFunc(func(context.Context, reset.Event) {}),
	}

	svc, err := reset.New(cfg)
	require.NoError(t, err)
	link, err := svc.Link(t.Context(), "7", reset.LinkOptions{})
	require.NoError(t, err)
	raw := rawOf(link)
	c.secrets = append(c.secrets, raw[strings.LastIndexByte(raw, '.')+1:])

	c.hidden("reset.Config", cfg)
	c.addSite(t, svc, cfg)
	c.hidden("reset.Link", link)
	c.hidden("memstore.Store", store)
	c.open("reset.User", user)
	c.addInputs(user)
}

// addInputs adds what visitors send, what is kept of it and what they see.
func (c *collection) addInputs(user reset.User) {
	client := netip.MustParseAddr("192.0.2.1")
	c.open(
		"reset.RequestInput",
		reset.RequestInput{Email: user.Email, Client: client},
	)

	c.open("reset.CheckInput", reset.CheckInput{Token: canary, Client: client})
	c.open(
		"reset.RedeemInput",
		reset.RedeemInput{
			Token: canary, To: canary + "@example.com", Client: client,
		},
	)
	c.open("reset.CheckResult", reset.CheckResult{Email: canary})
	c.open(
		"reset.ConfirmInput",
		reset.ConfirmInput{
			Token: canary, Password: canary, Proof: canary, Client: client,
		},
	)
	c.open(
		"reset.Confirmation",
		reset.Confirmation{UserID: "7", Email: user.Email},
	)
	c.open("reset.Pending", reset.Pending{UserID: "7", Proof: canary})
	c.all["reset.Job"] = specimen{
		value: reset.Job{ID: "1", Email: user.Email, Client: client},
		open:  true,
		wire:  true,
	}
	c.open(
		"resethttp.Page",
		resethttp.Page{Name: "reset", RefusedEmail: user.Email, Link: canary},
	)
}

// addSite adds a Service of a site, which leads to all of svc.
func (c *collection) addSite(
	t *testing.T, svc *reset.Service, cfg reset.Config,
) {
	t.Helper()
	second := reset.Site{
		Name: "b", URL: "https://b.example", From: cfg.From,
		Store: cfg.Store, Mailer: cfg.Mailer, Sessions: cfg.Sessions,
	}
	ofSite, err := svc.For(second)
	require.NoError(t, err)
	c.hidden("reset.Site", second)
	c.hidden("reset.Service", ofSite)
}

func (c *collection) addStores(t *testing.T) {
	t.Helper()
	db := sql.OpenDB(
		connector{dsn: canary + ":" + canary + "@tcp(db.example)/app"},
	)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	store, err := sqlstore.New(db, sqlstore.Config{
		Dialect: sqlstore.SQLite,
		Table: sqlstore.Table{
			Name:  "users",
			ID:    "id",
			Email: "email",
			Hash:  "hash",
		},
	})

	require.NoError(t, err)
	quiet := slog.New(slog.DiscardHandler)
	trail, err := sqlaudit.New(
		db, sqlaudit.Config{Dialect: sqlstore.SQLite, Logger: quiet},
	)
	require.NoError(t, err)
	blocks, err := sqlaudit.NewBlocks(
		db, sqlaudit.BlocksConfig{Dialect: sqlstore.SQLite, Logger: quiet},
	)
	require.NoError(t, err)

	c.hidden("sqlstore.Store", store)
	c.hidden("sqlaudit.Trail", trail)
	c.hidden("sqlaudit.Blocks", blocks)
}

// connector holds the password of the database in a plain field, as that of
// database/sql does.
type connector struct{ dsn string }

func (connector) Connect(context.Context) (driver.Conn, error) {
	return nil, errors.New("there is no database")
}

func (connector) Driver() driver.Driver { return nil }
