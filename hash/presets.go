package hash

// A preset is the list of schemes that one framework's users table may hold.
// Put it into Config.Accept. Presets may be joined with slices.Concat. What a
// Hasher makes itself is accepted without being named. The package
// documentation lists what no preset reads.

// All returns every scheme that can be told from its text alone. Formats that
// look like another one ([Prehashed], [NodeScrypt]) or protect next to nothing
// (the constructors named Insecure) are not in it.
func All() []Scheme {
	return []Scheme{
		argon2Scheme{},
		bcryptScheme{},
		djangoScheme{},
		werkzeugScheme{},
		scryptScheme{},
		pbkdf2Scheme{},
		passlibScheme{},
		shaCryptScheme{},
		phpassScheme{},
		wordpressScheme{},
		springScheme{},
		aspnetScheme{},
		betterAuth(nil),
	}
}

// standard returns what applications write that use a plain library, argon2 and
// bcrypt. It is part of most presets.
func standard() []Scheme { return []Scheme{argon2Scheme{}, bcryptScheme{}} }

// Modern returns argon2, bcrypt, scrypt and PBKDF2 in the PHC string format
// and passlib's spellings of it.
func Modern() []Scheme {
	return append(standard(), scryptScheme{}, pbkdf2Scheme{})
}

// Django returns the formats of django.contrib.auth.
func Django() []Scheme { return []Scheme{djangoScheme{}} }

// Flask returns the formats of Werkzeug, and those of [Passlib].
func Flask() []Scheme { return append(Passlib(), werkzeugScheme{}) }

// Passlib returns the formats that passlib's contexts make by default.
func Passlib() []Scheme {
	return append(
		Modern(),
		passlibScheme{},
		shaCryptScheme{},
		phpassScheme{},
		djangoScheme{},
	)
}

// Rails returns the formats of has_secure_password and of Devise without a
// pepper. See [Devise] for one with.
func Rails() []Scheme { return standard() }

// Laravel returns the formats of Laravel and of PHP's password_hash.
func Laravel() []Scheme { return standard() }

// Node returns the formats of the npm packages bcrypt, bcryptjs and argon2.
func Node() []Scheme { return standard() }

// WordPress returns the formats of WordPress, before and since 6.8.
func WordPress() []Scheme {
	return append(standard(), wordpressScheme{}, phpassScheme{})
}

// ASPNET returns the formats of ASP.NET Core Identity, version 2 and 3.
func ASPNET() []Scheme { return []Scheme{aspnetScheme{}} }

// Spring returns the formats of Spring Security's delegating encoder.
func Spring() []Scheme { return SpringWith(SpringConfig{}) }

// Unix returns the formats of shadow files, sha256-crypt, sha512-crypt and
// bcrypt. yescrypt is not among them.
func Unix() []Scheme { return []Scheme{shaCryptScheme{}, bcryptScheme{}} }

// With returns schemes with own in front, and without those that would claim
// the same strings or bear the same name. With(All(), Devise(pepper)...) reads
// bcrypt as Devise made it and everything else as before.
func With(schemes []Scheme, own ...Scheme) []Scheme {
	out := own[:len(own):len(own)]
	for _, s := range schemes {
		if _, err := registry(own).add(s); err == nil {
			out = append(out, s)
		}
	}
	return out
}
