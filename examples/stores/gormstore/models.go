package gormstore

import (
	"strconv"

	"github.com/lostkey-go/lostkey/reset"
)

// A User is a row of users.
type User struct {
	ID             int64
	Email          string
	PasswordHash   *string
	SessionVersion int64
	Name, Locale   string
	Disabled       bool
}

// A Session is a row of sessions.
type Session struct{ ID, UserID int64 }

func (u User) account() reset.User {
	account := reset.User{
		ID: strconv.FormatInt(u.ID, 10), Email: u.Email,
		Stamp: strconv.FormatInt(u.SessionVersion, 10),
		Label: u.Name, Locale: u.Locale, Disabled: u.Disabled,
	}
	if u.PasswordHash != nil {
		account.PasswordHash = *u.PasswordHash
	}
	return account
}
