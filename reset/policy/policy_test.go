package policy_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/hash/normalize"
	"github.com/lostkey-go/lostkey/reset/policy"
	"github.com/stretchr/testify/require"
)

func newPolicy(t *testing.T, cfg policy.Config) *policy.Policy {
	t.Helper()
	p, err := policy.New(cfg)
	require.NoError(t, err)
	return p
}

// codes returns what p objects to.
func codes(
	t *testing.T, p *policy.Policy, password string, words ...string,
) []policy.Code {
	t.Helper()
	err := p.Check(t.Context(), password, words)
	if err == nil {
		return nil
	}
	refused, ok := errors.AsType[*policy.Error](err)
	require.True(t, ok, "%v", err)

	if len(password) > 8 {
		require.NotContains(t, err.Error(), password)
	}
	var out []policy.Code
	for _, problem := range refused.Problems {
		out = append(out, problem.Code)
	}
	return out
}

//lostkey:covers ASVS-6.2.1 ASVS-6.2.9 63B-3.1.1.2-1 63B-3.1.1.2-2
func TestLengthIsCountedInCodePointsAtTheEdge(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		cfg policy.Config
		min int
	}{
		"alone":      {policy.Config{}, 15},
		"with MFA":   {policy.Config{MFA: true}, 8},
		"configured": {policy.Config{MinLength: 20, MFA: true}, 20},
	} {
		p := newPolicy(t, tt.cfg)
		require.Equal(t, tt.min, p.MinLength(), name)
		for _, unit := range []string{
			"vuhomekitz", "жыщъэюйфцч", "😀🎈🚀🍕🎻🦊🌵🧩🛶🎲",
		} {
			text := []rune(unit + string([]rune(unit)[5:]) + unit)
			require.Nil(t, codes(t, p, string(text[:tt.min])), name)
			require.Equal(
				t, []policy.Code{policy.CodeTooShort},
				codes(t, p, string(text[:tt.min-1])), name,
			)
		}

		err := p.Check(t.Context(), "kv7#q", nil)
		refused, ok := errors.AsType[*policy.Error](err)
		require.True(t, ok)
		require.Equal(
			t, []policy.Problem{{Code: policy.CodeTooShort, Min: tt.min}},
			refused.Problems,
		)
	}
}

func TestTheUpperBoundIsInBytesAndComesFirst(t *testing.T) {
	t.Parallel()
	p := newPolicy(t, policy.Config{})
	long := strings.Repeat("kvq7 hzw", 128)
	require.Len(t, long, hash.MaxPasswordBytes)
	require.Nil(t, codes(t, p, long))
	require.Equal(t, []policy.Code{policy.CodeTooLong}, codes(t, p, long+"x"))
	require.Equal(
		t, []policy.Code{policy.CodeTooLong},
		codes(t, p, strings.Repeat("\x00\xff", 5<<20)),
	)
	require.Nil(t, codes(t, p, long[:64]), "NIST asks to permit 64")
}

//lostkey:covers ASVS-6.2.5 63B-3.1.1.2-3
func TestNoCharacterIsAskedForAndOnlyControlsAreRefused(t *testing.T) {
	t.Parallel()
	p := newPolicy(t, policy.Config{})
	for _, good := range []string{
		"all lower case letters here", "ALL UPPER CASE LETTERS HERE",
		"  kept as typed, blanks and all  ",
		"849273610582947", "пароль из русских слов тут",
		"👩\u200d💻❤\ufe0f 👩\u200d💻❤\ufe0f abcxyz",
		"soft\u00adhyphen and more words",
		"a long phrase with password in its middle",
		"my dragon ate the princess's homework",
	} {
		require.Nil(t, codes(t, p, good), good)
	}

	for _, bad := range []string{
		"a tab\tin the middle of it", "a line break at the end\n",
		"NUL\x00in the middle of it", "DEL\x7fin the middle of it",
		"C1 \u0085 in the middle of it",
	} {
		require.Equal(
			t, []policy.Code{policy.CodeControl}, codes(t, p, bad), "%q", bad,
		)
	}

	require.Equal(
		t, []policy.Code{policy.CodeInvalidUTF8},
		codes(t, p, "p\xe4ssw\xf6rter are long"),
	)
}

//lostkey:covers ASVS-6.2.4 63B-3.1.1.2-4
func TestWhatAttackersTryFirstIsRefused(t *testing.T) {
	t.Parallel()
	p := newPolicy(t, policy.Config{})
	for _, bad := range []string{
		"passwordpassword", "PasswordPassword", "Password12345678",
		"P@ssw0rd2026!!!!", "iloveyouiloveyou", "letmein letmein!",
		"123456789012345", "aaaaaaaaaaaaaaa", "abcabcabcabcabc",
		"qwertyuiopasdfghjkl", "lkjhgfdsapoiuytrewq",
		"1qaz2wsx3edc4rfv", "abcdefghijklmnop", "zyxwvutsrqponmlk",
		"sunshine-princess", "Summer2026Winter", "correcthorsebatterystaple",
		"098765432109876", "qwertyqwertyqwerty", "!@#$%^&*()!@#$%",
		"111111111111111", "12341234123412341234",
	} {
		require.Equal(
			t, []policy.Code{policy.CodeCommon}, codes(t, p, bad), bad,
		)
	}

	p = newPolicy(t, policy.Config{MFA: true})
	for _, bad := range []string{
		"password", "passw0rd", "12345678", "qwertyui", "sunshine", "Trustno1",
		"football1",
	} {
		require.Equal(
			t, []policy.Code{policy.CodeCommon}, codes(t, p, bad), bad,
		)
	}
}

//lostkey:covers ASVS-6.1.2 ASVS-6.2.11 63B-3.1.1.2-4
func TestNamesOfSiteAndUserAreRefused(t *testing.T) {
	t.Parallel()
	p := newPolicy(
		t, policy.Config{Words: []string{"Acme Shop", "shop.acme.example"}},
	)
	words := []string{"joanna.doeberg@mail.example", "joanna.doeberg"}
	for _, bad := range []string{
		"acmeshop-acmeshop", "Acme Shop 2026!!", "AcmeShop#1234567",
		"joannadoeberg!!!", "joanna.doeberg@mail.example",
		"Joanna Doeberg 1990", "acmejoannadoeberg", "shop.acme.example",
		"j0ann4 d03b3rg!!", "acme-password-2026",
	} {
		require.Equal(
			t, []policy.Code{policy.CodeContext}, codes(t, p, bad, words...),
			bad,
		)
	}

	for _, good := range []string{
		"joanna likes her acme shop", "acme83927461928",
		"acmeshop bought eleven geese",
	} {
		require.Nil(t, codes(t, p, good, words...), good)
	}
	require.Nil(
		t, codes(t, p, "joanna doeberg!", ""),
		"without the words it is a password like any other",
	)
	require.Nil(
		t,
		codes(
			t, p, "a sentence of words", "a", "of", strings.Repeat("x", 1<<20),
		),
		"tiny and huge words are not looked at",
	)
}

func TestOneTextInTwoSpellingsHasOneVerdict(t *testing.T) {
	t.Parallel()
	p := newPolicy(t, policy.Config{Normalize: normalize.NFC})
	composed, decomposed := strings.Repeat(
		"\u00e4\u00f6\u00fc", 5,
	)+"", strings.Repeat("a\u0308o\u0308u\u0308", 5)
	short := strings.Repeat(
		"a\u0308", 14,
	) // 28 code points as typed, 14 as hashed
	require.Equal(t, codes(t, p, composed), codes(t, p, decomposed))
	require.Contains(t, codes(t, p, short), policy.CodeTooShort)
}

func TestAllProblemsAreToldAtOnce(t *testing.T) {
	t.Parallel()
	p := newPolicy(t, policy.Config{})
	require.Equal(
		t, []policy.Code{policy.CodeTooShort, policy.CodeControl},
		codes(t, p, "k\tq"),
	)
	require.Equal(
		t, []policy.Code{policy.CodeTooShort, policy.CodeCommon},
		codes(t, p, "password"),
	)
}

func TestAnOwnListIsAsked(t *testing.T) {
	t.Parallel()
	p := newPolicy(t, policy.Config{
		Blocked: func(lower string) bool {
			return lower == "the one we know of"
		},
	})
	require.Equal(
		t, []policy.Code{policy.CodeCommon}, codes(t, p, "The One We Know Of"),
	)
	require.Nil(t, codes(t, p, "The one we know not of"))
}

//lostkey:covers ASVS-6.2.12 63B-3.1.1.2-4
func TestBreachesAreAskedLastAndInBothForms(t *testing.T) {
	t.Parallel()
	var asked []string
	cfg := policy.Config{
		Normalize: normalize.NFKC,
		Breaches: func(_ context.Context, password string) (int, error) {
			asked = append(asked, password)
			return strings.Count(password, "ffi"), nil
		},
	}
	p := newPolicy(t, cfg)
	require.Equal(t, []policy.Code{policy.CodeTooShort}, codes(t, p, "short"))
	require.Empty(t, asked)
	require.Equal(
		t, []policy.Code{policy.CodeBreached},
		codes(t, p, "a grand e\ufb03gy of geese"),
	)
	require.Equal(
		t, []string{"a grand e\ufb03gy of geese", "a grand effigy of geese"},
		asked,
	)

	cfg.MinBreaches = 2
	require.Nil(t, codes(t, newPolicy(t, cfg), "a grand effigy of geese"))
	require.Equal(
		t, []policy.Code{policy.CodeBreached},
		codes(t, newPolicy(t, cfg), "ffi and ffi, and geese"),
	)
}

func TestAServiceThatIsDownFailsOpenWithAReportOrClosed(t *testing.T) {
	t.Parallel()
	down := errors.New("connection refused")
	var told error
	cfg := policy.Config{
		Breaches: func(context.Context, string) (int, error) {
			return 0, down
		},
		OnBreachError: func(_ context.Context, err error) { told = err },
	}
	require.NoError(
		t, newPolicy(t, cfg).Check(t.Context(), "eleven geese in a row", nil),
	)
	require.ErrorIs(t, told, down)

	cfg.OnBreachError = nil
	require.NoError(
		t, newPolicy(t, cfg).Check(t.Context(), "eleven geese in a row", nil),
	)

	cfg.FailClosed = true
	err := newPolicy(t, cfg).Check(t.Context(), "eleven geese in a row", nil)
	require.ErrorIs(t, err, policy.ErrUnavailable)
	require.ErrorIs(t, err, down)

	_, refused := errors.AsType[*policy.Error](err)
	require.False(t, refused, "nothing is wrong with the password")
}

func TestNewNamesTheField(t *testing.T) {
	t.Parallel()
	for field, cfg := range map[string]policy.Config{
		"Config.MinLength is 7,":  {MinLength: 7},
		"Config.MinLength is 65,": {MinLength: 65},
		"Config.MinBreaches":      {MinBreaches: -1},
		"Config.FailClosed":       {FailClosed: true},
	} {
		_, err := policy.New(cfg)
		require.ErrorContains(t, err, field)
	}

	for field, cfg := range map[string]policy.RangeConfig{
		"BaseURL is not a plain": {BaseURL: "range"},
		"BaseURL is not https":   {BaseURL: "http://breaches.example/range/"},
		"Timeout":                {Timeout: time.Hour},
	} {
		_, err := policy.NewRangeClient(cfg)
		require.ErrorContains(t, err, "RangeConfig."+field)
	}
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{
		"", "password", "x\x00", "\xff", strings.Repeat("1qaz", 40),
		"acme acme acme",
	} {
		f.Add(s, "acme")
	}
	p, err := policy.New(policy.Config{MFA: true, Normalize: normalize.NFKC})
	require.NoError(f, err)

	f.Fuzz(func(t *testing.T, password, word string) {
		err := p.Check(t.Context(), password, []string{word})
		if err == nil {
			require.LessOrEqual(t, len(password), hash.MaxPasswordBytes)
			require.NotContains(t, password, "\x00")
			return
		}
		_, ok := errors.AsType[*policy.Error](err)
		require.True(t, ok)
	})
}
