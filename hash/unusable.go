package hash

import (
	"crypto/rand"
	"strings"
)

// HasPassword reports whether encoded can be the stored hash of a password. It
// is false for the marks of an account without one, which signs in elsewhere,
// is locked, or was invited and has not answered:
//
//   - "", the default of Devise's column, and what a NULL is read as
//   - "!" and anything behind it: Django's make_password(None), and a password
//     that usermod -L or passwd -l locked, see shadow(5)
//   - "*" and anything behind it: shadow(5), the locked "*LK*" and "*AL*" of
//     Solaris, "*LOCKED*" of FreeBSD, and "*0" and "*1", by which crypt(3) says
//     that it failed. MySQL's PASSWORD(), "*" and forty digits of upper-case
//     hexadecimal, is a hash and no mark
//   - "x" of passwd(5): the hash is in another table
//   - "NP" and "UP" of Solaris' shadow(5): no password, none set yet
//   - "not cached" of Moodle: the password is kept elsewhere
//   - "disabled", "invalid", "locked" and "nologin", written by hand
//
// The words count in any case of letters, and only when they are all there is.
// Nothing is trimmed. No format has hashes that short, DES crypt's 13
// characters included. Whoever stores passwords in clear, without a prefix,
// cannot use these words as passwords.
//
// An application adds marks of its own by Config.Unusable, which only
// [Hasher.HasPassword] asks. Whether a hash can be read, [Hasher.Inspect]
// tells.
func HasPassword(encoded string) bool {
	if encoded == "" || encoded[0] == '!' {
		return false
	}
	if encoded[0] == '*' {
		return isMySQL(encoded)
	}

	for _, word := range [...]string{
		"x", "NP", "UP", "not cached", "disabled", "invalid", "locked",
		"nologin",
	} {
		if strings.EqualFold(encoded, word) {
			return false
		}
	}

	return true
}

// isMySQL tells MySQL's PASSWORD() from a mark. No scheme here reads it. A
// scheme of the application's own may.
func isMySQL(encoded string) bool {
	const digits = "0123456789ABCDEF"
	return len(encoded) == 41 && strings.Trim(encoded[1:], digits) == ""
}

// Unusable returns a fresh mark of an account without a password, "!" and 40
// random letters and digits, in the shape of Django's. Store it to clear or to
// lock a password. What is bound to the stored hash, such as a reset link, then
// never matches again. An empty column matches again when it is emptied for the
// second time.
func Unusable() string {
	return "!" + (rand.Text() + rand.Text())[:40]
}

// HasPassword reports what the function [HasPassword] and Config.Unusable say
// together. Every method of the Hasher uses it.
func (h *Hasher) HasPassword(encoded string) bool {
	return HasPassword(encoded) && !h.unusableToHost(encoded)
}

// unusableToHost asks Config.Unusable. A panic in it counts as yes, because a
// mark taken for a hash is worse than a hash taken for a mark.
func (h *Hasher) unusableToHost(encoded string) (yes bool) {
	if h.unusable == nil {
		return false
	}
	defer func() {
		if recover() != nil {
			yes = true
		}
	}()
	return h.unusable(encoded)
}
