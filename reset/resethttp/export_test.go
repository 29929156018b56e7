package resethttp

// LinkToken is the reader of pasted links, for its fuzz test.
func LinkToken(pasted string) string { return linkToken(pasted) }

// AcceptLanguage is the reader of the header, for its tests.
func AcceptLanguage(header string) []string { return acceptLanguage(header) }
