package hash

import (
	"crypto/rand"
	"strings"
)

// IsUnusable reports whether encoded is a mark of an account without a password
// rather than a hash. These are marks:
//
//   - "", and so what a NULL is read as
//   - "!" or "*" and anything behind it, as Django, shadow(5) and crypt(3)
//     write it, but not MySQL's PASSWORD(), "*" and 40 upper-case hexadecimal
//     digits
//   - "x" of passwd(5), "NP" and "UP" of Solaris, "not cached" of Moodle, and
//     "disabled", "invalid", "locked" and "nologin", in any case of letters
//
// Nothing is trimmed. Where passwords are stored in clear, these words cannot
// be passwords. Marks of [Config].IsUnusable are not known here.
func IsUnusable(encoded string) bool {
	if encoded == "" || encoded[0] == '!' {
		return true
	}
	if encoded[0] == '*' {
		return !isMySQL(encoded)
	}

	// No format has hashes as short as these, DES crypt's 13 characters
	// included.
	for _, word := range [...]string{
		"x", "NP", "UP", "not cached", "disabled", "invalid", "locked",
		"nologin",
	} {
		if strings.EqualFold(encoded, word) {
			return true
		}
	}

	return false
}

// isMySQL tells MySQL's PASSWORD() from a mark. No scheme here reads it. A
// scheme of the application's own may.
func isMySQL(encoded string) bool {
	const digits = "0123456789ABCDEF"
	return len(encoded) == 41 && strings.Trim(encoded[1:], digits) == ""
}

// NewUnusable returns a fresh mark, "!" and 40 random letters and digits. Store
// it to clear or to lock a password. No two are the same, so what is bound to
// the stored hash, such as a reset link, never works again. With an empty
// column, it would when the column is emptied once more.
func NewUnusable() string {
	return "!" + (rand.Text() + rand.Text())[:40]
}

// HasPassword reports whether encoded is a hash, that is, no mark that
// [IsUnusable] or [Config].IsUnusable knows. Whether the hash can be read,
// [Hasher.Inspect] tells.
func (h *Hasher) HasPassword(encoded string) bool {
	return !IsUnusable(encoded) && !h.unusableToHost(encoded)
}

// unusableToHost asks Config.IsUnusable. A panic in it counts as yes, because a
// mark taken for a hash is worse than a hash taken for a mark.
func (h *Hasher) unusableToHost(encoded string) (yes bool) {
	if h.isUnusable == nil {
		return false
	}
	defer func() {
		if recover() != nil {
			yes = true
		}
	}()
	return h.isUnusable(encoded)
}
