package resettest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lostkey-go/lostkey/reset"
)

// addressFaults are made by the look-up by address.
var addressFaults = []fault{
	{
		"finds an account by its address",
		"a column is not read",
		eachFound(func(user *reset.User) { user.PasswordHash = "" }),
		"does not return all columns",
	},
	{
		"finds nothing without an error",
		"no row is an error",
		func(s *faultyStore) {
			s.findByEmail = func(
				ctx context.Context, email string,
			) ([]reset.User, error) {
				users, err := s.Store.FindByEmail(ctx, email)
				if len(users) == 0 && err == nil {
					return nil, reset.ErrUserNotFound
				}
				return users, err
			}
		},
		"sql.ErrNoRows is returned",
	},
	{
		"returns every account on one address",
		"the first row alone",
		found(func(users []reset.User, _ string) []reset.User {
			return users[:min(1, len(users))]
		}),
		"stops at the first row",
	},
	{
		"finds nothing for an address that a column cannot hold",
		"an error about the character set is passed on",
		failsOn(func(email string) bool {
			return strings.ContainsFunc(
				email, func(r rune) bool { return r > 0xffff },
			)
		}, "Error 1267 (HY000): Illegal mix of collations"),
		"1267",
	},
	{
		"finds nothing for an address that a column cannot hold",
		"a statement that is put together",
		failsOn(func(email string) bool {
			return strings.Contains(email, "'")
		}, "syntax error at or near \"brien\""),
		"put together as text",
	},
	{
		"reads disabled accounts as disabled",
		"the look-up by address does not read it",
		eachFound(func(user *reset.User) { user.Disabled = false }),
		"the column is not read",
	},
}

// recoveryFaults are made by the look-up by one of the other addresses.
var recoveryFaults = []fault{
	{
		"finds an account by each recovery address",
		"the main column alone is asked",
		found(func(users []reset.User, email string) []reset.User {
			return slices.DeleteFunc(users, func(u reset.User) bool {
				return !strings.EqualFold(u.Email, email)
			})
		}),
		"asks the main column alone",
	},
	{
		"finds an account by each recovery address",
		"the addresses are not read by this look-up",
		eachFound(func(user *reset.User) { user.Recovery = nil }),
		"without the addresses",
	},
	{
		"reads five long recovery addresses whole",
		"a list that is cut at 1024 bytes",
		read(func(user *reset.User) {
			list := strings.Join(user.Recovery, "\n")
			if len(list) > 1024 {
				user.Recovery = strings.Split(list[:1024], "\n")
			}
		}),
		"cuts the list",
	},
	{
		"reads five long recovery addresses whole",
		"a parameter that is cut",
		failsOn(func(email string) bool {
			return len(email) > 250
		}, "Data too long"),
		"too short for 254 bytes",
	},
	{
		"forgets a removed recovery address",
		"a cache of addresses",
		func(s *faultyStore) {
			cached := make(map[string][]reset.User)
			s.findByEmail = func(
				_ context.Context, email string,
			) ([]reset.User, error) {
				return cached[email], nil
			}
			s.findByID = func(
				ctx context.Context, id string,
			) (reset.User, error) {
				user, err := s.Store.FindByID(ctx, id)
				for _, addr := range user.Recovery {
					cached[strings.ToLower(addr)] = []reset.User{user}
				}
				return user, err
			}
		},
		"after it was removed",
	},
}

// labelFaults are made where a label is read.
var labelFaults = []fault{
	{
		"reads the label",
		"the look-up by id does not read it",
		read(func(user *reset.User) { user.Label = "" }),
		"by one of the two look-ups alone",
	},
	{
		"reads the label",
		"the look-up by address does not read it",
		eachFound(func(user *reset.User) { user.Label = "" }),
		"by one of the two look-ups alone",
	},
}

// spellingFaults are about one address that is spelled in several ways.
var spellingFaults = []fault{
	{
		"folds ASCII letters in addresses",
		"compared byte for byte",
		found(func(users []reset.User, email string) []reset.User {
			if len(users) > 0 && users[0].Email != email {
				return nil
			}
			return users
		}),
		"compared byte for byte",
	},
	{
		"never returns a typed address as the stored one",
		"a wide collation, and the typed address in the result",
		func(s *faultyStore) {
			s.findByEmail = func(
				ctx context.Context, email string,
			) ([]reset.User, error) {
				plain := strings.NewReplacer(
					"\u212a", "k", "\u0131", "i", "\u017f", "s",
				).Replace(email)
				users, err := s.Store.FindByEmail(ctx, plain)
				for i := range users {
					users[i].Email = email
				}
				return users, err
			}
		},
		"filled from the argument",
	},
	{
		"never returns a typed address as the stored one",
		"an error about the character set is passed on",
		failsOn(func(email string) bool {
			return strings.ContainsRune(email, '\u212a')
		}, "SQLSTATE 22P05"),
		"22P05",
	},
	{
		"finds an address among its other spellings",
		"too many rows are an error",
		func(s *faultyStore) {
			s.findByEmail = func(
				ctx context.Context, email string,
			) ([]reset.User, error) {
				users, err := s.Store.FindByEmail(ctx, email)
				if len(users) > 100 {
					return nil, errors.New(
						"more than 100 accounts for one address",
					)
				}
				return users, err
			}
		},
		"order by it first",
	},
	{
		"finds an address among its other spellings",
		"a bound without an order",
		found(func(users []reset.User, _ string) []reset.User {
			slices.Reverse(users)
			return users[:min(100, len(users))]
		}),
		"order by it first",
	},
}

// idFaults are made by the look-up by id.
var idFaults = []fault{
	{
		"reads an account by its id",
		"a padded column",
		read(func(user *reset.User) {
			user.PasswordHash = fmt.Sprintf("%-120s", user.PasswordHash)
		}),
		"a column is missing, trimmed, or padded",
	},
	{
		"refuses unknown and malformed ids",
		"space around an id is ignored",
		func(s *faultyStore) {
			s.findByID = func(
				ctx context.Context, id string,
			) (reset.User, error) {
				return s.Store.FindByID(ctx, strings.TrimSpace(id))
			}
		},
		"coerces the id",
	},
	{
		"refuses unknown and malformed ids",
		"a syntax error of the database is passed on",
		func(s *faultyStore) {
			s.findByID = func(
				ctx context.Context, id string,
			) (reset.User, error) {
				if strings.ContainsAny(id, " '{") {
					return reset.User{}, errors.New(
						"22P02: invalid input syntax for type uuid",
					)
				}
				return s.Store.FindByID(ctx, id)
			}
		},
		"error about the value is passed on",
	},
	{
		"reads disabled accounts as disabled",
		"the column is not read",
		read(func(user *reset.User) { user.Disabled = false }),
		"the column is not read",
	},
}
