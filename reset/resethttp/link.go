package resethttp

import "strings"

// maxLinkText is how much pasted text is looked at. It has room for a token of
// 1 KiB, the longest package token reads, and a long address before it.
const maxLinkText = 4 << 10

// maxTokenText is the longest token that package token reads.
const maxTokenText = 1 << 10

// linkToken finds the token in what a visitor pasted or a script moved into the
// form. That is the whole link with the token in its fragment or its query, or
// the token alone, with white space or the quotes and angle brackets of a mail
// around it. It returns "" for anything else, and otherwise only characters
// that tokens are made of, so that the result can go into a cookie or back into
// a form. It does not check the token.
func linkToken(pasted string) string {
	if len(pasted) > maxLinkText {
		return ""
	}

	text := strings.Trim(pasted, " \t\r\n\u00a0<>\"'")
	const name = "token="
	at := strings.Index(text, name)
	if at < 0 {
		return tokenText(text)
	}

	// Two tokens in one link are somebody's attempt to make us and another
	// reader see different ones.
	if strings.Count(text, name) > 1 {
		return ""
	}
	if at > 0 && !strings.ContainsRune("#?&", rune(text[at-1])) {
		return ""
	}
	text = text[at+len(name):]
	if end := strings.IndexAny(text, "&#"); end >= 0 {
		text = text[:end]
	}
	return tokenText(text)
}

// tokenText returns text if it is made of characters of a token only.
func tokenText(text string) string {
	if len(text) > maxTokenText {
		return ""
	}
	for i := range len(text) {
		c := text[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '-', c == '_', c == '.':
		default:
			return ""
		}
	}
	return text
}
