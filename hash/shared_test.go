package hash_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/hash/legacy"
	"github.com/lostkey-go/lostkey/hash/normalize"
	"github.com/stretchr/testify/require"
)

func django(a hash.Params) hash.Params { return hash.Django{Algorithm: a} }
func spring(a hash.Params) hash.Params { return hash.Spring{Algorithm: a} }

func djangoTag(size int, a hash.Params) hash.Params {
	return hash.Django{Algorithm: a, TagBytes: size}
}

// sharedParams are those whose rows another application reads as well, cheap
// ones, with the shape that the other one wants.
var sharedParams = []struct {
	params hash.Params
	shape  string
}{
	{
		django(hash.Argon2id{MemoryKiB: 64, Time: 1, Threads: 2}),
		`^argon2\$argon2id\$v=19\$m=64,t=1,p=2\$[\w+/]{35}\$[\w+/]{43}$`,
	},
	{
		djangoTag(16, hash.Argon2id{MemoryKiB: 64, Time: 1}),
		`^argon2\$argon2id\$v=19\$m=64,t=1,p=8\$[\w+/]{35}\$[\w+/]{22}$`,
	},
	{
		django(hash.PBKDF2SHA256{Rounds: 1000}),
		`^pbkdf2_sha256\$1000\$[0-9A-Z]{26}\$[\w+/]{43}=$`,
	},
	{spring(hash.Bcrypt{Cost: 4}), `^\{bcrypt\}\$2a\$04\$[\w./]{53}$`},
	{
		spring(hash.Argon2id{MemoryKiB: 64, Time: 1, Threads: 1}),
		`^\{argon2@SpringSecurity_v5_8\}\$argon2id\$v=19\$m=64,t=1,p=1` +
			`\$[\w+/]{22}\$[\w+/]{43}$`,
	},
	{
		spring(hash.PBKDF2SHA256{}),
		`^\{pbkdf2@SpringSecurity_v5_8\}[0-9a-f]{96}$`,
	},
}

func TestRowsForAnotherApplicationHaveItsShapeAndVerifyHere(t *testing.T) {
	t.Parallel()
	for _, tt := range sharedParams {
		h, err := hash.NewInsecure(hash.Config{Params: tt.params})
		require.NoError(t, err)
		encoded, err := h.Hash(t.Context(), phrase)
		require.NoError(t, err)
		require.Regexp(t, tt.shape, encoded)
		require.LessOrEqual(t, len(encoded), 128)
		require.False(t, h.NeedsRehash(encoded))

		again, err := h.Hash(t.Context(), phrase)
		require.NoError(t, err)
		require.NotEqual(t, encoded, again, "the salt is new each time")

		for password, ok := range map[string]bool{
			phrase: true, phrase + " ": false,
		} {
			res, err := h.Verify(t.Context(), password, encoded)
			require.NoError(t, err)
			require.Equal(t, ok, res.OK, encoded)
			require.False(t, res.NeedsRehash, encoded)
		}

		// A plain row is moved to the other application's form.
		plain, err := modern(t).Hash(t.Context(), phrase)
		require.NoError(t, err)
		var row string
		res, err := h.VerifyAndUpdate(t.Context(), phrase, plain, store(&row))
		require.NoError(t, err)
		require.True(t, res.Updated)
		require.Regexp(t, tt.shape, row)
	}
}

func TestTheLongestRowForDjangoFitsItsColumn(t *testing.T) {
	t.Parallel()
	h, err := hash.NewInsecure(hash.Config{
		Params: django(hash.Argon2id{MemoryKiB: 128, Time: 10, Threads: 16}),
	})
	require.NoError(t, err)
	encoded, err := h.Hash(t.Context(), phrase)
	require.NoError(t, err)
	// m may have seven digits, which are four more than here.
	require.LessOrEqual(t, len(encoded)+4, 128)
}

// Rows that Django 5.2 and Spring Security 7.2 made from phrase.
const (
	djangoArgon2Row = "argon2$argon2id$v=19$m=102400,t=2,p=8$" +
		"NHg5QU1xNzI1R0tKbnVoNzh2RnlJRg$Tg3K2E34G+AiwAb/3i9hRw"
	djangoPBKDF2Row = "pbkdf2_sha256$1000000$BSevA7vvJCnfpTbuPnQHSL$" +
		"rzw39Hw+WgJ3Jp043Iy36Dorkv5dY62dVzJPsgvA0uY="
	springArgon2Row = "{argon2@SpringSecurity_v5_8}$argon2id$v=19$" +
		"m=16384,t=2,p=1$Lpll64vKoh31MdbIphrdxg$" +
		"y6BI5wubMlOP/FELLqsTU2ItFZY2PuGpabdag+JFsCg"
	springPBKDF2Row = "{pbkdf2@SpringSecurity_v5_8}77246f4b0e381ebe249c9def" +
		"464fec6328888a6424291511d121a0ca146a07fe0742823521dcba3521e4ae7ad5c1" +
		"bdf2"
	springBcryptRow = "{bcrypt}$2b$10$" +
		"PDK0iSW8XewdU1h7K40sKesIwzv6VT0k/UszZFn1GcSdDp4COp0qy"
)

func TestRowsOfTheOtherApplicationAreCurrentUnlessTheyDiffer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		params hash.Params
		stored string
		want   bool
	}{
		{djangoTag(16, hash.Argon2id{}), djangoArgon2Row, false},
		{django(hash.Argon2id{}), djangoArgon2Row, true},
		{djangoTag(16, hash.Argon2id{Time: 3}), djangoArgon2Row, true},
		{djangoTag(16, hash.Argon2id{}), djangoPBKDF2Row, true},
		{django(hash.PBKDF2SHA256{Rounds: 1_000_000}), djangoPBKDF2Row, false},
		{django(hash.PBKDF2SHA256{Rounds: 870_000}), djangoPBKDF2Row, true},
		{django(hash.PBKDF2SHA256{Rounds: 1_000_000}), djangoArgon2Row, true},
		{hash.Spring{}, springBcryptRow, false},
		{spring(hash.Bcrypt{Cost: 12}), springBcryptRow, true},
		{spring(hash.Argon2id{}), springArgon2Row, true},
		{spring(hash.Argon2id{16384, 2, 1}), springArgon2Row, false},
		{spring(hash.PBKDF2SHA256{}), springPBKDF2Row, false},
		{spring(hash.PBKDF2SHA256{}), springBcryptRow, true},
		// Django takes a salt of 21 characters for outdated.
		{
			django(hash.PBKDF2SHA256{Rounds: 1000}),
			"pbkdf2_sha256$1000$abcdefghijklmnopqrstu$" +
				"rzw39Hw+WgJ3Jp043Iy36Dorkv5dY62dVzJPsgvA0uY=",
			true,
		},
	} {
		h, err := hash.NewInsecure(hash.Config{
			Params: tt.params, Accept: legacy.All(),
		})
		require.NoError(t, err)
		require.Equal(
			t, tt.want, h.NeedsRehash(tt.stored), "%T %v", tt.params, tt.stored,
		)
		res, err := h.Verify(t.Context(), phrase, tt.stored)
		require.NoError(t, err)
		require.Equal(t, tt.want && res.OK, res.NeedsRehash)
	}
}

func TestRowsOfTheOtherApplicationVerify(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{})
	for _, stored := range []string{
		djangoArgon2Row, djangoPBKDF2Row,
		springArgon2Row, springPBKDF2Row, springBcryptRow,
	} {
		res, err := h.Verify(t.Context(), phrase, stored)
		require.NoError(t, err)
		require.True(t, res.OK, stored)
	}
}

func TestSharedParamsBelowTheFloorAreRefusedByName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		params hash.Params
		want   string
	}{
		{django(hash.PBKDF2SHA256{}), "Django.Algorithm.Rounds is 0, want 600000"},
		{django(hash.PBKDF2SHA256{Rounds: 260_000}), "Django.Algorithm.Rounds"},
		{django(hash.PBKDF2SHA256{Rounds: 10_000_001}), "Django.Algorithm.Rounds"},
		{django(hash.Argon2id{MemoryKiB: 512}), "Django.Algorithm.MemoryKiB is 512"},
		{django(hash.Argon2id{Threads: 17}), "Django.Algorithm.Threads"},
		{django(hash.Argon2id{Time: -1}), "Django.Algorithm.Time"},
		{djangoTag(15, hash.Argon2id{}), "Django.TagBytes is 15"},
		{djangoTag(33, hash.Argon2id{}), "Django.TagBytes is 33"},
		{spring(hash.Bcrypt{Cost: 9}), "Spring.Algorithm.Cost is 9, want 10"},
		{spring(hash.Argon2id{16384, 2, 1}), "Spring.Algorithm.MemoryKiB is 16384"},
		{spring(hash.PBKDF2SHA256{}), "310000 rounds are below the floor"},
	} {
		_, err := hash.New(hash.Config{Params: tt.params})
		require.ErrorContains(t, err, tt.want)
	}

	for _, params := range []hash.Params{
		django(hash.Argon2id{}),
		django(hash.PBKDF2SHA256{Rounds: 600_000}),
		hash.Spring{},
		spring(hash.Argon2id{}),
	} {
		_, err := hash.New(hash.Config{Params: params})
		require.NoError(t, err)
	}
}

func TestSharedParamsRefuseAnAlgorithmThatTheOtherSideDoesNotRead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		params hash.Params
		want   string
	}{
		{hash.Django{}, "Django.Algorithm is <nil>, want PBKDF2SHA256 or"},
		{django(hash.Bcrypt{}), "Django.Algorithm is hash.Bcrypt, want"},
		{django(django(hash.Argon2id{})), "Django.Algorithm is hash.Django"},
		{djangoTag(32, hash.PBKDF2SHA256{}), "Django.TagBytes is 32, want 0"},
		{spring(spring(nil)), "Spring.Algorithm is hash.Spring, want Bcrypt"},
		{
			spring(hash.PBKDF2SHA256{Rounds: 600_000}),
			"Spring.Algorithm.Rounds is 600000, want 310000",
		},
	} {
		_, err := hash.NewInsecure(hash.Config{Params: tt.params})
		require.ErrorContains(t, err, "hash: Config.Params: "+tt.want)
	}
}

// Nobody else could verify such a row, and its owner would be locked out there.
func TestSharedParamsRefuseWhatTheOtherApplicationDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, tt := range sharedParams {
		_, err := hash.NewInsecure(hash.Config{
			Params: tt.params, Peppers: []hash.Pepper{pepper(t, "a", 1)},
		})
		require.ErrorContains(t, err, "hash: Config.Peppers is set", tt.params)
		_, err = hash.NewInsecure(hash.Config{
			Params: tt.params, Normalize: normalize.NFKC,
		})
		require.ErrorContains(t, err, "hash: Config.Normalize is set")
	}
}

// The secret of an application's PBKDF2 rows changes nothing about the others,
// and a row that was made without would never verify with it.
func TestSpringRowsBesideOnesWithASecret(t *testing.T) {
	t.Parallel()
	accept := legacy.SpringWith(legacy.SpringConfig{
		Default: "pbkdf2", PBKDF2Secret: "a secret of the application",
	})
	for _, params := range []hash.Params{
		spring(hash.Bcrypt{Cost: 4}), spring(hash.Argon2id{64, 1, 1}),
	} {
		h, err := hash.NewInsecure(hash.Config{Params: params, Accept: accept})
		require.NoError(t, err)
		encoded, err := h.Hash(t.Context(), phrase)
		require.NoError(t, err)
		res, err := h.Verify(t.Context(), phrase, encoded)
		require.NoError(t, err)
		require.True(t, res.OK)
	}

	_, err := hash.NewInsecure(hash.Config{
		Params: spring(hash.PBKDF2SHA256{}), Accept: accept,
	})
	require.ErrorContains(t, err, "two different schemes named spring")
	_, err = hash.NewInsecure(hash.Config{
		Params: spring(hash.PBKDF2SHA256{}),
		Accept: legacy.SpringWith(legacy.SpringConfig{Default: "pbkdf2"}),
	})
	require.NoError(t, err)
}

func TestBcryptForSpringRefusesWhatBcryptWouldCut(t *testing.T) {
	t.Parallel()
	h, err := hash.NewInsecure(hash.Config{Params: spring(hash.Bcrypt{Cost: 4})})
	require.NoError(t, err)
	_, err = h.Hash(t.Context(), string(bytes.Repeat([]byte("a"), 73)))
	require.ErrorIs(t, err, hash.ErrPasswordTooLong)
}

// A Django application goes on signing its users in after a reset here.
func ExampleDjango() {
	hasher, err := hash.New(hash.Config{
		// What Django 4.2 has as PBKDF2PasswordHasher.iterations.
		Params: hash.Django{Algorithm: hash.PBKDF2SHA256{Rounds: 600_000}},
		Accept: legacy.Django(),
	})
	if err != nil {
		panic(err)
	}
	djangos := "pbkdf2_sha256$600000$saltsaltsaltsaltsalt22$" +
		"sNq3XuweG/L6o4roRXeg92Yh2e3maz2/ohlot5dprPI="
	info, err := hasher.Inspect(djangos)
	fmt.Println(info.Scheme, info.NeedsRehash, err)
	// Output: django-pbkdf2-sha256 false <nil>
}

// A Spring application takes its own id as a sign that the row is current.
func ExampleSpring() {
	hasher, err := hash.New(hash.Config{
		Params: hash.Spring{}, // new BCryptPasswordEncoder()
		Accept: legacy.Spring(),
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(hasher.NeedsRehash(
		"{bcrypt}$2a$10$PDK0iSW8XewdU1h7K40sKesIwzv6VT0k/UszZFn1GcSdDp4COp0qy",
	))
	// Output: false
}
