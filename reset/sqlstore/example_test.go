package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/internal/sqltest"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// openDatabase stands for sql.Open with the application's driver.
func openDatabase() *sql.DB { return (&sqltest.DB{}).OpenForExample() }

func ExampleNew() {
	db := openDatabase()
	store, err := sqlstore.New(db, sqlstore.Config{
		Dialect: sqlstore.PostgreSQL,
		Table: sqlstore.Table{
			Name: "users", ID: "id", Email: "email", Hash: "password_hash",
			Stamp: "session_version", DisabledAt: "disabled_at",
		},
		// The sessions end with the old password, or both stay.
		InTx: func(ctx context.Context, tx *sql.Tx, seen reset.User) error {
			_, err := tx.ExecContext(
				ctx, `DELETE FROM sessions WHERE user_id = $1`, seen.ID,
			)
			return err
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	_, err = store.FindByID(context.Background(), "42")
	fmt.Println(err)
	// Output: reset: user not found
}

// A table that needs more than names: tenants, and an address kept elsewhere.
func ExampleQueries() {
	db := openDatabase()
	_, err := sqlstore.New(db, sqlstore.Config{
		Dialect: sqlstore.PostgreSQL,
		Queries: sqlstore.Queries{
			ByEmail: `SELECT u.id, a.address, u.hash, u.version, u.locale,
					u.disabled_at IS NOT NULL
				FROM users u JOIN addresses a ON a.user_id = u.id
				WHERE a.verified AND lower(a.address) = lower($1)`,

			ByID: `SELECT u.id, a.address, u.hash, u.version, u.locale,
					u.disabled_at IS NOT NULL
				FROM users u
				JOIN addresses a ON a.user_id = u.id AND a.main
				WHERE u.id = $1`,

			Replace: `UPDATE users u SET hash = $1
				FROM addresses a
				WHERE u.id = $2 AND COALESCE(u.hash, '') = $3
				AND u.version::text = $5 AND u.disabled_at IS NULL
				AND a.user_id = u.id AND a.main AND a.address = $4`,
		},
	})
	fmt.Println(err)
	// Output: <nil>
}

// The generated statements are a start for statements of one's own.
func ExampleTable_Queries() {
	table := sqlstore.Table{
		Name: "users", ID: "id", Email: "email", Hash: "hash",
	}
	queries, err := table.Queries(sqlstore.SQLite)
	if err != nil {
		log.Fatal(err)
	}
	update, condition, _ := strings.Cut(queries.Swap, " AND ")
	fmt.Println(update)
	fmt.Println(condition)
	// Output:
	// UPDATE `users` SET `hash` = ? WHERE `id` = ?
	// CAST(COALESCE(CAST(`hash` AS TEXT), '') AS BLOB) = CAST(? AS BLOB)
}

// A sign-in over the same table. An old hash, of bcrypt perhaps, is replaced,
// unless a reset was faster. Without an account user.PasswordHash is "", which
// no password is right for, and which costs what a wrong password costs. Give
// the hasher to reset.Config too. Limits and sessions are the application's.
func ExampleStore_SwapFor() {
	db := openDatabase()
	store, err := sqlstore.New(db, sqlstore.Config{
		Dialect: sqlstore.SQLite,
		Table: sqlstore.Table{
			Name: "users", ID: "id", Email: "email", Hash: "password_hash",
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	hasher := hash.NewInsecureForTests() // hash.New(hash.Config{}) in a program

	signIn := func(ctx context.Context, email, password string) (bool, error) {
		users, err := store.FindByEmail(ctx, email)
		if err != nil {
			return false, err
		}
		var user reset.User
		if len(users) == 1 && !users[0].Disabled {
			user = users[0]
		}

		result, err := hasher.VerifyAndUpdate(
			ctx, password, user.PasswordHash, store.SwapFor(user),
		)
		if errors.Is(err, hash.ErrBusy) || ctx.Err() != nil {
			return false, err // 503, for everybody
		}
		if err := errors.Join(err, result.UpdateErr); err != nil {
			log.Print(user.ID, ": stored hash: ", err)
		}
		return result.OK, nil
	}
	fmt.Println(signIn(context.Background(), "ana@example.com", "anything"))
	// Output: false <nil>
}

// Django's own table, of one tenant, without the rows that are only marked.
func ExampleTable() {
	db := openDatabase()
	_, err := sqlstore.New(db, sqlstore.Config{
		Dialect: sqlstore.PostgreSQL,
		Table: sqlstore.Table{
			Name: "auth_user", ID: "id", Email: "email", Hash: "password",
			Active: "is_active",
			Where: []sqlstore.Condition{
				{Column: "tenant_id", Value: 42},
				{Column: "deleted_at", IsNull: true},
			},
		},
	})
	fmt.Println(err)
	// Output: <nil>
}

// Accounts with further addresses, in the table that django-allauth keeps.
func ExampleRecoveryTable() {
	db := openDatabase()
	store, err := sqlstore.New(db, sqlstore.Config{
		Dialect: sqlstore.PostgreSQL,
		Table: sqlstore.Table{
			Name: "auth_user", ID: "id", Email: "email", Hash: "password",
			Active: "is_active", Label: "username",
			Recovery: sqlstore.RecoveryTable{
				Name: "account_emailaddress", UserID: "user_id",
				Email: "email", Confirmed: "verified",
			},
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	found, err := store.FindByEmail(
		context.Background(), "ana@home.example",
	)
	fmt.Println(len(found), err)
	// Output: 0 <nil>
}

// When the program starts, the table is looked at, and what is wrong is logged
// with the statement that mends it.
func ExampleStore_Check() {
	db := openDatabase()
	store, err := sqlstore.New(db, sqlstore.Config{
		Dialect: sqlstore.PostgreSQL,
		Table: sqlstore.Table{
			Name: "users", ID: "id", Email: "email", Hash: "password_hash",
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	findings, err := store.Check(context.Background())
	for _, finding := range findings {
		fmt.Println(finding) // and finding.SQL, what to run
	}
	fmt.Println(err)
	// Output:
	// no-table: The table is not there, or this database user may not see it.
	// <nil>
}
