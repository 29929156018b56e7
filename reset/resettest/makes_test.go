package resettest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resettest"
)

// A record is a row of a home-made store.
type record struct {
	id                      int
	email, encoded, label   string
	version                 int // which changes with the recovery addresses
	recovery                []string
	disabled, deleted, gone bool
}

// A homeMade store is what a program without a database writes: a map and a
// mutex. Its options are the ways in which such stores differ without being
// wrong.
type homeMade struct {
	mu       sync.Mutex
	last     int
	records  map[int]record
	replica  map[int]record // what the look-ups see, if not nil
	sessions map[int]int

	counts   bool // the version counts up with each new hash
	longest  int  // a longer hash is refused
	hides    bool // disabled accounts are left out of look-ups
	showsBin bool // deleted accounts are shown as disabled
	shuffles bool // look-ups have no order
	fails    bool // sessions cannot be ended
}

func newHomeMade() *homeMade {
	return &homeMade{
		records:  map[int]record{},
		sessions: map[int]int{},
		longest:  255,
	}
}

func (s *homeMade) user(r record) reset.User {
	return reset.User{
		ID: strconv.Itoa(r.id), Email: r.email, PasswordHash: r.encoded,
		Stamp: strconv.Itoa(r.version), Disabled: r.disabled || r.deleted,
		Recovery: slices.Clone(r.recovery), Label: r.label,
	}
}

func (s *homeMade) visible(r record) bool {
	return !r.gone && (!r.deleted || s.showsBin) && (!r.disabled || !s.hides)
}

func (s *homeMade) shown() map[int]record {
	if s.replica != nil {
		return s.replica
	}
	return s.records
}

func (s *homeMade) FindByEmail(
	ctx context.Context, email string,
) ([]reset.User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []reset.User
	for _, r := range s.shown() {
		if s.visible(r) && slices.ContainsFunc(
			append([]string{r.email}, r.recovery...),
			func(addr string) bool { return strings.EqualFold(addr, email) },
		) {
			found = append(found, s.user(r))
		}
	}
	if !s.shuffles {
		slices.SortFunc(
			found,
			func(a, b reset.User) int { return strings.Compare(a.ID, b.ID) },
		)
	}
	return found, ctx.Err()
}

func (s *homeMade) FindByID(
	ctx context.Context, id string,
) (reset.User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := strconv.Atoi(id)
	r, ok := s.shown()[n]
	switch {
	case ctx.Err() != nil:
		return reset.User{}, ctx.Err()
	case err != nil, !ok, !s.visible(r), strconv.Itoa(n) != id:
		return reset.User{}, reset.ErrUserNotFound
	}
	return s.user(r), nil
}

func (s *homeMade) ReplaceHash(
	ctx context.Context, seen reset.User, encoded string,
) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := strconv.Atoi(seen.ID)
	r := s.records[n]
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case len(encoded) > s.longest:
		return errors.New("value too long")
	case err != nil, !s.visible(r), r.disabled, r.deleted,
		r.email != seen.Email || r.encoded != seen.PasswordHash,
		strconv.Itoa(r.version) != seen.Stamp:
		return reset.ErrStale
	case s.fails:
		return errors.New("no sessions")
	}

	r.encoded = encoded
	if s.counts {
		r.version++
	}
	s.records[n] = r
	delete(s.sessions, n)
	return nil
}

// change is the application's part: it alters a row.
func (s *homeMade) change(id string, alter func(r *record)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := strconv.Atoi(id)
	if err != nil {
		return err
	}
	r := s.records[n]
	alter(&r)
	s.records[n] = r
	return nil
}

func (s *homeMade) fixture() resettest.Fixture {
	change := func(
		alter func(r *record, value string),
	) func(context.Context, string, string) error {
		return func(_ context.Context, id, value string) error {
			return s.change(id, func(r *record) { alter(r, value) })
		}
	}
	set := func(alter func(r *record)) func(context.Context, string) error {
		return func(_ context.Context, id string) error {
			return s.change(id, alter)
		}
	}

	return resettest.Fixture{
		Store: s,
		Create: func(_ context.Context, user reset.User) (string, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.last++
			s.records[s.last] = record{
				id:      s.last,
				email:   user.Email,
				encoded: user.PasswordHash,
				version: 7,
			}
			return strconv.Itoa(s.last), nil
		},
		Disable:       set(func(r *record) { r.disabled = true }),
		Delete:        set(func(r *record) { r.gone = true }),
		ClearPassword: set(func(r *record) { r.encoded = "" }),
		ChangeEmail:   change(func(r *record, value string) { r.email = value }),
		ChangeStamp:   change(func(r *record, _ string) { r.version++ }),
		ChangeLabel:   change(func(r *record, value string) { r.label = value }),
		ChangeRecovery: func(
			_ context.Context, id string, addrs []string,
		) error {
			return s.change(id, func(r *record) {
				r.recovery = addrs
				r.version++
			})
		},
		AddSession: func(_ context.Context, id string) error {
			n, err := strconv.Atoi(id)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.sessions[n]++
			return err
		},
		Sessions: func(_ context.Context, id string) (int, error) {
			n, err := strconv.Atoi(id)
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.sessions[n], err
		},
		FailSessions: func(context.Context) error {
			s.fails = true
			return nil
		},
	}
}

var makes = []struct {
	name    string
	options func(s *homeMade, f *resettest.Fixture)
	skips   int
}{
	{
		"a map and a mutex, integer ids",
		func(*homeMade, *resettest.Fixture) {},
		0,
	},
	{
		"a stamp that counts up with each hash",
		func(s *homeMade, _ *resettest.Fixture) { s.counts = true },
		0,
	},
	{
		"a stamp that counts up with each change of the row",
		func(s *homeMade, f *resettest.Fixture) {
			s.counts = true
			f.ChangeLabel = func(_ context.Context, id, value string) error {
				return s.change(id, func(r *record) {
					r.label, r.version = value, r.version+1
				})
			}
		},
		0,
	},
	{
		"128 bytes for the hash",
		func(s *homeMade, _ *resettest.Fixture) { s.longest = 128 },
		0,
	},
	{"deleted accounts are hidden", func(s *homeMade, f *resettest.Fixture) {
		f.Delete = func(_ context.Context, id string) error {
			return s.change(id, func(r *record) { r.deleted = true })
		}
	}, 0},
	{
		"deleted accounts are shown as disabled",
		func(s *homeMade, f *resettest.Fixture) {
			s.showsBin = true
			f.Delete = func(_ context.Context, id string) error {
				return s.change(id, func(r *record) { r.deleted = true })
			}
		},
		0,
	},
	{
		"disabled accounts are hidden",
		func(s *homeMade, _ *resettest.Fixture) { s.hides = true },
		0,
	},
	{
		"look-ups without an order",
		func(s *homeMade, _ *resettest.Fixture) { s.shuffles = true },
		0,
	},
	{
		"look-ups on a replica that lags",
		func(s *homeMade, f *resettest.Fixture) {
			s.replica = map[int]record{}
			f.CatchUp = func(context.Context) error {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.replica = maps.Clone(s.records)
				return nil
			}
		},
		0,
	},
	{"addresses in lower case alone", func(_ *homeMade, f *resettest.Fixture) {
		f.LowercaseEmail = true
		create := f.Create
		f.Create = func(ctx context.Context, user reset.User) (string, error) {
			if user.Email != strings.ToLower(user.Email) {
				return "", errors.New("violates check constraint")
			}
			return create(ctx, user)
		}
	}, 1},
	{
		"one account an address, whatever its case",
		func(s *homeMade, f *resettest.Fixture) {
			f.UniqueEmail = true
			create := f.Create
			f.Create = func(
				ctx context.Context, user reset.User,
			) (string, error) {
				if found, err := s.FindByEmail(ctx, user.Email); err != nil ||
					len(found) > 0 {
					return "", errors.New("violates unique constraint")
				}
				return create(ctx, user)
			}
		},
		2,
	},
	{
		"a cleared password is a new marker each time",
		func(s *homeMade, f *resettest.Fixture) {
			n := 0
			f.ClearPassword = func(_ context.Context, id string) error {
				n++
				return s.change(
					id, func(r *record) { r.encoded = fmt.Sprint("!", n) },
				)
			}
		},
		0,
	},
	{
		"a cleared password is one marker and another stamp",
		func(s *homeMade, f *resettest.Fixture) {
			f.ClearPassword = func(_ context.Context, id string) error {
				return s.change(
					id,
					func(r *record) { r.encoded, r.version = "!", r.version+1 },
				)
			}
		},
		0,
	},
	{
		"a cleared password locks the account too",
		func(s *homeMade, f *resettest.Fixture) {
			f.ClearPassword = func(_ context.Context, id string) error {
				return s.change(
					id, func(r *record) { r.encoded, r.disabled = "!", true },
				)
			}
		},
		0,
	},
}

// No store that keeps the contract in its own way may fail a check.
func TestRightStoresOfOtherMakesPassEveryCheck(t *testing.T) {
	t.Parallel()
	for _, c := range makes {
		passed, skips := 0, 0
		for _, name := range resettest.Names() {
			s := newHomeMade()
			f := s.fixture()
			c.options(s, &f)
			skipped, cause, err := resettest.Run(t.Context(), name, f)
			if skipped {
				skips++
				continue
			}
			require.NoError(t, err, "%s: %s: %s", c.name, name, cause)
			passed++
		}

		require.Equal(t, c.skips, skips, c.name)
		t.Logf("%-52s %d passed, %d not for it", c.name, passed, skips)
	}
}
