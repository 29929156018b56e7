package format

// Argon2 reads argon2id and argon2i.
func Argon2() Scheme { return argon2Scheme{} }

// OtherArgon2 reads argon2d, and version 16 of all three variants.
func OtherArgon2() Scheme { return argon2Scheme{other: true} }

// Bcrypt reads bcrypt.
func Bcrypt() Scheme { return bcryptScheme{} }

// Scrypt reads $scrypt$.
func Scrypt() Scheme { return scryptScheme{} }

// PBKDF2 reads $pbkdf2$ and its kin.
func PBKDF2() Scheme { return pbkdf2Scheme{} }

// Django reads what Django writes.
func Django() Scheme { return djangoScheme{} }

// Werkzeug reads what Werkzeug writes.
func Werkzeug() Scheme { return werkzeugScheme{} }

// Passlib reads passlib's bcrypt_sha256.
func Passlib() Scheme { return passlibScheme{} }

// SHACrypt reads $5$ and $6$.
func SHACrypt() Scheme { return shaCryptScheme{} }

// CryptScrypt reads $7$.
func CryptScrypt() Scheme { return cryptScryptScheme{} }

// PHPass reads $P$ and $H$.
func PHPass() Scheme { return phpassScheme{} }

// WordPress reads $wp$.
func WordPress() Scheme { return wordpressScheme{} }

// Drupal reads $S$ and U$S$.
func Drupal() Scheme { return drupalScheme{} }

// ASPNET reads ASP.NET Core Identity's blobs.
func ASPNET() Scheme { return aspnetScheme{} }

// MD5Crypt reads $1$ and $apr1$.
func MD5Crypt() Scheme { return md5CryptScheme{} }

// LDAP reads {SSHA} and its kin.
func LDAP() Scheme { return ldapScheme{} }
