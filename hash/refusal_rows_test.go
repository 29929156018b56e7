package hash_test

import (
	"maps"
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
// load.
func refusals(current string) map[string]refusal {
	all := refusedPasswords(current)
	maps.Copy(all, refusedRows(current))
	return all
}

// refusedPasswords meet a row that is in order.
func refusedPasswords(current string) map[string]refusal {
	return map[string]refusal{
		"wrong password":          {twoForms, current, nil},
		"wrong password in ASCII": {"wrong", current, nil},
		"empty password":          {"", current, nil},
		"longest password":        {strings.Repeat("a", 1024), current, nil},
		"over-long password":      {strings.Repeat("a", 1025), current, nil},
		"long password, two forms": {
			strings.Repeat("\ufb01", 341), current, nil,
		},
		"over-long, two forms": {strings.Repeat("\ufb01", 342), current, nil},
		"above 72 bytes":       {strings.Repeat("a", 73), current, nil},
		"above 72 bytes, NUL": {
			strings.Repeat("a", 73) + "\x00", current, nil,
		},
		"NUL":                   {"\x00", current, nil},
		"NUL inside":            {"x\x00x", current, nil},
		"NUL at the end":        {phrase + "\x00", current, nil},
		"NUL and two forms":     {twoForms + "\x00", current, nil},
		"invalid UTF-8":         {"p\xe4ss", current, nil},
		"invalid UTF-8 and NUL": {"p\xe4ss\x00", current, nil},
	}
}

// refusedRows meet a password of two forms.
func refusedRows(current string) map[string]refusal {
	const tag = "$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA"
	return map[string]refusal{
		"no password stored": {twoForms, "", nil},
		"locked":             {twoForms, "!" + current, nil},
		"Django's mark":      {twoForms, hash.NewUnusable(), nil},
		"crypt's failure":    {twoForms, "*0", nil},
		"shadowed":           {twoForms, "x", nil},
		"mark and NUL":       {twoForms + "\x00", "NP", nil},
		"mark of Config":     {twoForms, "sso", nil},
		"panic of Config":    {twoForms, "panic", nil},
		"unknown format":     {twoForms, "plain text", hash.ErrUnknownFormat},
		"known by name only": {
			twoForms, "$y$salt$digest", hash.ErrUnknownFormat,
		},
		"longer than any row": {
			twoForms, current + strings.Repeat("A", 1024),
			hash.ErrUnknownFormat,
		},
		"malformed argon2": {
			twoForms, "$argon2id$v=19$m=1", hash.ErrMalformed,
		},
		"malformed bcrypt":      {twoForms, "$2b$10$", hash.ErrMalformed},
		"malformed current row": {twoForms, current + "\n", hash.ErrMalformed},
		"unsupported": {
			twoForms, "$argon2id$v=17$m=64,t=1,p=1" + tag, hash.ErrUnsupported,
		},
		"out of bounds": {
			twoForms, "$argon2id$v=19$m=4294967295,t=1,p=1" + tag,
			hash.ErrOutOfBounds,
		},
		"over the budget": {
			twoForms, "$argon2id$v=19$m=2048,t=1,p=1" + tag,
			hash.ErrOutOfBounds,
		},
		"pepper missing": {
			twoForms, "$lostkey-pepper$gone" + current, hash.ErrUnknownPepper,
		},
		"pepper missing and NUL": {
			twoForms + "\x00", "$lostkey-pepper$gone" + current,
			hash.ErrUnknownPepper,
		},
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
	cfg.IsUnusable = func(encoded string) bool {
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
			continue
		}

		out[name] = hash.Config{Params: params}
		out[name+", normalised"] = hash.Config{
			Params:    params,
			Normalize: normalize.NFKC,
		}

		out[name+", peppered"] = hash.Config{
			Params:  params,
			Peppers: []hash.Pepper{pepper(t, "k", 1)},
		}

		out[name+", normalised, peppered"] = hash.Config{
			Params:    params,
			Normalize: normalize.NFKC,
			Peppers:   []hash.Pepper{pepper(t, "k", 1)},
		}
	}

	return out
}

// legacyRows have a format of each kind that no setting makes; all are of
// phrase.
var legacyRows = map[string]string{
	"argon2id": "$argon2id$v=19$m=65,t=1,p=1$c29tZXNhbHQxMjM0NTY3OA$" +
		strings.Repeat("A", 43),
	"bcrypt": "$2b$05$wG8KLTIUSM1dQDJr.ZJ.h.CEe8j72gNZ0.Jg5v9FDdooM1tZSgrpq",
	"scrypt": "$scrypt$ln=4,r=8,p=1$c29tZXNhbHQxMjM0NTY3OA$" +
		strings.Repeat("A", 43),
	"PBKDF2": "$pbkdf2-sha256$11$c29tZXNhbHQxMjM0NTY3OA$" +
		strings.Repeat("A", 43),
	"sha512-crypt": legacySHA512,
	"phpass":       "$P$5K9x6p/MnQPHL8yRAPznMyM0u8Nh3o/",
	"Django":       "pbkdf2_sha256$10$salt$" + strings.Repeat("A", 43) + "=",
	"Werkzeug":     "pbkdf2:sha256:10$salt$" + strings.Repeat("0", 64),
	"WordPress":    "$wp$2y$04$" + bc53,
	"ASP.NET":      aspnetV3(1, 10, 16, 48),
	"Spring":       "{bcrypt}$2a$04$" + bc53,
	"scrypt-crypt": "$7$26..../....salt$" + cryptKey,
	"Drupal":       "$S$5" + drupalRest,
	"Drupal, old":  "U$S$5" + drupalRest,
	"MD5-crypt":    "$1$saltsalt$" + md5Digest,
	"Apache's":     "$apr1$saltsalt$" + md5Digest,
	"LDAP":         "{SSHA}9KDjHHZ0+l6o33onu7kRBPsodJG1FsK4",
	"bcrypt-sha256": "$bcrypt-sha256$v=2,t=2b,r=4$" + bc53[:22] + "$" +
		bc53[22:],
}
