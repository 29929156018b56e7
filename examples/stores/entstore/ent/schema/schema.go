// Package schema has the tables as ent sees them.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
)

// A User is a row of users.
type User struct{ ent.Schema }

// Fields implements ent.Interface.
func (User) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id"),
		field.String("email"),
		field.String("password_hash").Optional(),
		field.Int64("session_version").Default(0),
		field.String("name").Default(""),
		field.String("locale").Default(""),
		field.Bool("disabled").Default(false),
	}
}
