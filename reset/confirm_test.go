package reset_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/policy"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

// What happens to an account between the link and its use, and what becomes of the link.
func TestOddStatesBetweenIssueAndConfirm(t *testing.T) {
	t.Parallel()
	update := func(change func(user *reset.User)) func(*testing.T, *fixture) {
		return func(t *testing.T, sc *fixture) {
			t.Helper()
			require.NoError(t, sc.store.Update("7", change))
		}
	}
	for name, row := range map[string]struct {
		change func(t *testing.T, sc *fixture)
		reason string // "" means that the link still works
	}{
		"nothing":                {update(func(*reset.User) {}), ""},
		"signed in":              {update(func(*reset.User) {}), ""},
		"language changed":       {update(func(user *reset.User) { user.Locale = "es" }), ""},
		"disabled":               {update(func(user *reset.User) { user.Disabled = true }), reset.ReasonDisabled},
		"address changed":        {update(func(user *reset.User) { user.Email = "ana@new.example" }), "stale"},
		"address case changed":   {update(func(user *reset.User) { user.Email = "Ana@example.com" }), "stale"},
		"address removed":        {update(func(user *reset.User) { user.Email = "" }), "stale"},
		"password changed":       {update(func(user *reset.User) { user.PasswordHash = "$argon2id$other" }), "stale"},
		"re-hashed at login":     {update(func(user *reset.User) { user.PasswordHash = oldHash + "x" }), "stale"},
		"password removed":       {update(func(user *reset.User) { user.PasswordHash = "" }), "stale"},
		"password made unusable": {update(func(user *reset.User) { user.PasswordHash = "!" + oldHash }), "stale"},
		"stamp changed":          {update(func(user *reset.User) { user.Stamp = "2" }), "stale"},
		"deleted": {func(t *testing.T, sc *fixture) {
			t.Helper()
			require.NoError(t, sc.store.Delete("7"))
		}, "unknown-user"},
		"deleted and the id used again": {func(t *testing.T, sc *fixture) {
			t.Helper()
			require.NoError(t, sc.store.Delete("7"))
			sc.add(t, reset.User{ID: "7", Email: "new@example.com", PasswordHash: "$argon2id$new"})
		}, "stale"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sc := newFixture(t, nil)
			raw := sc.link(t, "7")
			row.change(t, sc)
			before, _ := sc.store.FindByID(t.Context(), "7")
			_, checkErr := sc.Check(t.Context(), raw)
			err := sc.confirm(t, raw)
			if row.reason == "" {
				require.NoError(t, checkErr)
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, checkErr, reset.ErrRejected)
			require.ErrorIs(t, err, reset.ErrRejected)
			require.Equal(t, reset.ErrRejected.Error(), err.Error(), "one text for all rejections")
			require.Equal(t, []string{row.reason}, sc.events.reasons(reset.OutcomeCheckRejected))
			require.Equal(t, []string{row.reason}, sc.events.reasons(reset.OutcomeRejected))
			after, _ := sc.store.FindByID(t.Context(), "7")
			require.True(t, before == after, "a refused link has changed the account")
			sc.drain(t)
			require.Empty(t, sc.outbox.Messages())
		})
	}
}

// The same between verification and write, where only the conditional write can see it.
func TestOddStatesBetweenVerifyAndWrite(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(user *reset.User){
		"disabled":         func(user *reset.User) { user.Disabled = true },
		"address changed":  func(user *reset.User) { user.Email = "ana@new.example" },
		"password changed": func(user *reset.User) { user.PasswordHash = "$argon2id$other" },
		"stamp changed":    func(user *reset.User) { user.Stamp = "2" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sc *fixture
			sc = newFixture(t, func(cfg *reset.Config) {
				cfg.Policy = policyFunc(func(context.Context, string, []string) error {
					return sc.store.Update("7", change)
				})
			})
			raw := sc.link(t, "7")
			require.ErrorIs(t, sc.confirm(t, raw), reset.ErrRejected)
			require.Len(t, sc.events.of(reset.OutcomeLostRace), 1)
			want := ana()
			change(&want)
			require.True(t, want == sc.user(t, "7"), "the change in between was overwritten")
		})
	}
}

func TestStoreThatReturnsAnotherAccountIsRefused(t *testing.T) {
	t.Parallel()
	sc, spy := newSpyFixture(t, nil)
	raw := sc.link(t, "7")
	spy.findByID = func(context.Context, string) (reset.User, error) {
		user := ana()
		user.ID = "07"
		return user, nil
	}
	require.ErrorIs(t, sc.confirm(t, raw), reset.ErrRejected)
	require.Equal(t, []string{"unknown-user"}, sc.events.reasons(reset.OutcomeRejected))
}

func TestStoreThatReturnsAnotherAccountIsRefusedEverywhere(t *testing.T) {
	t.Parallel()
	sc, spy := newSpyFixture(t, nil)
	spy.findByID = func(context.Context, string) (reset.User, error) {
		user := ana()
		user.PasswordHash = oldHash
		return user, nil
	}
	for _, id := range []string{"07", " 7", "7abc"} {
		_, err := sc.Link(t.Context(), id, reset.LinkOptions{})
		require.ErrorIs(t, err, reset.ErrUserNotFound)
		require.NoError(t, sc.Process(t.Context(), sc.Sign(reset.Job{
			Kind: mail.KindReset, UserID: id, Email: "ana@example.com", RequestedAt: sc.clock.Now(),
		})))
	}
	require.Empty(t, sc.outbox.Messages())
}

func TestBadTokensReachNeitherStoreNorPolicy(t *testing.T) {
	t.Parallel()
	sc, spy := newSpyFixture(t, func(cfg *reset.Config) {
		cfg.Policy = policyFunc(func(context.Context, string, []string) error {
			t.Error("the policy was asked about a password that comes with a bad link")
			return nil
		})
	})
	good := sc.link(t, "7")
	otherKeys := newFixture(t, func(cfg *reset.Config) {
		key, err := token.GenerateKey("test")
		require.NoError(t, err)
		cfg.Keys, err = token.NewKeys(key)
		require.NoError(t, err)
	})
	otherSite := newFixture(t, func(cfg *reset.Config) { cfg.Site = "https://staging.example" })
	spy.findByID = func(context.Context, string) (reset.User, error) {
		t.Error("the store was asked for a token that is not good")
		return reset.User{}, reset.ErrUserNotFound
	}
	for name, raw := range map[string]string{
		"empty": "", "space": " ", "dots": "..", "words": "not a token", "long": strings.Repeat("a.", 5<<20),
		"cut": good[:len(good)-1], "longer": good + "A", "line break": good + "\n", "wrapped": "Bearer " + good,
		"changed": strings.Replace(good, ".", ".A", 1), "flipped": flipLast(good), "link": site + "/reset-password#token=" + good,
		"of another key": otherKeys.link(t, "7"), "of another site": otherSite.link(t, "7"),
	} {
		err := sc.confirm(t, raw)
		require.ErrorIs(t, err, reset.ErrRejected, name)
		require.Equal(t, reset.ErrRejected.Error(), err.Error(), name)
		_, err = sc.Check(t.Context(), raw)
		require.ErrorIs(t, err, reset.ErrRejected, name)
	}
	sc.clock.advance(time.Hour + time.Second)
	require.ErrorIs(t, sc.confirm(t, good), reset.ErrRejected)
	reasons := sc.events.reasons(reset.OutcomeRejected)
	require.Equal(t, "expired", reasons[len(reasons)-1])
	for _, ev := range sc.events.of(reset.OutcomeRejected) {
		if ev.Reason != "expired" {
			require.Empty(t, ev.UserID, "an id out of a token whose signature is not good: %s", ev.Reason)
		}
	}
}

func flipLast(raw string) string {
	last := byte('A')
	if raw[len(raw)-1] == 'A' {
		last = 'B'
	}
	return raw[:len(raw)-1] + string(last)
}

func TestLinkDiesToTheSecond(t *testing.T) {
	t.Parallel()
	for after, good := range map[time.Duration]bool{time.Hour - time.Second: true, time.Hour: false, time.Hour + time.Second: false} {
		sc := newFixture(t, nil)
		raw := sc.link(t, "7")
		sc.clock.advance(after)
		err := sc.confirm(t, raw)
		if good {
			require.NoError(t, err, after)
		} else {
			require.ErrorIs(t, err, reset.ErrRejected, after)
		}
	}
}

// Two machines whose clocks disagree a little share one key.
func TestClockOfTheIssuerMayBeTenSecondsAhead(t *testing.T) {
	t.Parallel()
	for ahead, good := range map[time.Duration]bool{9 * time.Second: true, 10 * time.Second: true, 11 * time.Second: false} {
		sc := newFixture(t, nil)
		sc.clock.advance(ahead)
		raw := sc.link(t, "7")
		sc.clock.advance(-ahead)
		_, err := sc.Check(t.Context(), raw)
		require.Equal(t, good, err == nil, ahead)
	}
}

func TestSinkIsNotCutOffByAVisitorWhoHangsUp(t *testing.T) {
	t.Parallel()
	recorded := 0
	sc := newFixture(t, func(cfg *reset.Config) {
		cfg.Events = reset.SinkFunc(func(ctx context.Context, _ reset.Event) {
			require.NoError(t, ctx.Err())
			_, bounded := ctx.Deadline()
			require.True(t, bounded)
			recorded++
		})
	})
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	require.Error(t, sc.Confirm(ctx, reset.ConfirmInput{Token: "made up", Password: newPassword}))
	require.Equal(t, 1, recorded)
}

func TestRefusedPasswordSpendsNothing(t *testing.T) {
	t.Parallel()
	sc := newFixture(t, nil)
	sc.store.AddSession("7")
	raw := sc.link(t, "7")
	for _, password := range []string{"", "short", strings.Repeat("x", 14), strings.Repeat("é", 600), "with\x00a NUL and long"} {
		err := sc.Confirm(t.Context(), reset.ConfirmInput{Token: raw, Password: password})
		refused, ok := errors.AsType[*policy.Error](err)
		require.True(t, ok, "%q: %v", password, err)
		require.NotEmpty(t, refused.Problems)
		require.Equal(t, oldHash, sc.user(t, "7").PasswordHash)
	}
	require.Len(t, sc.events.of(reset.OutcomePasswordRefused), 5)
	require.Equal(t, 1, sc.store.Sessions("7"))
	require.NoError(t, sc.confirm(t, raw))
}

func TestMFALowersTheMinimum(t *testing.T) {
	t.Parallel()
	sc := newFixture(t, func(cfg *reset.Config) { cfg.Policy = mfaPolicy(t) })
	raw := sc.link(t, "7")
	err := sc.Confirm(t.Context(), reset.ConfirmInput{Token: raw, Password: "quokka7"})
	require.Error(t, err)
	require.NoError(t, sc.Confirm(t.Context(), reset.ConfirmInput{Token: raw, Password: "quokka78"}))
}

func TestPolicyIsGivenTheWordsOfSiteAndAccount(t *testing.T) {
	t.Parallel()
	var got []string
	sc := newFixture(t, func(cfg *reset.Config) {
		cfg.Mail.Product = "Quillbox"
		cfg.Policy = policyFunc(func(_ context.Context, password string, words []string) error {
			require.Equal(t, "  kept as typed  ", password)
			got = words
			return nil
		})
	})
	require.NoError(t, sc.Confirm(t.Context(), reset.ConfirmInput{Token: sc.link(t, "7"), Password: "  kept as typed  "}))
	require.Equal(t, []string{"Quillbox", "app.example", "ana@example.com", "ana"}, got)
	result, err := cheapHasher().Verify(t.Context(), "  kept as typed  ", sc.user(t, "7").PasswordHash)
	require.NoError(t, err)
	require.True(t, result.OK)
}

func TestBoundsOfTheHasherAreRefusedPasswordsToo(t *testing.T) {
	t.Parallel()
	sc := newFixture(t, func(cfg *reset.Config) {
		cfg.Policy = policyFunc(func(context.Context, string, []string) error { return nil })
	})
	raw := sc.link(t, "7")
	for password, code := range map[string]policy.Code{
		"": policy.CodeTooShort,
		strings.Repeat("x", hash.MaxPasswordBytes+1): policy.CodeTooLong,
	} {
		err := sc.Confirm(t.Context(), reset.ConfirmInput{Token: raw, Password: password})
		refused, ok := errors.AsType[*policy.Error](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, code, refused.Problems[0].Code)
	}
	require.NoError(t, sc.Confirm(t.Context(), reset.ConfirmInput{Token: raw, Password: strings.Repeat("x", hash.MaxPasswordBytes)}))
}

func TestStoreDownAtConfirmIsNoRejection(t *testing.T) {
	t.Parallel()
	sc, spy := newSpyFixture(t, nil)
	raw := sc.link(t, "7")
	spy.findByID = func(context.Context, string) (reset.User, error) { return reset.User{}, errLost }
	err := sc.confirm(t, raw)
	require.ErrorIs(t, err, errLost)
	require.NotErrorIs(t, err, reset.ErrRejected)
	_, err = sc.Check(t.Context(), raw)
	require.ErrorIs(t, err, errLost)
	spy.findByID = nil
	require.NoError(t, sc.confirm(t, raw))
}

func TestCheckChangesNothing(t *testing.T) {
	t.Parallel()
	sc := newFixture(t, nil)
	raw := sc.link(t, "7")
	for range 100 {
		_, err := sc.Check(t.Context(), raw)
		require.NoError(t, err)
	}
	require.True(t, ana() == sc.user(t, "7"))
	require.NoError(t, sc.confirm(t, raw))
	sc.drain(t)
	require.Equal(t, []reset.Outcome{reset.OutcomeLinkMade, reset.OutcomeConfirmed, reset.OutcomeNoticeMailed}, sc.events.outcomes())
}

// The order of everything a confirmation does, as the parts see it.
func TestConfirmOrder(t *testing.T) {
	t.Parallel()
	var steps []string
	step := func(name string) { steps = append(steps, name) }
	limiter := func(name string) reset.Limiter {
		return reset.LimiterFunc(func(context.Context, string) (time.Duration, bool, error) {
			step(name)
			return 0, true, nil
		})
	}
	sc, spy := newSpyFixture(t, func(cfg *reset.Config) {
		cfg.Queue.Synchronous = true
		cfg.Limits = reset.Limits{ConfirmClient: limiter("limit client"), ConfirmUser: limiter("limit user")}
		cfg.Policy = policyFunc(func(context.Context, string, []string) error {
			step("policy")
			return nil
		})
		cfg.Sessions = reset.EndSessionsWith(func(context.Context, string) error {
			step("sessions")
			return nil
		})
		cfg.Hooks.OnConfirmed = []func(context.Context, reset.Confirmation) error{
			func(context.Context, reset.Confirmation) error {
				step("hook")
				return nil
			},
		}
		cfg.Events = reset.SinkFunc(func(_ context.Context, ev reset.Event) { step(string(ev.Outcome)) })
		cfg.Mailer = mail.MailerFunc(func(context.Context, mail.Message) error {
			step("notice")
			return nil
		})
	})
	raw := sc.link(t, "7")
	spy.findByID = func(ctx context.Context, id string) (reset.User, error) {
		step("load")
		return spy.Store.FindByID(ctx, id)
	}
	spy.replace = func(ctx context.Context, seen reset.User, encoded string) error {
		require.True(t, strings.HasPrefix(encoded, "$argon2id$"))
		step("replace")
		return spy.Store.ReplaceHash(ctx, seen, encoded)
	}
	steps = nil
	require.NoError(t, sc.Confirm(t.Context(), reset.ConfirmInput{Token: raw, Password: newPassword, Client: netip.MustParseAddr("192.0.2.1")}))
	require.Equal(t, []string{
		"limit user", "load", "policy", "replace", "sessions", "confirmed", "hook", "notice", "notice-mailed",
	}, steps)
}

// Each part fails once, by an error and by a panic, and the state afterwards is either all old with a good
// link, or all new.
func TestFaultAtEachStepOfConfirm(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	for _, step := range []string{"load", "policy", "replace", "sessions", "hook", "sink", "mailer"} {
		for _, panics := range []bool{false, true} {
			if panics && step == "policy" {
				continue // it panics in the visitor's goroutine, before anything is changed; net/http recovers
			}
			t.Run(fmt.Sprintf("%s/panic=%t", step, panics), func(t *testing.T) {
				t.Parallel()
				var armed atomic.Bool
				fault := func(at string) error {
					if !armed.Load() || at != step {
						return nil
					}
					if panics {
						panic("boom")
					}
					return boom
				}
				sc, spy := newSpyFixture(t, func(cfg *reset.Config) {
					events, outbox := cfg.Events, cfg.Mailer
					cfg.Policy = policyFunc(func(context.Context, string, []string) error { return fault("policy") })
					cfg.Sessions = reset.EndSessionsWith(func(context.Context, string) error { return fault("sessions") })
					cfg.Hooks.OnConfirmed = []func(context.Context, reset.Confirmation) error{
						func(context.Context, reset.Confirmation) error { return fault("hook") },
					}
					cfg.Events = reset.SinkFunc(func(ctx context.Context, ev reset.Event) {
						events.Record(ctx, ev)
						_ = fault("sink")
					})
					cfg.Mailer = mail.MailerFunc(func(ctx context.Context, msg mail.Message) error {
						if err := fault("mailer"); err != nil {
							return &mail.SendError{Verdict: mail.VerdictPermanent, Err: err}
						}
						return outbox.Send(ctx, msg)
					})
				})
				spy.findByID = func(ctx context.Context, id string) (reset.User, error) {
					if err := fault("load"); err != nil {
						return reset.User{}, err
					}
					return spy.Store.FindByID(ctx, id)
				}
				spy.replace = func(ctx context.Context, seen reset.User, encoded string) error {
					if err := fault("replace"); err != nil {
						return err
					}
					return spy.Store.ReplaceHash(ctx, seen, encoded)
				}
				raw := sc.link(t, "7")
				armed.Store(true)
				err := sc.confirm(t, raw)
				changed := sc.user(t, "7").PasswordHash != oldHash
				switch step {
				case "load", "policy", "replace":
					require.Error(t, err)
					require.NotErrorIs(t, err, reset.ErrRejected)
					require.False(t, changed)
					require.Len(t, sc.events.of(reset.OutcomeConfirmFailed), 1)
					armed.Store(false)
					require.NoError(t, sc.confirm(t, raw), "the link must stay good")
				default:
					require.NoError(t, err)
					require.True(t, changed)
					sc.drain(t)
					require.Len(t, sc.events.of(reset.OutcomeConfirmed), 1)
					for at, outcome := range map[string]reset.Outcome{
						"sessions": reset.OutcomeSessionsFailed, "hook": reset.OutcomeHookFailed, "mailer": reset.OutcomeNoticeFailed,
					} {
						if at == step {
							require.Len(t, sc.events.of(outcome), 1)
							require.Error(t, sc.events.of(outcome)[0].Err)
						} else {
							require.Empty(t, sc.events.of(outcome))
						}
					}
				}
			})
		}
	}
}

func TestBusyHasherIsAnInternalError(t *testing.T) {
	t.Parallel()
	slots, err := hash.NewSlots(hash.SlotsConfig{Count: 1, Queue: 1})
	require.NoError(t, err)
	hasher, err := hash.New(hash.Config{Slots: slots})
	require.NoError(t, err)
	// Somebody else hashes without a pause, and somebody else waits: there is no room.
	ctx, stop := context.WithCancel(t.Context())
	var others sync.WaitGroup
	for range 4 {
		others.Go(func() {
			for ctx.Err() == nil {
				_, _ = hasher.Hash(ctx, newPassword)
			}
		})
	}
	sc := newFixture(t, func(cfg *reset.Config) { cfg.Hasher = hasher })
	for {
		if err := sc.confirm(t, sc.link(t, "7")); err != nil {
			require.ErrorIs(t, err, hash.ErrBusy)
			require.NotErrorIs(t, err, reset.ErrRejected)
			break
		}
	}
	stop()
	others.Wait()
	require.Contains(t, sc.events.reasons(reset.OutcomeConfirmFailed), reset.ReasonBusy)
}

// Junk from behind an address that many share must not keep others there from
// using good links.
func TestJunkFromANeighbourDoesNotKeepGoodLinksOut(t *testing.T) {
	t.Parallel()
	sc := newFixture(t, func(cfg *reset.Config) { cfg.Limits = reset.Limits{} })
	shared := netip.MustParseAddr("192.0.2.1")
	post := func(raw string) error {
		return sc.Confirm(t.Context(), reset.ConfirmInput{Token: raw, Password: newPassword, Client: shared})
	}
	for range 40 {
		_ = post("junk")
	}

	refused, throttledJunk := 0, 0
	for i := range 50 {
		id := fmt.Sprintf("user%d", i)
		sc.add(t, reset.User{ID: id, Email: id + "@example.com", PasswordHash: oldHash})
		sc.clock.advance(5 * time.Second)
		if _, throttled := errors.AsType[*reset.ThrottledError](post("junk")); throttled {
			throttledJunk++
		}
		if post(sc.link(t, id)) != nil {
			refused++
		}
	}
	require.Zero(t, refused, "of 50 good links")
	require.Greater(t, throttledJunk, 30, "junk itself is limited")
}

// Whatever a visitor sends is charged once: to the account when the link is
// signed and in time, before the account is loaded, and else to the client.
func TestEachConfirmationIsChargedOnce(t *testing.T) {
	t.Parallel()
	update := func(change func(user *reset.User)) func(*fixture) {
		return func(sc *fixture) { _ = sc.store.Update("7", change) }
	}
	nothing := func(*fixture) {}
	same := func(raw string) string { return raw }
	for name, row := range map[string]struct {
		change func(sc *fixture)
		send   func(raw string) string
		want   string
	}{
		"good":            {nothing, same, "confirm-user"},
		"stale":           {update(func(user *reset.User) { user.Stamp = "2" }), same, "confirm-user"},
		"disabled":        {update(func(user *reset.User) { user.Disabled = true }), same, "confirm-user"},
		"deleted":         {func(sc *fixture) { _ = sc.store.Delete("7") }, same, "confirm-user"},
		"expired":         {func(sc *fixture) { sc.clock.advance(time.Hour) }, same, "confirm-client"},
		"from the future": {func(sc *fixture) { sc.clock.advance(-time.Minute) }, same, "confirm-client"},
		"forged":          {nothing, flipLast, "confirm-client"},
		"nonsense":        {nothing, func(string) string { return "junk" }, "confirm-client"},
		"empty":           {nothing, func(string) string { return "" }, "confirm-client"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var keys keyLog
			sc, spy := newSpyFixture(t, func(cfg *reset.Config) { cfg.Limits = keys.limits() })
			raw := row.send(sc.link(t, "7"))
			row.change(sc)
			spy.findByID = func(ctx context.Context, id string) (reset.User, error) {
				require.Equal(t, []string{"confirm-user"}, names(keys.keys), "loaded before it was charged")
				return spy.Store.FindByID(ctx, id)
			}
			_ = sc.Confirm(t.Context(), reset.ConfirmInput{Token: raw, Password: newPassword, Client: netip.MustParseAddr("192.0.2.1")})
			require.Equal(t, []string{row.want}, names(keys.keys))
		})
	}
}

// mfaPolicy is the default policy of an application that asks for a second
// factor.
func mfaPolicy(t *testing.T) *policy.Policy {
	t.Helper()
	p, err := policy.New(policy.Config{MFA: true})
	require.NoError(t, err)
	return p
}
