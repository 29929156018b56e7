package hash_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/hash/legacy"
	"github.com/lostkey-go/lostkey/hash/normalize"
	"github.com/stretchr/testify/require"
)

//lostkey:covers ASVS-11.4.2 FP-CS-11 PS-CS-1 63B-3.1.1.2-6 CWE-916
func TestZeroConfigMakesArgon2idOfTheOWASPMinimum(t *testing.T) {
	t.Parallel()
	h, err := hash.New(hash.Config{})
	require.NoError(t, err)
	encoded, err := h.Hash(t.Context(), phrase)
	require.NoError(t, err)
	require.Regexp(
		t,
		`^\$argon2id\$v=19\$m=19456,t=2,p=1`+
			`\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`,
		encoded,
	)
	require.Len(t, encoded, 97)
	require.False(t, h.NeedsRehash(encoded))

	res, err := h.Verify(t.Context(), phrase, encoded)
	require.NoError(t, err)
	require.Equal(t, hash.Result{OK: true, Scheme: "argon2id"}, res)
}

func TestEveryParamsVerifiesItsOwnHashAndNeedsNoRehash(t *testing.T) {
	t.Parallel()

	for _, p := range []hash.Params{
		cheap,
		hash.Argon2id{MemoryKiB: 4096, Time: 1, Threads: 4},
		hash.Bcrypt{Cost: 4},
		hash.PBKDF2SHA256{Rounds: 1000},
	} {
		for _, peppers := range [][]hash.Pepper{
			nil, {pepper(t, "abcdefghijkl", 1)},
		} {
			h := insecure(
				t,
				hash.Config{
					Params:  p,
					Peppers: peppers,
					Accept:  []hash.Scheme{},
				},
			)
			encoded, err := h.Hash(t.Context(), phrase)
			require.NoError(t, err)
			require.LessOrEqual(
				t, len(encoded), 128, "must fit the column that Django made",
			)
			require.False(t, h.NeedsRehash(encoded), encoded)
			res, err := h.Verify(t.Context(), phrase, encoded)
			require.NoError(t, err)
			require.True(t, res.OK)
			require.False(t, res.NeedsRehash)
			res, err = h.Verify(t.Context(), phrase+" ", encoded)
			require.NoError(t, err)
			require.False(t, res.OK)
		}
	}
}

// refusedConfig is a Config that New refuses, and the field that it names.
type refusedConfig struct {
	field string
	cfg   hash.Config
}

// refusedParams are too weak, or too costly for any server.
func refusedParams() map[string]refusedConfig {
	const kib = "Argon2id.MemoryKiB"
	argon2id := func(m, t, p int) hash.Config {
		return hash.Config{Params: hash.Argon2id{m, t, p}}
	}
	bcrypt := func(cost int) hash.Config {
		return hash.Config{Params: hash.Bcrypt{Cost: cost}}
	}
	pbkdf2 := func(rounds int) hash.Config {
		return hash.Config{Params: hash.PBKDF2SHA256{Rounds: rounds}}
	}

	return map[string]refusedConfig{
		"argon2id, one pass":      {kib, argon2id(47103, 1, 1)},
		"argon2id, two passes":    {kib, argon2id(19455, 2, 1)},
		"argon2id, many passes":   {kib, argon2id(7167, 9, 1)},
		"argon2id, no passes":     {"Argon2id.Time", argon2id(65536, -1, 1)},
		"argon2id, many threads":  {"Argon2id.Threads", argon2id(65536, 3, 17)},
		"argon2id, 5 gigabytes":   {kib, argon2id(5<<20, 1, 1)},
		"bcrypt of cost 9":        {"Bcrypt.Cost", bcrypt(9)},
		"bcrypt of cost 17":       {"Bcrypt.Cost", bcrypt(17)},
		"PBKDF2, too few rounds":  {"PBKDF2SHA256.Rounds", pbkdf2(599999)},
		"PBKDF2, too many rounds": {"PBKDF2SHA256.Rounds", pbkdf2(10_000_001)},
	}
}

// refusedSchemes contradict each other, or lack what they need.
func refusedSchemes() map[string]refusedConfig {
	accept := func(schemes ...hash.Scheme) hash.Config {
		return hash.Config{Accept: schemes}
	}

	return map[string]refusedConfig{
		"a nil scheme": {"Config.Accept[0]", accept(nil)},
		"two schemes of one name": {
			"named fake", accept(&fakeScheme{}, &fakeScheme{}),
		},
		"plain bcrypt and bcrypt with a pepper": {
			"claim the same", accept(slices.Concat(
				legacy.Rails(), legacy.Devise("p"),
			)...),
		},
		"two meanings of md5$": {
			"claim the same", accept(slices.Concat(
				legacy.InsecureDjangoMD5(), legacy.InsecureWerkzeugMD5(),
			)...),
		},
		"Flask-Security's argon2 without pepper": {
			"Config.Peppers", accept(legacy.FlaskSecurity("s", nil)...),
		},
	}
}

// refusedLimits are peppers, bounds, slots and floors out of range.
func refusedLimits(t *testing.T) map[string]refusedConfig {
	t.Helper()
	slots, err := hash.NewSlots(hash.SlotsConfig{MemoryKiB: 19455})
	require.NoError(t, err)
	peppers := func(peppers ...hash.Pepper) hash.Config {
		return hash.Config{Peppers: peppers}
	}

	return map[string]refusedConfig{
		"an empty pepper": {"Config.Peppers[0]", peppers(hash.Pepper{})},
		"two peppers of one id": {
			"Config.Peppers[1]", peppers(pepper(t, "a", 1), pepper(t, "a", 2)),
		},
		"a negative bound": {
			"Bounds.Argon2Time",
			hash.Config{Bounds: hash.Bounds{Argon2Time: -1}},
		},
		"a bound that bounds nothing": {
			"Bounds.ScryptMemoryKiB",
			hash.Config{Bounds: hash.Bounds{ScryptMemoryKiB: 1 << 30}},
		},
		"slots too small for one hash": {"Config.Slots", hash.Config{Slots: slots}},
		"a negative floor": {
			"Config.MinDuration", hash.Config{MinDuration: -1},
		},
		"a floor of hours": {
			"Config.MinDuration", hash.Config{MinDuration: time.Hour},
		},
	}
}

//lostkey:covers PS-CS-1 PS-CS-3 CWE-916
func TestNewRefusesWeakOrBrokenConfigurationsAndNamesTheField(t *testing.T) {
	t.Parallel()
	for _, rows := range []map[string]refusedConfig{
		refusedParams(), refusedSchemes(), refusedLimits(t),
	} {
		for name, tt := range rows {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				h, err := hash.New(tt.cfg)
				require.ErrorContains(t, err, tt.field)
				require.Nil(t, h)
			})
		}
	}
}

//lostkey:covers PS-CS-1 PS-CS-3
func TestOWASPsSettingsOfEqualStrengthAreAccepted(t *testing.T) {
	t.Parallel()
	for _, a := range []hash.Argon2id{
		{47104, 1, 1},
		{19456, 2, 1},
		{12288, 3, 1},
		{9216, 4, 1},
		{7168, 5, 1},
		hash.RFC9106(),
	} {
		_, err := hash.New(hash.Config{Params: a})
		require.NoError(t, err, a)
	}
}

func TestHashRefusesWhatCannotBeAPassword(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{})
	for _, tt := range []struct {
		name, password string
		want           error
	}{
		{"empty", "", hash.ErrEmptyPassword},
		{"the longest", strings.Repeat("a", hash.MaxPasswordBytes), nil},
		{
			"one byte more", strings.Repeat("a", hash.MaxPasswordBytes+1),
			hash.ErrPasswordTooLong,
		},
		{"ten megabytes", strings.Repeat("a", 10<<20), hash.ErrPasswordTooLong},
		{"Latin-1", "p\xe4ssword", hash.ErrNotUTF8},
		{"a family of emoji", "👩\u200d💻❤\ufe0f and a long tail", nil},
	} {
		_, err := h.Hash(t.Context(), tt.password)
		require.ErrorIs(t, err, tt.want, tt.name)
	}
	require.EqualValues(
		t, 2, h.Slots().Stats().Started, "refusals derive nothing",
	)
}

//lostkey:covers PS-CS-4
func TestBcryptRefusesToMakeWhatItWouldCutOrConfuse(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{Params: hash.Bcrypt{Cost: 4}})
	_, err := h.Hash(t.Context(), strings.Repeat("a", 72))
	require.NoError(t, err)
	_, err = h.Hash(t.Context(), strings.Repeat("a", 73))
	require.ErrorIs(t, err, hash.ErrPasswordTooLong)
	_, err = h.Hash(t.Context(), "x\x00x")
	require.ErrorIs(t, err, hash.ErrNUL)
}

func TestBcryptKeyRepetitionThroughNULIsRefused(t *testing.T) {
	t.Parallel()
	// bcrypt sees "x" and "x\0x" as one key.
	h := insecure(t, hash.Config{Params: hash.Bcrypt{Cost: 4}})
	encoded, err := h.Hash(t.Context(), "x")
	require.NoError(t, err)
	res, err := h.Verify(t.Context(), "x\x00x", encoded)
	require.NoError(t, err)
	require.False(t, res.OK)
}

//lostkey:covers ASVS-6.2.8
func TestAPasswordBeyondBcryptsReachIsToldApartAfterTheUpgrade(t *testing.T) {
	t.Parallel()
	old, h := insecure(t, hash.Config{Params: hash.Bcrypt{Cost: 4}}), insecure(
		t, hash.Config{},
	)
	cut := strings.Repeat("a", 72)
	encoded, err := old.Hash(t.Context(), cut)
	require.NoError(t, err)

	var row string
	res, err := h.VerifyAndUpdate(t.Context(), cut+"mine", encoded, store(&row))
	require.NoError(t, err)
	require.True(t, res.OK, "the old system let this user in")
	require.True(t, res.Updated)
	res, err = h.Verify(t.Context(), cut+"other", row)
	require.NoError(t, err)
	require.False(t, res.OK)
}

//lostkey:covers ASVS-11.5.1 PS-CS-2 CWE-330
func TestSaltsAreNeverRepeated(t *testing.T) {
	t.Parallel()
	h := insecure(
		t,
		hash.Config{Params: hash.Argon2id{MemoryKiB: 8, Time: 1, Threads: 1}},
	)
	seen := make(map[string]bool)
	for range 10_000 {
		encoded, err := h.Hash(t.Context(), "same")
		require.NoError(t, err)
		salt := strings.Split(encoded, "$")[4]
		require.False(t, seen[salt])
		seen[salt] = true
	}
}

func TestNothingPrintedHoldsASecret(t *testing.T) {
	t.Parallel()
	p := pepper(t, "2026-11", 'K')
	h := insecure(
		t, hash.Config{Peppers: []hash.Pepper{p}, Normalize: normalize.NFKC},
	)
	key := "K\a\v\r"

	for _, v := range []any{
		p, &p, []hash.Pepper{p}, struct{ P hash.Pepper }{p}, h, *h,
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			text := fmt.Sprintf(verb, v)
			require.NotContains(t, text, key)
			require.NotContains(t, text, "4b070b0d")
			require.NotContains(t, text, "0x4b, 0x7")
			require.NotContains(t, text, "75 7 11 13")
		}

		text, err := json.Marshal(v)
		if err == nil {
			require.NotContains(t, string(text), "Swc")
		}
	}

	const secret = "S3CR3TS3CR3TS3CR3T"

	for _, stored := range []string{
		"$argon2id$v=19$m=" + secret + ",t=1,p=1$" + secret + "$" + secret,
		"$2b$10$" + secret, "$" + secret + "$", "{" + secret + "}x",
		"pbkdf2:sha256:" + secret + "$a$" + secret,
		"$lostkey-pepper$" + secret + "$argon2id$",
		"$6$rounds=" + secret + "$a$b", "$scrypt$ln=" + secret,
		"$7$" + secret, "$S$" + secret, "$y$" + secret, "{SSHA}" + secret,
	} {
		_, err := h.Verify(t.Context(), secret, stored)
		require.Error(t, err)
		require.NotContains(t, fmt.Sprintf("%+v %#v", err, err), secret)
	}
}
