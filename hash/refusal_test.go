package hash_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/hash/normalize"
	"github.com/stretchr/testify/require"
)

// twoForms is a password that NFKC changes, so that an unknown user costs two
// derivations where Config.Normalize is set.
const twoForms = "\ufb01sh and chips"

// refusal is a reason to refuse a login.
type refusal struct {
	password, stored string
	err              error
}

// refusals lists every reason to refuse a login that has nothing to do with the
// load. Those that are about the row meet a password of two forms.
func refusals(current string) map[string]refusal {
	const tag = "$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA"
	return map[string]refusal{
		"wrong password":           {twoForms, current, nil},
		"wrong password in ASCII":  {"wrong", current, nil},
		"empty password":           {"", current, nil},
		"longest password":         {strings.Repeat("a", 1024), current, nil},
		"over-long password":       {strings.Repeat("a", 1025), current, nil},
		"long password, two forms": {strings.Repeat("\ufb01", 341), current, nil},
		"over-long, two forms":     {strings.Repeat("\ufb01", 342), current, nil},
		"above 72 bytes":           {strings.Repeat("a", 73), current, nil},
		"above 72 bytes, NUL":      {strings.Repeat("a", 73) + "\x00", current, nil},
		"NUL":                      {"\x00", current, nil},
		"NUL inside":               {"x\x00x", current, nil},
		"NUL at the end":           {phrase + "\x00", current, nil},
		"NUL and two forms":        {twoForms + "\x00", current, nil},
		"invalid UTF-8":            {"p\xe4ss", current, nil},
		"invalid UTF-8 and NUL":    {"p\xe4ss\x00", current, nil},

		"no password stored":     {twoForms, "", nil},
		"locked":                 {twoForms, "!" + current, nil},
		"Django's mark":          {twoForms, hash.Unusable(), nil},
		"crypt's failure":        {twoForms, "*0", nil},
		"shadowed":               {twoForms, "x", nil},
		"mark and NUL":           {twoForms + "\x00", "NP", nil},
		"mark of Config":         {twoForms, "sso", nil},
		"panic of Config":        {twoForms, "panic", nil},
		"unknown format":         {twoForms, "plain text", hash.ErrUnknownFormat},
		"known by name only":     {twoForms, "$y$salt$digest", hash.ErrUnknownFormat},
		"longer than any row":    {twoForms, current + strings.Repeat("A", 1024), hash.ErrUnknownFormat},
		"malformed argon2":       {twoForms, "$argon2id$v=19$m=1", hash.ErrMalformed},
		"malformed bcrypt":       {twoForms, "$2b$10$", hash.ErrMalformed},
		"malformed current row":  {twoForms, current + "\n", hash.ErrMalformed},
		"unsupported":            {twoForms, "$argon2d$v=19$m=64,t=1,p=1" + tag, hash.ErrUnsupported},
		"out of bounds":          {twoForms, "$argon2id$v=19$m=4294967295,t=1,p=1" + tag, hash.ErrOutOfBounds},
		"over the budget":        {twoForms, "$argon2id$v=19$m=2048,t=1,p=1" + tag, hash.ErrOutOfBounds},
		"pepper missing":         {twoForms, "$lostkey-pepper$gone" + current, hash.ErrUnknownPepper},
		"pepper missing and NUL": {twoForms + "\x00", "$lostkey-pepper$gone" + current, hash.ErrUnknownPepper},
	}
}

// refusing is a Hasher that knows a mark of its own and has little memory.
func refusing(t *testing.T, cfg hash.Config) *hash.Hasher {
	t.Helper()
	l, err := hash.NewSlots(hash.SlotsConfig{MemoryKiB: 1024})
	require.NoError(t, err)
	cfg.Slots = l
	cfg.Bounds.ScryptMemoryKiB = 1024
	cfg.Accept = allAndInsecure()
	cfg.Unusable = func(encoded string) bool {
		if encoded == "panic" {
			panic("on " + encoded)
		}
		return encoded == "sso"
	}
	return insecure(t, cfg)
}

// settings are the ways in which new hashes can be made.
func settings(t *testing.T) map[string]hash.Config {
	t.Helper()
	out := make(map[string]hash.Config)
	for name, params := range map[string]hash.Params{
		"argon2id": cheap,
		"bcrypt":   hash.Bcrypt{Cost: 4},
		"PBKDF2":   hash.PBKDF2SHA256{Rounds: 10},
	} {
		if raceEnabled && name == "bcrypt" {
			continue // derivations share nothing, and the detector slows them tenfold
		}
		out[name] = hash.Config{Params: params}
		out[name+", normalised"] = hash.Config{Params: params, Normalize: normalize.NFKC}
		out[name+", peppered"] = hash.Config{Params: params, Peppers: []hash.Pepper{pepper(t, "k", 1)}}
		out[name+", normalised, peppered"] = hash.Config{Params: params, Normalize: normalize.NFKC, Peppers: []hash.Pepper{pepper(t, "k", 1)}}
	}
	return out
}

// legacyRows have a format of each kind that no setting makes; all are of
// phrase.
var legacyRows = map[string]string{
	"argon2id":      "$argon2id$v=19$m=65,t=1,p=1$c29tZXNhbHQxMjM0NTY3OA$" + strings.Repeat("A", 43),
	"bcrypt":        "$2b$05$wG8KLTIUSM1dQDJr.ZJ.h.CEe8j72gNZ0.Jg5v9FDdooM1tZSgrpq",
	"scrypt":        "$scrypt$ln=4,r=8,p=1$c29tZXNhbHQxMjM0NTY3OA$" + strings.Repeat("A", 43),
	"PBKDF2":        "$pbkdf2-sha256$11$c29tZXNhbHQxMjM0NTY3OA$" + strings.Repeat("A", 43),
	"sha512-crypt":  legacySHA512,
	"phpass":        "$P$5K9x6p/MnQPHL8yRAPznMyM0u8Nh3o/",
	"Django":        "pbkdf2_sha256$10$salt$" + strings.Repeat("A", 43) + "=",
	"Werkzeug":      "pbkdf2:sha256:10$salt$" + strings.Repeat("0", 64),
	"WordPress":     "$wp$2y$04$" + bc53,
	"ASP.NET":       aspnetV3(1, 10, 16, 48),
	"Spring":        "{bcrypt}$2a$04$" + bc53,
	"scrypt-crypt":  "$7$26..../....salt$" + cryptKey,
	"Drupal":        "$S$5" + drupalRest,
	"Drupal, old":   "U$S$5" + drupalRest,
	"MD5-crypt":     "$1$saltsalt$" + md5Digest,
	"Apache's":      "$apr1$saltsalt$" + md5Digest,
	"LDAP":          "{SSHA}9KDjHHZ0+l6o33onu7kRBPsodJG1FsK4",
	"bcrypt-sha256": "$bcrypt-sha256$v=2,t=2b,r=4$" + bc53[:22] + "$" + bc53[22:],
}

func TestEveryRefusalDerivesWhatAnUnknownUserDerives(t *testing.T) {
	t.Parallel()
	for name, cfg := range settings(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := refusing(t, cfg)
			current, err := h.Hash(t.Context(), phrase)
			require.NoError(t, err)
			ledger := hash.Ledger(h)
			for reason, tt := range refusals(current) {
				*ledger = nil
				require.NoError(t, h.VerifyDummy(t.Context(), tt.password))
				want := slices.Clone(*ledger)
				require.Len(t, want, dummyRuns(cfg, tt.password), reason)

				*ledger = nil
				res, err := h.Verify(t.Context(), tt.password, tt.stored)
				require.ErrorIs(t, err, tt.err, reason)
				require.False(t, res.OK, reason)
				require.Equal(t, want, *ledger, reason)

				*ledger = nil
				_, err = h.VerifyAndUpdate(t.Context(), tt.password, tt.stored, store(new(string)))
				require.ErrorIs(t, err, tt.err, reason)
				require.Equal(t, want, *ledger, reason)
			}
		})
	}
}

// dummyRuns says in the test's own words what an unknown user costs.
func dummyRuns(cfg hash.Config, password string) int {
	if cfg.Normalize != nil && len(password) <= 1024 &&
		strings.Contains(password, "\ufb01") && !strings.Contains(password, "\x00") {
		return 2
	}
	return 1
}

// A row of other parameters cannot cost the same. It costs its own derivations
// and, on top, those of an unknown user.
func TestARefusedLegacyRowDerivesThatOnTop(t *testing.T) {
	t.Parallel()
	for name, cfg := range settings(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := refusing(t, cfg)
			ledger := hash.Ledger(h)
			for format, stored := range legacyRows {
				info, err := h.Inspect(stored)
				require.NoError(t, err, format)
				require.True(t, info.NeedsRehash, format)
				for password, own := range map[string]int{
					"wrong": 1, twoForms: dummyRuns(cfg, twoForms), "p\xe4ss": 1,
					"": 0, "x\x00x": 0, phrase + "\x00": 0, twoForms + "\x00": 0,
					strings.Repeat("a", 1025): 0,
				} {
					*ledger = nil
					require.NoError(t, h.VerifyDummy(t.Context(), password))
					want := append(slices.Repeat([]string{info.Scheme + " " + info.Params}, own), *ledger...)

					*ledger = nil
					res, err := h.Verify(t.Context(), password, stored)
					require.NoError(t, err, format)
					require.False(t, res.OK, format)
					require.Equal(t, want, *ledger, "%s %.20q", format, password)
				}
			}
		})
	}
}

// The ledger is told of derivations; this looks at what bcrypt itself does. A
// run of it allocates its cipher's four kilobytes.
func TestANULDoesNotSkipBcrypt(t *testing.T) {
	h := insecure(t, hash.Config{Params: hash.Bcrypt{Cost: 4}})
	current, err := h.Hash(t.Context(), "x")
	require.NoError(t, err)
	for _, password := range []string{"wrong", "x\x00x", "\x00"} {
		before := allocated()
		require.NoError(t, h.VerifyDummy(t.Context(), password))
		middle := allocated()
		_, err := h.Verify(t.Context(), password, current)
		require.NoError(t, err)
		require.Greater(t, allocated()-middle, uint64(4<<10), "%q", password)
		require.Greater(t, middle-before, uint64(4<<10), "%q", password)
	}
}

func TestANULIsRefusedInEveryFormat(t *testing.T) {
	t.Parallel()
	passwords := []string{"\x00", "x\x00", "\x00x", "x\x00x", phrase + "\x00", phrase + "\x00\x00"}
	for name, cfg := range settings(t) {
		h := insecure(t, cfg)
		for _, password := range passwords {
			_, err := h.Hash(t.Context(), password)
			require.ErrorIs(t, err, hash.ErrNUL, name)
		}
		require.Zero(t, h.Slots().Stats().Started, "refusals derive nothing")
		current, err := h.Hash(t.Context(), phrase)
		require.NoError(t, err)
		for _, password := range passwords {
			res, err := h.Verify(t.Context(), password, current)
			require.NoError(t, err, name)
			require.False(t, res.OK, "%s %q", name, password)
		}
	}
	// Rows of other systems, with their own password and a NUL at the end.
	for _, v := range onePerScheme(t) {
		res, err := insecure(t, v.config(t)).Verify(t.Context(), v.password+"\x00", v.stored)
		require.NoError(t, err)
		require.False(t, res.OK, v.scheme)
	}
}

func TestANormalisationCannotBringAnEmptyPasswordOrANULBack(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]error{
		"": hash.ErrEmptyPassword, "x\x00": hash.ErrNUL, strings.Repeat("a", 4097): hash.ErrPasswordTooLong,
	} {
		fake := &fakeScheme{check: func(password string) (bool, error) { return password == form, nil }}
		h := insecure(t, hash.Config{Accept: []hash.Scheme{fake}, Normalize: func(string) string { return form }})
		_, err := h.Hash(t.Context(), "password")
		require.ErrorIs(t, err, want)
		res, err := h.Verify(t.Context(), "password", "fake:1")
		require.NoError(t, err)
		require.False(t, res.OK)
	}
	// Nor does one that removes a NUL make the password right.
	trim := func(s string) string { return strings.ReplaceAll(s, "\x00", "") }
	h := insecure(t, hash.Config{Normalize: trim})
	encoded, err := h.Hash(t.Context(), phrase)
	require.NoError(t, err)
	res, err := h.Verify(t.Context(), phrase+"\x00", encoded)
	require.NoError(t, err)
	require.False(t, res.OK)
	_, err = h.Hash(t.Context(), phrase+"\x00")
	require.ErrorIs(t, err, hash.ErrNUL)
}

func TestTheThreeAnswersAboutRehashingAgree(t *testing.T) {
	t.Parallel()
	for name, cfg := range settings(t) {
		h := refusing(t, cfg)
		current, err := h.Hash(t.Context(), phrase)
		require.NoError(t, err)
		rows := map[string]bool{current: false}
		for _, stored := range legacyRows {
			rows[stored] = true
		}
		for _, tt := range refusals(current) {
			rows[tt.stored] = false // nobody can log in with the others
		}
		for _, stored := range slices.Sorted(maps.Keys(rows)) {
			res, verifyErr := h.Verify(t.Context(), "wrong", stored)
			info, inspectErr := h.Inspect(stored)
			require.Equal(t, verifyErr, inspectErr, "%s %.40q", name, stored)
			require.Equal(t, rows[stored], res.NeedsRehash, "%s %.40q", name, stored)
			require.Equal(t, rows[stored], info.NeedsRehash, "%s %.40q", name, stored)
			require.Equal(t, rows[stored], h.NeedsRehash(stored), "%s %.40q", name, stored)
			require.Equal(t, res.Scheme, info.Scheme)
			if verifyErr != nil {
				require.Zero(t, res)
				require.Zero(t, info)
			}
		}
	}
}
