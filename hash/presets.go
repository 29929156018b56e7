package hash

// All returns every scheme that can be told from its text alone. Formats that
// look like another one, or that protect nothing, are not in it: they are made
// by constructors of their own.
func All() []Scheme {
	return []Scheme{argon2Scheme{}, bcryptScheme{}, pbkdf2Scheme{}}
}
