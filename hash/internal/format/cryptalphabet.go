package format

// cryptAlphabet holds the digits of crypt(3), lowest first.
const cryptAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// appendCrypt writes n characters of the 24 bits high, mid, low, lowest first.
func appendCrypt(out []byte, n int, high, mid, low byte) []byte {
	bits := uint(high)<<16 | uint(mid)<<8 | uint(low)
	for range n {
		out = append(out, cryptAlphabet[bits&63])
		bits >>= 6
	}
	return out
}

// isCryptChar reports whether c is of ./0-9A-Za-z, the alphabet that bcrypt
// and crypt(3) share in different orders.
func isCryptChar(c byte) bool {
	return Within(int(c), '.', '9') ||
		Within(int(c), 'A', 'Z') ||
		Within(int(c), 'a', 'z')
}

// isCrypt reports whether all of s is of that alphabet.
func isCrypt(s string) bool {
	for i := range len(s) {
		if !isCryptChar(s[i]) {
			return false
		}
	}
	return true
}
