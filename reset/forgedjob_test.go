package reset_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

// untouchedStore fails the test when anything is looked up.
func untouchedStore(t *testing.T) *spyStore {
	return &spyStore{
		findByEmail: func(context.Context, string) ([]reset.User, error) {
			t.Error("looked up by address for a forged job")
			return nil, nil
		},
		findByID: func(context.Context, string) (reset.User, error) {
			t.Error("looked up by id for a forged job")
			return reset.User{}, reset.ErrUserNotFound
		},
	}
}

// requireRefused sees that a job is refused, once, for the reason, and that
// nothing it says about itself is in the event when it may be forged.
func requireRefused(t *testing.T, fx *fixture, job reset.Job, reason string) {
	t.Helper()
	before := len(fx.events.all())
	err := fx.Process(t.Context(), job)
	require.ErrorIs(t, err, reset.ErrJobRefused)
	require.NotContains(t, err.Error(), "@")
	require.Empty(t, fx.outbox.Messages())

	events := fx.events.all()[before:]
	require.Len(t, events, 1)
	ev := events[0]
	require.Equal(t, reset.OutcomeJobRefused, ev.Outcome)
	require.Equal(t, reset.Reason(reason), ev.Reason)
	require.ErrorIs(t, ev.Err, reset.ErrJobRefused)

	if reason == "bad-mac" {
		require.Empty(t, ev.RequestID+ev.UserID+string(ev.Purpose)+ev.TokenID)
		require.False(t, ev.Client.IsValid())
	}
}

func jobAt(now time.Time) reset.Job {
	return reset.Job{
		ID:          "x",
		Kind:        mail.KindReset,
		Email:       "ana@example.com",
		UserID:      "7",
		Locale:      "es",
		Client:      netip.MustParseAddr("2001:db8::1"),
		RequestedAt: now,
		Lifetime:    time.Hour,
	}
}

// fullJob has a value in each field but the MAC.
func fullJob(now time.Time) reset.Job {
	job := jobAt(now)
	fields := reflect.ValueOf(&job).Elem()
	for i := range fields.NumField() {
		switch field := fields.Field(i); {
		case fields.Type().Field(i).Name == "MAC" || !field.IsZero():
		case field.Kind() == reflect.Bool:
			field.SetBool(true)
		case field.Kind() == reflect.String:
			field.SetString("full")
		case field.Kind() == reflect.Slice:
			field.Set(reflect.ValueOf([]string{"full@example.com"}))
		}
	}
	return job
}

// Every field is changed, and emptied. Whatever field a later version adds is
// covered, or this fails.
func TestJobChangedInAnyFieldIsRefused(t *testing.T) {
	t.Parallel()
	store := untouchedStore(t)
	fx := newFixture(t, func(cfg *reset.Config) { cfg.Store = store })
	good := fx.Sign(fullJob(fx.clock.Now()))
	require.NotEmpty(t, good.MAC)

	changed := map[reflect.Type]any{
		reflect.TypeFor[string]():        "changed",
		reflect.TypeFor[mail.Kind]():     mail.KindPasswordChanged,
		reflect.TypeFor[netip.Addr]():    netip.MustParseAddr("2001:db8::2"),
		reflect.TypeFor[time.Time]():     good.RequestedAt.Add(time.Nanosecond),
		reflect.TypeFor[time.Duration](): time.Hour + 1,
		reflect.TypeFor[[]string]():      []string{"full@example.com", "x"},
		// its other value is the zero one
		reflect.TypeFor[bool](): nil,
	}

	fields := reflect.TypeFor[reset.Job]()
	for i := range fields.NumField() {
		t.Run(fields.Field(i).Name, func(t *testing.T) {
			forged := good
			field := reflect.ValueOf(&forged).Elem().Field(i)
			require.False(t, field.IsZero(), "fullJob lacks this field")
			value, ok := changed[field.Type()]
			require.True(t, ok, "no other value is known for %v", field.Type())
			if value != nil {
				field.Set(reflect.ValueOf(value))
				requireRefused(t, fx, forged, "bad-mac")
			}
			field.SetZero()
			requireRefused(t, fx, forged, "bad-mac")
		})
	}
}

func TestJobsThatNobodySignedAreRefused(t *testing.T) {
	t.Parallel()
	store := untouchedStore(t)
	fx := newFixture(t, func(cfg *reset.Config) { cfg.Store = store })
	otherSite := newFixture(
		t, func(cfg *reset.Config) { cfg.Site = "https://staging.example" },
	)
	otherRing := newFixture(t, func(cfg *reset.Config) {
		var err error
		cfg.Keys, err = token.GenerateKeys("test")
		require.NoError(t, err)
	})

	for _, kind := range []mail.Kind{
		mail.KindReset, mail.KindInvite, mail.KindPasswordChanged, "",
		"newsletter",
	} {
		job := jobAt(fx.clock.Now())
		job.Kind = kind
		good := fx.Sign(job).MAC
		for name, mac := range map[string]string{
			"empty": "", "another site's": otherSite.Sign(job).MAC,
			"another ring's": otherRing.Sign(job).MAC,
			"shorter":        good[:len(good)-1], "longer": good + "A",
			"padded": good + "=",
			"twice":  good + good, "flipped": flipLast(good),
			"blank":      strings.Repeat("A", len(good)),
			"upper case": strings.ToUpper(good),
		} {
			t.Run(name+" "+string(kind), func(t *testing.T) {
				forged := job
				forged.MAC = mac
				requireRefused(t, fx, forged, "bad-mac")
			})
		}
	}

	unwritable := jobAt(
		time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
	) // JSON has no such year
	requireRefused(t, fx, unwritable, "bad-mac")
}

func TestJobFromTheFutureOrWithoutADateIsNotDone(t *testing.T) {
	t.Parallel()
	const leeway = 10 * time.Second
	for kind, window := range map[mail.Kind]time.Duration{
		mail.KindReset: 15 * time.Minute, mail.KindInvite: 24 * time.Hour,
		mail.KindPasswordChanged: 24 * time.Hour,
	} {
		for _, ahead := range []time.Duration{leeway - 1, leeway} {
			fx := newFixture(t, nil)
			job := jobAt(fx.clock.Now().Add(ahead))
			job.Kind = kind
			require.NoError(t, fx.Process(t.Context(), fx.Sign(job)))
			require.Empty(t, fx.events.of(reset.OutcomeJobRefused))
		}

		for _, ahead := range []time.Duration{
			window + 1, window + time.Hour, 100 * 365 * 24 * time.Hour,
		} {
			fx := newFixture(t, nil)
			job := jobAt(fx.clock.Now().Add(ahead))
			job.Kind = kind
			requireRefused(t, fx, fx.Sign(job), "bad-date")
		}

		fx := newFixture(t, nil)
		undated := jobAt(time.Time{})
		undated.Kind = kind
		requireRefused(t, fx, fx.Sign(undated), "bad-date")
	}
}

// A process whose clock is ahead makes jobs that the others must not lose.
func TestJobThatIsEarlyIsKeptAndDoneWhenItIsDue(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{
		10*time.Second + 1, 5 * time.Minute, 15 * time.Minute,
	} {
		fx := newFixture(t, nil)
		job := jobAt(fx.clock.Now().Add(ahead))
		early := fx.Sign(job)
		err := fx.Process(t.Context(), early)
		require.Error(t, err)
		require.NotErrorIs(t, err, reset.ErrJobRefused)
		require.NotContains(t, err.Error(), "@")
		require.Equal(t, []string{"bad-date"},
			fx.events.reasons(reset.OutcomeJobRefused))

		// What somebody else has dated is not kept.
		requireRefused(t, fx, job, "bad-mac")

		fx.clock.advance(ahead - 10*time.Second)
		require.NoError(t, fx.Process(t.Context(), early))
		require.Len(t, fx.outbox.Messages(), 1)
	}
}

// A job that one process has queued runs in another, before, while and after
// the key is changed, until the old key is gone from the ring.
func TestJobsSurviveARotationOfKeys(t *testing.T) {
	t.Parallel()
	var keys []string
	for _, id := range []string{"old", "new"} {
		made, err := token.GenerateKeys(id)
		require.NoError(t, err)
		keys = append(keys, made.Reveal())
	}
	ring := func(keys ...string) func(*reset.Config) {
		return func(cfg *reset.Config) {
			var err error
			cfg.Keys, err = token.ParseKeys(strings.Join(keys, ","))
			require.NoError(t, err)
		}
	}
	before, during := newFixture(
		t, ring(keys[0]),
	), newFixture(t, ring(keys[1], keys[0]))
	gone := newFixture(t, ring(keys[1]))

	old := before.Sign(jobAt(before.clock.Now()))
	for _, fx := range []*fixture{before, during} {
		require.NoError(t, fx.Process(t.Context(), old))
		require.Len(t, fx.outbox.Messages(), 1)
	}
	requireRefused(t, gone, old, "bad-mac")
	require.NoError(
		t, gone.Process(t.Context(), during.Sign(jobAt(gone.clock.Now()))),
		"the first key signs",
	)
}

// What queues do to a job: another time zone, other spellings of JSON.
func TestSignedJobSurvivesItsQueue(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	job := jobAt(fx.clock.Now().Add(123456789 - time.Second))
	job.Email = "a&b<c>'ü@example.com"
	signed := fx.Sign(job)
	signed.RequestedAt = signed.RequestedAt.In(time.FixedZone("", -5*3600))
	text, err := json.Marshal(signed)
	require.NoError(t, err)

	var members map[string]any // as jsonb does: other order, other escapes
	require.NoError(t, json.Unmarshal(text, &members))
	text, err = json.MarshalIndent(members, "", "\t")
	require.NoError(t, err)
	var got reset.Job
	require.NoError(t, json.Unmarshal(text, &got))
	require.NoError(t, fx.Process(t.Context(), got))
}

// countingService makes a service of a fixed key, the same in all processes,
// that counts what it asks of its store and its mailer.
func countingService(
	f *testing.F, now time.Time, asked *int,
) *reset.Service {
	f.Helper()
	store := &spyStore{
		findByEmail: func(context.Context, string) ([]reset.User, error) {
			*asked++
			return nil, nil
		},
		findByID: func(context.Context, string) (reset.User, error) {
			*asked++
			return reset.User{}, reset.ErrUserNotFound
		},
	}
	ring, err := token.ParseKeys(
		"k1:" + base64.StdEncoding.EncodeToString([]byte("qX7#mV2!zR9@kL4$wT6%nB8^hJ3&yC5*")),
	)
	require.NoError(f, err)

	svc, err := reset.New(reset.Config{
		Site:  site,
		From:  "no-reply@app.example",
		Keys:  ring,
		Store: store,
		Mailer: mail.MailerFunc(func(context.Context, mail.Message) error {
			*asked++
			return nil
		}),
		Events:   reset.SinkFunc(func(context.Context, reset.Event) {}),
		Now:      func() time.Time { return now },
		Sessions: reset.KeepSessions(),
		Queue:    reset.Queue{Synchronous: true},
	})
	require.NoError(f, err)
	return svc
}

func FuzzJobFromAHostileQueue(f *testing.F) {
	var asked int
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	svc := countingService(f, now, &asked)

	good := svc.Sign(jobAt(now))
	text, err := json.Marshal(good)
	require.NoError(f, err)
	f.Add(text)
	for _, forged := range []string{
		`{}`, `null`,
		`{"id":"x","kind":"reset","email":"ana@example.com",` +
			`"requested_at":"2026-11-21T12:00:00Z"}`,
		strings.Replace(string(text), `"id"`, `"ID"`, 1),
		strings.Replace(string(text), "{", `{"email":"eve@example.com",`, 1),
		strings.Replace(string(text), "}", `,"email":"eve@example.com"}`, 1),
		strings.Replace(string(text), "12:00", "13:00", 1),
	} {
		f.Add([]byte(forged))
	}

	f.Fuzz(func(t *testing.T, text []byte) {
		var job reset.Job
		if json.Unmarshal(text, &job) != nil {
			return
		}

		asked = 0
		err := svc.Process(context.Background(), job)
		same := job
		same.RequestedAt = same.RequestedAt.UTC()
		if reflect.DeepEqual(same, good) {
			if err != nil || asked == 0 {
				t.Fatalf("the genuine job: %v", err)
			}
			return
		}
		if err == nil || asked > 0 {
			t.Fatalf("%s: processed", text)
		}
	})
}
