package django_test

import (
	"bufio"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
	"github.com/lostkey-go/lostkey/token"
)

// An application is a running Django and its table.
type application struct {
	t        *testing.T
	requests *json.Encoder
	answers  *bufio.Scanner
	db       *sql.DB
	dialect  sqlstore.Dialect
	tag      int // bytes of its argon2 tags
}

// An answer has what the application's commands tell.
type answer struct {
	Django     string
	Tag        int
	ID, Stored string
	OK         bool
	MustUpdate bool `json:"must_update"`
	Rewritten  bool
	Session    string
}

// start runs Django over a database with a hasher, and its iterations if it has
// any.
func start(
	t *testing.T, d database, hasher string, iterations int,
) *application {
	t.Helper()
	python := cmp.Or(os.Getenv("LOSTKEY_PYTHON"), "/usr/bin/python3")
	probe := exec.CommandContext(
		t.Context(), python, "-c", "import django, argon2, "+d.module,
	)
	if out, err := probe.CombinedOutput(); err != nil {
		if os.Getenv("LOSTKEY_REQUIRE_TOOLS") == "1" {
			t.Fatalf("no Django (LOSTKEY_PYTHON): %v: %s", err, out)
		}
		t.Skipf("no Django with %s: %v", d.module, err)
	}

	settings, db := d.prepare(t)
	encoded, err := json.Marshal(settings)
	require.NoError(t, err)
	// It ends with its input, and must outlive the test's own context.
	cmd := exec.CommandContext(
		context.WithoutCancel(t.Context()), python, "application.py",
		string(encoded), hasher, strconv.Itoa(iterations),
	)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		require.NoError(t, in.Close())
		require.NoError(t, cmd.Wait())
	})

	app := &application{
		t: t, requests: json.NewEncoder(in), answers: bufio.NewScanner(out),
		db: db, dialect: d.dialect,
	}
	version := app.do("version", "", "")
	app.tag = version.Tag
	t.Logf("Django %s", version.Django)
	return app
}

// do runs one command of the application.
func (app *application) do(command, name, password string) answer {
	app.t.Helper()
	require.NoError(app.t, app.requests.Encode(map[string]string{
		"do": command, "name": name, "password": password,
		"email": name + "@example.org",
	}))
	return app.answer()
}

// visit tells whether a session of Django's is signed in.
func (app *application) visit(session string) bool {
	app.t.Helper()
	require.NoError(app.t, app.requests.Encode(map[string]string{
		"do": "visit", "session": session,
	}))
	return app.answer().OK
}

func (app *application) answer() answer {
	app.t.Helper()
	require.True(app.t, app.answers.Scan(), "Django has ended")
	var a answer
	require.NoError(app.t, json.Unmarshal(app.answers.Bytes(), &a))
	return a
}

// authUser is Django's table as it is.
var authUser = sqlstore.Table{
	Name: "auth_user", ID: "id", Email: "email", Hash: "password",
	Active: "is_active",
}

func (app *application) store() *sqlstore.Store {
	app.t.Helper()
	store, err := sqlstore.New(app.db, sqlstore.Config{
		Dialect: app.dialect, Table: authUser,
	})
	require.NoError(app.t, err)
	return store
}

func (app *application) find(store *sqlstore.Store, name string) reset.User {
	app.t.Helper()
	users, err := store.FindByEmail(app.t.Context(), name+"@example.org")
	require.NoError(app.t, err)
	require.Len(app.t, users, 1)
	return users[0]
}

// hashers are the two that Django documents, each beside what is named here.
var hashers = map[string]struct {
	iterations int
	params     func(app *application) hash.Params
}{
	"argon2": {0, func(app *application) hash.Params {
		return hash.Django{
			Algorithm: hash.Argon2id{}, TagBytes: app.tag,
		}
	}},
	"pbkdf2_sha256": {600_000, func(*application) hash.Params {
		return hash.Django{
			Algorithm: hash.PBKDF2SHA256{Rounds: 600_000},
		}
	}},
}

func TestDjangoAndThisLibrarySignInFromOneTable(t *testing.T) {
	const first, second, third = "seven grey herons", "eight red foxes", "äöü✓ 9 geese"
	eachDatabase(t, func(t *testing.T, d database) {
		for name, c := range hashers {
			t.Run(name, func(t *testing.T) {
				app := start(t, d, name, c.iterations)
				hasher, err := hash.New(hash.Config{Params: c.params(app)})
				require.NoError(t, err)
				store := app.store()
				app.do("create", "ana", first)
				before := app.do("login", "ana", first)
				require.True(t, app.visit(before.Session))

				// Django wrote it, and it is current here.
				user := app.find(store, "ana")
				signsIn(t, hasher, store, user, first)

				// A reset here ends Django's session, and Django signs in
				// without touching the row.
				app.reset(store, hasher, "ana", second)
				require.False(t, app.visit(before.Session))
				require.False(t, app.do("login", "ana", first).OK)
				user = app.find(store, "ana")
				require.LessOrEqual(t, len(user.PasswordHash), 128)
				got := app.do("login", "ana", second)
				require.True(t, app.visit(got.Session))
				got.Session = ""
				require.Equal(t, answer{OK: true, Stored: user.PasswordHash}, got)
				signsIn(t, hasher, store, user, second)

				// A reset there, and the sign-in here touches nothing.
				after := app.do("reset", "ana", third)
				require.True(t, after.OK)
				now := app.find(store, "ana")
				require.Equal(t, after.Stored, now.PasswordHash)
				signsIn(t, hasher, store, now, third)
				require.True(t, app.do("login", "ana", third).OK)

				// What was seen before Django's reset is stale.
				require.ErrorIs(t, store.ReplaceHash(
					t.Context(), user, user.PasswordHash,
				), reset.ErrStale)
			})
		}
	})
}

// reset asks for a link here, opens it, and sets a password.
func (app *application) reset(
	store *sqlstore.Store, hasher *hash.Hasher, name, password string,
) {
	app.t.Helper()
	keys, err := token.GenerateKeys("k1")
	require.NoError(app.t, err)
	mailbox := &mailtest.Recorder{}
	service, err := reset.New(reset.Config{
		Site: "https://app.example", From: "App <no-reply@app.example>",
		Keys: keys, Store: store, Hasher: hasher, Mailer: mailbox,
		// Django's sessions are bound to the hash.
		Sessions: reset.KeepSessions(),
		Events:   reset.SinkFunc(func(context.Context, reset.Event) {}),
	})
	require.NoError(app.t, err)

	require.NoError(app.t, service.Request(app.t.Context(), reset.RequestInput{
		Email: name + "@example.org",
	}))
	mails, err := mailbox.Wait(app.t.Context(), 1)
	require.NoError(app.t, err)
	require.NoError(app.t, service.Confirm(app.t.Context(), reset.ConfirmInput{
		Token: mailtest.Token(mails[0]), Password: password,
	}))
	require.NoError(app.t, service.Shutdown(app.t.Context()))
}

// signsIn signs in here and expects that the row is left alone.
func signsIn(
	t *testing.T, hasher *hash.Hasher, store *sqlstore.Store, user reset.User,
	password string,
) {
	t.Helper()
	res, err := hasher.VerifyAndUpdate(
		t.Context(), password, user.PasswordHash, store.SwapFor(user),
	)
	require.NoError(t, err)
	require.True(t, res.OK)
	require.False(t, res.NeedsRehash, user.PasswordHash)
	require.False(t, res.Updated)

	res, err = hasher.Verify(t.Context(), password+"x", user.PasswordHash)
	require.NoError(t, err)
	require.False(t, res.OK)
}

// With other figures than Django's the two rewrite each other's rows for ever.
func TestOtherFiguresThanDjangosAreRewrittenAtItsLogin(t *testing.T) {
	eachDatabase(t, func(t *testing.T, d database) {
		app := start(t, d, "pbkdf2_sha256", 600_000)
		hasher, err := hash.New(hash.Config{
			Params: hash.Django{
				Algorithm: hash.PBKDF2SHA256{Rounds: 720_000},
			},
		})
		require.NoError(t, err)
		store := app.store()
		app.do("create", "ana", "seven grey herons")

		user := app.find(store, "ana")
		require.True(t, hasher.NeedsRehash(user.PasswordHash))
		encoded, err := hasher.Hash(t.Context(), "eight red foxes")
		require.NoError(t, err)
		require.NoError(t, store.ReplaceHash(t.Context(), user, encoded))

		got := app.do("login", "ana", "eight red foxes")
		require.True(t, got.OK)
		require.True(t, got.MustUpdate)
		require.True(t, got.Rewritten)
	})
}

func TestAnInactiveUserOfDjangoIsDisabled(t *testing.T) {
	eachDatabase(t, func(t *testing.T, d database) {
		app := start(t, d, "pbkdf2_sha256", 600_000)
		store := app.store()
		app.do("create", "ana", "seven grey herons")
		active := app.find(store, "ana")
		require.False(t, active.Disabled)

		app.do("deactivate", "ana", "")
		require.True(t, app.find(store, "ana").Disabled)
		require.ErrorIs(
			t, store.ReplaceHash(t.Context(), active, "new"), reset.ErrStale,
		)
	})
}
