package handover_test

import (
	"context"
	"crypto/sha1"
	"database/sql"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/lostkey-go/lostkey/examples/migrate/handover"
	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/token"
)

const ada = "ada@app.example"

// made is when the foreign tools made their tokens.
var made = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// An oldSystem is one that links come from.
type oldSystem struct {
	name    string
	stored  string // the account's hash
	login   time.Time
	pattern string
	links   []string // all of the one account
	judge   func(t *testing.T, s *site) handover.Judge
}

// A site has one account, with the id 42.
type site struct {
	users *memstore.Store
	svc   *reset.Service
	db    *sql.DB
	now   time.Time
	// forget is called after a reset, where the old system needs it.
	forget  func(context.Context, reset.Confirmation) error
	changed time.Time
	login   time.Time
}

func newSite(t *testing.T, old oldSystem) *site {
	t.Helper()
	s := &site{users: memstore.New(), now: made.Add(10 * time.Minute)}
	s.changed, s.login = made.Add(-time.Hour), old.login
	require.NoError(t, s.users.Add(reset.User{
		ID: "42", Email: ada, PasswordHash: old.stored,
	}))

	var err error
	s.db, err = sql.Open("sqlite", ":memory:")
	require.NoError(t, err)
	s.db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = s.db.Close() })

	keys, err := token.GenerateKeys("k1")
	require.NoError(t, err)
	s.svc, err = reset.New(reset.Config{
		Site: "https://app.example", From: "no-reply@app.example", Keys: keys,
		Store: s.users, Mailer: &mailtest.Recorder{},
		Sessions: reset.KeepSessions(), Hasher: hash.NewInsecureForTests(),
		Events: reset.SlogSink(slog.New(slog.DiscardHandler)),
		Now:    func() time.Time { return s.now },
		Hooks: reset.Hooks{OnConfirmed: []func(
			context.Context, reset.Confirmation,
		) error{s.confirmed}},
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.svc.Shutdown(context.Background()) })
	return s
}

func (s *site) confirmed(ctx context.Context, done reset.Confirmation) error {
	s.changed = s.now
	if s.forget == nil {
		return nil
	}
	return s.forget(ctx, done)
}

// find loads the account as it is now, by its id or its address.
func (s *site) find(ctx context.Context, key string) (handover.Account, error) {
	if key != "42" && key != ada {
		return handover.Account{}, handover.ErrRejected
	}
	user, err := s.users.FindByID(ctx, "42")
	return handover.Account{
		ID: user.ID, Email: user.Email, Hash: user.PasswordHash,
		Changed: s.changed, LastLogin: s.login,
	}, err
}

// table makes a table of one row.
func (s *site) table(t *testing.T, key, stored string) *handover.Table {
	t.Helper()
	_, err := s.db.ExecContext(t.Context(), `CREATE TABLE resets
		(user_id INTEGER, lookup TEXT, token TEXT, made TIMESTAMP, used BOOLEAN)`)
	require.NoError(t, err)
	_, err = s.db.ExecContext(t.Context(),
		`INSERT INTO resets VALUES (42, ?, ?, ?, FALSE)`, key, stored, made)
	require.NoError(t, err)

	table := &handover.Table{
		DB:       s.db,
		Find:     `SELECT user_id, token, made, used FROM resets WHERE lookup = ?`,
		Delete:   `DELETE FROM resets WHERE user_id = ?`,
		Lifetime: time.Hour,
	}
	s.forget = table.Forget
	return table
}

// open follows an old link, and returns where it leads.
func (s *site) open(
	t *testing.T, old oldSystem, judge handover.Judge, method, link string,
) *http.Response {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(old.pattern, &handover.Handler{
		Service: s.svc, Old: judge, Refused: "/forgot-password",
		Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return s.now },
	})
	r := httptest.NewRequestWithContext(t.Context(), method, link, nil)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w.Result()
}

func refused(t *testing.T, answer *http.Response) {
	t.Helper()
	require.Equal(t, http.StatusSeeOther, answer.StatusCode)
	require.Equal(t, "/forgot-password", answer.Header.Get("Location"))
}

const laravelToken = "8f2b7c1d9e4a6f3b5c8d0e1f2a3b4c5d" +
	"6e7f8091a2b3c4d5e6f708192a3b4c5d"

var oldSystems = []oldSystem{
	{
		name: "a table of plain tokens", stored: "h", pattern: "/reset",
		links: []string{"/reset?token=e3b0c44298fc1c149afbf4c8996fb924"},
		judge: func(t *testing.T, s *site) handover.Judge {
			const row = "e3b0c44298fc1c149afbf4c8996fb924"
			table := s.table(t, row, row)
			table.Read = handover.Plain("token")
			return table
		},
	},
	{
		// Devise 4.8.1 made the digest, on ActiveSupport 6.1.
		name: "devise", stored: "h", pattern: "/users/password/edit",
		links: []string{
			"/users/password/edit?reset_password_token=vJb3Sf5YyqY8cTTnqVzs",
		},
		judge: func(t *testing.T, s *site) handover.Judge {
			const row = "d2f75734436b005a2ad73777afd5e21e" +
				"0dde275a0e5f10ab098514b3dc6e6f3c"
			table := s.table(t, row, row)
			read, err := handover.Devise(
				"devise-test-secret-key-base", sha1.New)
			require.NoError(t, err)
			table.Read = read
			return table
		},
	},
	{
		// PHP's password_hash made the row.
		name: "laravel", stored: "h", pattern: "/reset-password/{token}",
		links: []string{
			"/reset-password/" + laravelToken + "?email=ada%40app.example",
		},
		judge: func(t *testing.T, s *site) handover.Judge {
			hasher, err := hash.New(hash.Config{})
			require.NoError(t, err)
			table := s.table(t, ada, "$2y$10$24bqPRQygTLbMFhHfR.axu9A7W0r"+
				"hJvUDtcOhOjfinpqz2N.L40Jq")
			table.Read = handover.Laravel
			table.Match = handover.Hashed(hasher)
			table.Absent = "$2y$10$ZduijJ1S57573khtvIdH0.e5f1aU8NOOzpB1LAYCRrwmowk66ZWG2"
			return table
		},
	},
	{
		name: "authboss", stored: "h", pattern: "/recover/end",
		links: []string{"/recover/end?token=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXG" +
			"BkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0-Pw=="},
		judge: func(t *testing.T, s *site) handover.Judge {
			table := s.table(t,
				"PZTupJxYCu+BaTV2K+BJVZ1tFEDe3hLmoSXxhB//jm+p1xhio+V0a1cb49GHsAQQ"+
					"RvUuvYUMfL1f3o7jhHO2SQ==",
				"iHr1ijYgLgXEwc/sW/bGH61mvKhRU2AEB0sx8bVuSsk9nJ/CDcWeAf7KsjBj7zQb"+
					"LS11xOjk+h6bqVhlgmDjNg==")
			table.Read = handover.Authboss
			return table
		},
	},
	{
		// Django 3.2.25 made the tokens.
		name: "django", stored: "pbkdf2_sha256$260000$salt$aGFzaA==",
		pattern: "/reset/{uidb64}/{token}/",
		links:   []string{"/reset/NDI/dicc00-8681fa1ff3efd6f594c05770596e7453/"},
		judge:   django,
	},
	{
		name: "django, after a sign-in", login: signedIn,
		stored:  "pbkdf2_sha256$260000$salt$aGFzaA==",
		pattern: "/reset/{uidb64}/{token}/",
		links:   []string{"/reset/NDI/dicc00-a106b62a57912aa14ec469c943ead724/"},
		judge:   django,
	},
	{
		name: "dchest/passwordreset", stored: "$2a$10$hash", pattern: "/reset",
		links: []string{
			"/reset?token=awBEUGFkYUBhcHAuZXhhbXBsZYXThrRtrVWjdRFglxbW7FKFnyNXgeC" +
				"jd7Xyc4CnPJNa",
		},
		judge: func(_ *testing.T, s *site) handover.Judge {
			return &handover.Dchest{
				Secret: []byte("dchest-test-secret"), Find: s.find,
			}
		},
	},
	{
		// itsdangerous 2.1.2 made the tokens, the last one compressed.
		name: "flask", stored: "h", pattern: "/reset/{token}",
		links: []string{
			"/reset/ImFkYUBhcHAuZXhhbXBsZSI.awA2QA.3_RCvUCdSAPtcaE_9_ROhalpqRs",
		},
		judge: func(_ *testing.T, s *site) handover.Judge {
			return &handover.Signed{
				Lifetime: time.Hour, Find: s.find, Read: flask,
			}
		},
	},
	{
		name: "a JWT by hand", stored: "h", pattern: "/reset",
		links: []string{"/reset?token=" + byHand("password-reset")},
		judge: func(_ *testing.T, s *site) handover.Judge {
			return &handover.Signed{
				Lifetime: time.Hour, Find: s.find, Read: readJWT(s),
			}
		},
	},
}

var signedIn = time.Date(2026, 10, 3, 4, 5, 6, 789, time.UTC)

func django(_ *testing.T, s *site) handover.Judge {
	return &handover.Django{
		SecretKey: "django-test-secret", Find: s.find, Lifetime: time.Hour,
	}
}

func flask(r *http.Request) (key string, made time.Time, err error) {
	payload, made, err := handover.Itsdangerous(
		r.PathValue("token"), "flask-test-secret", "password-reset",
	)
	if err == nil {
		err = json.Unmarshal(payload, &key)
	}
	return key, made, err
}

var byHandSecret = []byte("a secret of the old application!")

func byHand(audience ...string) string {
	raw, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Subject:   "42",
		Audience:  audience,
		IssuedAt:  jwt.NewNumericDate(made),
		ExpiresAt: jwt.NewNumericDate(made.Add(time.Hour)),
	}).SignedString(byHandSecret)
	if err != nil {
		panic(err)
	}
	return raw
}

func readJWT(s *site) func(*http.Request) (string, time.Time, error) {
	return func(r *http.Request) (string, time.Time, error) {
		var claims jwt.RegisteredClaims
		_, err := jwt.ParseWithClaims(r.FormValue("token"), &claims,
			func(*jwt.Token) (any, error) { return byHandSecret, nil },
			jwt.WithValidMethods([]string{"HS256"}),
			jwt.WithAudience("password-reset"),
			jwt.WithExpirationRequired(),
			jwt.WithTimeFunc(func() time.Time { return s.now }),
		)
		if err != nil || claims.IssuedAt == nil {
			return "", time.Time{}, handover.ErrRejected
		}
		return claims.Subject, claims.IssuedAt.Time, nil
	}
}

// An old link opens as often as a scanner likes, sets one password, and is dead
// from there on.
func TestAnOldLinkSetsOnePassword(t *testing.T) {
	for _, old := range oldSystems {
		t.Run(old.name, func(t *testing.T) {
			s := newSite(t, old)
			judge := old.judge(t, s)
			for _, link := range old.links {
				require.Equal(t, http.StatusSeeOther,
					s.open(t, old, judge, http.MethodHead, link).StatusCode)
				answer := s.open(t, old, judge, http.MethodGet, link)
				_, raw, found := strings.Cut(answer.Header.Get("Location"),
					"https://app.example/reset-password/#token=")
				require.True(t, found, answer.Header)
				require.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
				require.Equal(t, "no-referrer", answer.Header.Get("Referrer-Policy"))

				require.NoError(t, s.svc.Confirm(t.Context(), reset.ConfirmInput{
					Token: raw, Password: "seven wet umbrellas",
				}))
				refused(t, s.open(t, old, judge, http.MethodGet, link))
			}
		})
	}
}

// A link that anything is wrong with leads to the form, like any other.
func TestOldLinksAreRefusedAlike(t *testing.T) {
	for _, old := range oldSystems {
		t.Run(old.name, func(t *testing.T) {
			link := old.links[0]
			s := newSite(t, old)
			judge := old.judge(t, s)

			for at := len(link) / 2; at < len(link); at++ {
				changed := byte('A')
				if link[at] == 'A' {
					changed = 'B'
				}
				if strings.IndexByte("/?&=%.-", link[at]) >= 0 {
					continue
				}
				forged := link[:at] + string(changed) + link[at+1:]
				answer := s.open(t, old, judge, http.MethodGet, forged)
				if answer.StatusCode != http.StatusNotFound {
					refused(t, answer)
				}
			}

			answer := s.open(t, old, judge, http.MethodPost, link)
			require.Equal(t, http.StatusMethodNotAllowed, answer.StatusCode)

			s.now = made.Add(time.Hour)
			refused(t, s.open(t, old, judge, http.MethodGet, link))
			s.now = made.Add(time.Minute)
			require.NoError(t, s.users.Update("42", func(user *reset.User) {
				user.Disabled = true
			}))
			refused(t, s.open(t, old, judge, http.MethodGet, link))
		})
	}
}

// A row that is marked as used, and a database that is down.
func TestOldTableThatRefuses(t *testing.T) {
	old := oldSystems[0]
	s := newSite(t, old)
	judge := old.judge(t, s)
	_, err := s.db.ExecContext(t.Context(), `UPDATE resets SET used = TRUE`)
	require.NoError(t, err)
	refused(t, s.open(t, old, judge, http.MethodGet, old.links[0]))

	require.NoError(t, s.db.Close())
	answer := s.open(t, old, judge, http.MethodGet, old.links[0])
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
}

// Laravel's rows stay when they have expired, and matching one costs a bcrypt.
// Without the same cost for other addresses, the time of an answer would tell
// who has ever asked for a link.
func TestOldTableMatchesForAddressesWithoutARow(t *testing.T) {
	old := oldSystems[slices.IndexFunc(oldSystems, func(o oldSystem) bool {
		return o.name == "laravel"
	})]
	s := newSite(t, old)
	judge := old.judge(t, s)
	table, ok := judge.(*handover.Table)
	require.True(t, ok)
	var costs []string
	match := table.Match
	table.Match = func(
		ctx context.Context, secret, stored string,
	) (bool, error) {
		costs = append(costs, stored[:7])
		return match(ctx, secret, stored)
	}

	for _, address := range []string{ada, "nobody@app.example"} {
		refused(t, s.open(t, old, judge, http.MethodGet,
			"/reset-password/"+strings.Repeat("0", 64)+"?email="+address))
	}
	require.Equal(t, []string{"$2y$10$", "$2y$10$"}, costs)
}

// What is taken away with the new hash is there if that is not written.
func TestOldLinkDiesInTheTransactionOfTheNewHash(t *testing.T) {
	old := oldSystems[0]
	s := newSite(t, old)
	judge := old.judge(t, s)
	table, ok := judge.(*handover.Table)
	require.True(t, ok)
	forget := func(end func(*sql.Tx) error) {
		tx, err := s.db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		require.NoError(t, table.InTx(t.Context(), tx, reset.User{ID: "42"}))
		require.NoError(t, end(tx))
	}

	forget((*sql.Tx).Rollback)
	answer := s.open(t, old, judge, http.MethodGet, old.links[0])
	require.Contains(t, answer.Header.Get("Location"), "#token=")
	forget((*sql.Tx).Commit)
	refused(t, s.open(t, old, judge, http.MethodGet, old.links[0]))
}

// Old applications sign their sessions with the same secret.
func TestJWTOfASessionSetsNoPassword(t *testing.T) {
	old := oldSystems[len(oldSystems)-1]
	s := newSite(t, old)
	judge := old.judge(t, s)
	for _, audience := range [][]string{nil, {"session"}} {
		refused(t, s.open(t, old, judge, http.MethodGet,
			"/reset?token="+byHand(audience...)))
	}
}

func FuzzItsdangerous(f *testing.F) {
	f.Add("ImFkYUBhcHAuZXhhbXBsZSI.awA2QA.3_RCvUCdSAPtcaE_9_ROhalpqRs")
	f.Add(".eJxTqhgmwCGxoEAvtSIxtyAnVQkA0apioA.awA2QA.ERAGTTouiQcgFdnh4lYqPh0bx5A")
	f.Fuzz(func(t *testing.T, raw string) {
		payload, _, err := handover.Itsdangerous(
			raw, "flask-test-secret", "password-reset")
		if err == nil {
			require.True(t, json.Valid(payload))
		}
	})
}
