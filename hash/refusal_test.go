package hash_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/stretchr/testify/require"
)

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
				_, err = h.VerifyAndUpdate(
					t.Context(), tt.password, tt.stored, store(new(string)),
				)
				require.ErrorIs(t, err, tt.err, reason)
				require.Equal(t, want, *ledger, reason)
			}
		})
	}
}

// dummyRuns says in the test's own words what an unknown user costs.
func dummyRuns(cfg hash.Config, password string) int {
	if cfg.Normalize != nil && len(password) <= 1024 &&
		strings.Contains(
			password, "\ufb01",
		) && !strings.Contains(password, "\x00") {
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
					"wrong": 1, "p\xe4ss": 1,
					twoForms: dummyRuns(cfg, twoForms),
					"":       0, "x\x00x": 0,
					phrase + "\x00": 0, twoForms + "\x00": 0,
					strings.Repeat("a", 1025): 0,
				} {
					*ledger = nil
					require.NoError(t, h.VerifyDummy(t.Context(), password))
					row := []string{info.Scheme + " " + info.Params}
					want := append(slices.Repeat(row, own), *ledger...)

					*ledger = nil
					res, err := h.Verify(t.Context(), password, stored)
					require.NoError(t, err, format)
					require.False(t, res.OK, format)
					require.Equal(
						t, want, *ledger, "%s %.20q", format, password,
					)
				}
			}
		})
	}
}

// The cost of these grows with the password's length.
func TestAPasswordAbove256BytesReachesNoChain(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{Accept: allAndInsecure()})
	for format, runs := range map[string]int{
		"sha512-crypt": 1, "phpass": 1, "Drupal": 1, "MD5-crypt": 1,
		"Apache's": 1, "Drupal, old": 2, // One MD5 goes before its chain.
	} {
		for length, more := range map[int]int{256: 2 - runs, 257: 0} {
			password := strings.Repeat("a", length)
			got := derivations(h, func() {
				res, err := h.Verify(t.Context(), password, legacyRows[format])
				require.NoError(t, err)
				require.False(t, res.OK)
			})
			require.Equal(t, runs+more, got, "%s %d", format, length)
		}
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
	passwords := []string{
		"\x00", "x\x00", "\x00x", "x\x00x", phrase + "\x00",
		phrase + "\x00\x00",
	}

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
		res, err := insecure(
			t, v.config(t),
		).Verify(t.Context(), v.password+"\x00", v.stored)
		require.NoError(t, err)
		require.False(t, res.OK, v.scheme)
	}
}

func TestANormalisationCannotBringAnEmptyPasswordOrANULBack(t *testing.T) {
	t.Parallel()

	for form, want := range map[string]error{
		"":                        hash.ErrEmptyPassword,
		"x\x00":                   hash.ErrNUL,
		strings.Repeat("a", 4097): hash.ErrPasswordTooLong,
	} {
		fake := &fakeScheme{
			check: func(password string) (bool, error) {
				return password == form, nil
			},
		}

		h := insecure(
			t,
			hash.Config{
				Accept:    []hash.Scheme{fake},
				Normalize: func(string) string { return form },
			},
		)
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

func TestTheAnswersAboutRehashingAgree(t *testing.T) {
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
			require.False(t, res.OK, "%s %.40q", name, stored)
			require.False(t, res.NeedsRehash, "%s %.40q", name, stored)
			require.Equal(
				t, rows[stored], info.NeedsRehash, "%s %.40q", name, stored,
			)
			require.Equal(
				t, rows[stored], h.NeedsRehash(stored), "%s %.40q", name,
				stored,
			)
			require.Equal(t, res.Scheme, info.Scheme)
			if verifyErr != nil {
				require.Zero(t, res)
				require.Zero(t, info)
			}
		}
	}
}
