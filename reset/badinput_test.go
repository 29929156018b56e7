package reset_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/policy"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

var huge = strings.Repeat("a", 5<<20)

// badText is what no caller should pass on, and each must.
var badText = []string{
	"", " ", "\x00", "a\r\nb", "\xff\xfe", "eyJ.eyJ.", "..", huge,
}

// anything changes nothing, and a link that it is used for stays good.
func anything(context.Context, reset.User) error {
	return errors.New("applied")
}

// Whatever stands in the place of a token is one refused link.
func TestTextThatIsNoTokenIsRefusedByEveryStep(t *testing.T) {
	t.Parallel()
	fx, _ := newPurposeFixture(t, func(cfg *reset.Config) {
		cfg.Hooks.OnDisputed = (&disputes{}).lock
	})
	steps := map[string]func(text string) error{
		"Check": func(text string) error { return fx.check(t, text) },
		"CheckDispute": func(text string) error {
			return second(fx.CheckDispute(
				t.Context(), reset.CheckInput{Token: text},
			))
		},
		"Confirm": func(text string) error { return fx.confirm(t, text) },
		"Dispute": func(text string) error { return fx.dispute(t, text) },
		"Redeem": func(text string) error {
			return fx.redeem(t, text, anything)
		},
	}

	good := fx.link(t, "7")
	for _, text := range append(
		badText, good+" ", " "+good, good+"\n", good+good, good+huge,
		strings.ToUpper(good), site+"/reset-password/#token="+good,
	) {
		for name, step := range steps {
			err := step(text)
			require.ErrorIs(t, err, reset.ErrRejected, "%s %.40q", name, text)
			require.Less(t, len(err.Error()), 200)
		}
	}
	require.True(t, sameUser(ana(), fx.user(t, "7")))
	require.NoError(t, fx.confirm(t, good))
}

// Trusted callers are told what is wrong with an id that is none.
func TestAnIDThatIsNoneIsNotFoundByEveryStep(t *testing.T) {
	t.Parallel()
	fx, _ := newPurposeFixture(t, nil)

	for _, id := range append(badText, "7 ", " 7", "07", "7\x00", "7.0") {
		in := reset.SendInput{UserID: id, Locale: huge}
		for name, err := range map[string]error{
			"Link": second(fx.Link(t.Context(), id, reset.LinkOptions{})),
			"NotifyChanged": fx.NotifyChanged(t.Context(), reset.NotifyInput{
				UserID: id, Locale: huge, UserAgent: huge,
			}),
			"SendReset":   fx.SendReset(t.Context(), in),
			"Invite":      fx.Invite(t.Context(), in),
			"SendPurpose": fx.SendPurpose(t.Context(), verifyEmail, in),
			"SendPurposeTo": fx.SendPurposeTo(
				t.Context(), changeEmail, "new@example.com", in,
			),
		} {
			require.ErrorIs(
				t, err, reset.ErrUserNotFound, "%s %.40q", name, id,
			)
		}
	}

	fx.drain(t)
	require.Empty(t, fx.outbox.Messages())
}

// Each lifetime is beyond what is configured, or less than a mail takes.
func TestLifetimesOutOfBoundsAreRefusedByEveryStep(t *testing.T) {
	t.Parallel()
	fx, _ := newPurposeFixture(t, nil)
	fx.add(t, withoutPassword("new"))
	for _, d := range []time.Duration{
		-1 << 63, -time.Hour, 1, time.Minute - 1, 31 * 24 * time.Hour, 1<<63 - 1,
	} {
		in := reset.SendInput{UserID: "7", Lifetime: d}
		for name, err := range map[string]error{
			"Request": fx.Request(t.Context(), reset.RequestInput{
				Email: "ana@example.com", Lifetime: d,
			}),
			"Link": second(fx.Link(
				t.Context(), "7", reset.LinkOptions{Lifetime: d},
			)),
			"Link of an invitation": second(fx.Link(
				t.Context(), "new", reset.LinkOptions{
					Purpose: token.PurposeInvite, Lifetime: d,
				},
			)),
			"SendReset":   fx.SendReset(t.Context(), in),
			"Invite":      fx.Invite(t.Context(), in),
			"SendPurpose": fx.SendPurpose(t.Context(), verifyEmail, in),
		} {
			require.ErrorContains(t, err, "lifetime", "%s %v", name, d)
		}
	}
	fx.drain(t)
	require.Empty(t, fx.outbox.Messages())
	require.Empty(t, fx.user(t, "new").PasswordHash, "no marker")
}

// A purpose must be of the kind that the step is for.
func TestPurposesOfAnotherKindAreRefused(t *testing.T) {
	t.Parallel()
	fx, _ := newPurposeFixture(t, nil)
	raw := fx.sent(t)
	in := reset.SendInput{UserID: "7"}
	for _, purpose := range []token.Purpose{
		"", "Verify-Email", "unknown", token.PurposeReset,
		token.PurposeInvite, reset.PurposeDispute, token.Purpose(huge[:99]),
	} {
		for name, err := range map[string]error{
			"SendPurpose":   fx.SendPurpose(t.Context(), purpose, in),
			"SendPurposeTo": fx.SendPurposeTo(t.Context(), purpose, "a@example.com", in),
			"Redeem": fx.Redeem(
				t.Context(), purpose, reset.RedeemInput{Token: raw}, anything,
			),
		} {
			require.ErrorContains(
				t, err, fmt.Sprintf("purpose %q is not in", purpose), name,
			)
		}
	}

	for _, purpose := range []token.Purpose{
		"unknown", verifyEmail, reset.PurposeDispute,
	} {
		_, err := fx.Link(
			t.Context(), "7", reset.LinkOptions{Purpose: purpose},
		)
		require.ErrorContains(t, err, "neither reset nor invite")
	}
}

// The address that a link was sent to is not in the link, so the application
// says it, and must say the same.
func TestALinkIsGoodForTheAddressItWasSentToAlone(t *testing.T) {
	t.Parallel()
	fx, _ := newPurposeFixture(t, nil)
	raw := fx.sent(t)
	for _, to := range append(
		badText[1:], "ana@example.com ", "bo@example.com", huge,
	) {
		err := fx.Redeem(t.Context(), verifyEmail, reset.RedeemInput{
			Token: raw, To: to,
		}, anything)
		require.ErrorIs(t, err, reset.ErrRejected, "%.40q", to)
	}
	require.ErrorContains(t, fx.redeem(t, raw, anything), "applied")
}

// What goes with a new password is passed on whole or not at all.
func TestOddConfirmationsSpendNothing(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Hooks.BeforeConfirm = wantsCode
	})
	raw := fx.link(t, "7")
	good := reset.ConfirmInput{
		Token: raw, Password: newPassword, Proof: "492039",
		Locale: huge, UserAgent: huge,
	}

	for _, text := range append(badText, "short", strings.Repeat("a", 4097)) {
		in := good
		in.Password = text
		_, refused := errors.AsType[*policy.Error](fx.Confirm(t.Context(), in))
		require.True(t, refused, "%.40q", text)
	}
	for _, text := range append(badText, "492039\n", "492039492039") {
		in := good
		in.Proof = text
		err := fx.Confirm(t.Context(), in)
		require.Equal(t, reset.ErrProofRefused, err, "%.40q", text)
	}
	require.True(t, sameUser(ana(), fx.user(t, "7")))

	require.NoError(t, fx.Confirm(t.Context(), good))
	fx.drain(t)
	require.Less(t, len(fx.outbox.Messages()[0].Text), 4000)
}
