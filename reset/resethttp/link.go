package resethttp

import (
	"strings"
	"unicode"
)

// maxLinkText is how much text is looked at. It has room for a token of 1 KiB,
// the longest that package token reads, in a link that two gateways wrapped.
const maxLinkText = 8 << 10

// maxTokenText is the longest token that package token reads.
const maxTokenText = 1 << 10

// tokenStart begins every token. It is `{"alg":"HS256","kid":"` in base64url,
// see encodeHeader in package token. JWTs of gateways begin in another way.
const tokenStart = "eyJhbGciOiJIUzI1NiIsImtpZCI6"

// signatureLength is that of an HMAC-SHA256 in base64url.
const signatureLength = 43

// FindToken finds the token in a text that was pasted or moved into a form, or
// in an address, as the pages and the API do. It does not check the token. Use
// it for pages of Pages.Purposes, which are to be mounted with everything below
// them and to post what is behind the '#'.
//
// It undoes what mail programs add to links or break in them, a '#' that became
// "%23", and the wrappings of Microsoft Defender Safe Links, Proofpoint URL
// Defense v1 to v3, Barracuda, Cisco, Fortinet, Google, Sophos, Symantec and
// Trend Micro. Those of Mimecast, SendGrid and Mailgun open, but hold no token
// and cannot be pasted.
//
// It returns "" for a text of more than 8 KiB and where there is no token, two
// different ones, or one more that is damaged. Else the result has characters
// of a token only, and can go into a cookie or back into a form.
func FindToken(text string) string {
	if len(text) > maxLinkText {
		return ""
	}

	letters := squeeze(unwrap(text))
	found := ""
	for from := 0; ; {
		at := strings.Index(letters.text[from:], tokenStart)
		if at < 0 {
			return found
		}
		from += at

		raw := letters.tokenAt(from)
		if raw == "" || found != "" && raw != found {
			return ""
		}
		found = raw
		from += len(raw)
	}
}

// squeezed is a text without white space and what cannot be seen. Characters
// beyond ASCII are NUL.
type squeezed struct {
	text string
	// gap says for each byte of text, and for its end, that something was left
	// out before it.
	gap []bool
}

// squeeze leaves out what mail programs put into a long link. That is white
// space, line breaks, also those of quoted-printable ("=\r\n"), the marks at
// the beginning of quoted lines, and characters that cannot be seen, such as a
// zero-width space or a soft hyphen.
func squeeze(text string) squeezed {
	var out strings.Builder
	gap := make([]bool, 0, len(text)+1)
	missing, lineStart := false, false

	for i, r := range text {
		switch {
		case r == '\n' || r == '\r':
			missing, lineStart = true, true
			continue
		case unicode.IsSpace(r), unicode.Is(unicode.Cf, r),
			lineStart && (r == '>' || r == '|'),
			r == '=' &&
				strings.HasPrefix(strings.TrimLeft(text[i+1:], " \t"), "\r\n"),
			r == '=' && strings.HasPrefix(text[i+1:], "\n"):
			missing = true
			continue
		}

		if r >= unicode.MaxASCII {
			r = 0
		}
		out.WriteByte(byte(r))
		gap = append(gap, missing)
		missing, lineStart = false, false
	}
	return squeezed{out.String(), append(gap, missing)}
}

// tokenAt returns the token that begins at a place, or "" when what stands
// there is broken off, too long, or runs on into something else.
func (s squeezed) tokenAt(from int) string {
	end, dots := from, 0
	for end < len(s.text) && dots < 2 && isTokenByte(s.text[end]) {
		if s.text[end] == '.' {
			dots++
		}
		end++
	}

	signature := end
	for end < len(s.text) && end-signature < signatureLength &&
		isTokenByte(s.text[end]) && s.text[end] != '.' {
		end++
	}
	raw := s.text[from:end]
	if dots < 2 || end-signature < signatureLength ||
		len(raw) > maxTokenText || strings.Contains(raw, "..") ||
		strings.Count(raw, tokenStart) > 1 {
		return ""
	}

	// The full stop of a sentence may follow.
	next := end
	for next < len(s.text) && s.text[next] == '.' && !s.gap[next] {
		next++
	}
	if next < len(s.text) && !s.gap[next] && isTokenByte(s.text[next]) {
		return ""
	}
	return raw
}

func isTokenByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' ||
		'0' <= c && c <= '9' || c == '-' || c == '_' || c == '.'
}

// tokenText returns text if it is made of characters of a token only.
func tokenText(text string) string {
	if len(text) > maxTokenText {
		return ""
	}
	for i := range len(text) {
		if !isTokenByte(text[i]) {
			return ""
		}
	}
	return text
}
