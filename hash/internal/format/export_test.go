package format

// DeriveArgon2 is Argon2 without golang.org/x/crypto, whatever the variant.
var DeriveArgon2 = deriveArgon2
