package entstore

import (
	"strconv"

	"entgo.io/ent/dialect/sql"

	"github.com/lostkey-go/lostkey/examples/stores/entstore/ent"
	"github.com/lostkey-go/lostkey/examples/stores/entstore/ent/predicate"
	"github.com/lostkey-go/lostkey/examples/stores/entstore/ent/user"
	"github.com/lostkey-go/lostkey/reset"
)

func account(row *ent.User) reset.User {
	return reset.User{
		ID: strconv.FormatInt(row.ID, 10), Email: row.Email,
		PasswordHash: row.PasswordHash,
		Stamp:        strconv.FormatInt(row.SessionVersion, 10),
		Label:        row.Name, Locale: row.Locale, Disabled: row.Disabled,
	}
}

func notFound(err error) error {
	if ent.IsNotFound(err) {
		return reset.ErrUserNotFound
	}
	return err
}

// emailIs is what an index on lower(email) serves. EmailEqualFold would be
// ILIKE.
func emailIs(email string) predicate.User {
	return func(rows *sql.Selector) {
		rows.Where(sql.P(func(b *sql.Builder) {
			b.WriteString("lower(email) = lower(").Arg(email).WriteByte(')')
		}))
	}
}

// hashIs takes NULL and the empty hash for the same.
func hashIs(encoded string) predicate.User {
	if encoded == "" {
		return user.Or(user.PasswordHash(""), user.PasswordHashIsNil())
	}
	return user.PasswordHash(encoded)
}
