package resethttp

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

//go:embed assets pages
var embedded embed.FS

//go:embed assets/style.css
var styleSheet string

// StyleSheet returns the built-in style sheet, without Config.Brand, for an
// application whose other pages should look alike. It begins with custom
// properties for the colours.
func StyleSheet() string { return styleSheet }

// files are the embedded ones with those of [Config.Files] over them.
type files struct{ host fs.FS }

// layers returns the embedded file of this name and after it that of the host,
// if there is one.
func (f files) layers(name string) []string {
	var texts []string
	if content, err := fs.ReadFile(embedded, name); err == nil {
		texts = append(texts, string(content))
	}
	if f.host != nil {
		if content, err := fs.ReadFile(f.host, name); err == nil {
			texts = append(texts, string(content))
		}
	}
	return texts
}

// read returns the host's file of this name, or else the embedded one without
// what only its readers need.
func (f files) read(name string) (string, error) {
	if f.host != nil {
		content, err := fs.ReadFile(f.host, name)
		if err == nil {
			return string(content), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("resethttp: Config.Files: %s: %w", name, err)
		}
	}

	content, err := fs.ReadFile(embedded, name)
	if err != nil {
		return "", fmt.Errorf("resethttp: %s: %w", name, err)
	}
	return compact(name, string(content)), nil
}

var (
	styleComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	styleSpace   = regexp.MustCompile(`\s*([{};,])\s*|(:)\s+`)
	lineComment  = regexp.MustCompile(`(?m)^\s*//.*$`)
	scriptPart   = regexp.MustCompile(`"[^"]*"|;\s*\}\s*|\(\w+\)\s*=>\s*|` +
		`\s*[-=+*<>!&|?:;,(){}\[\]]\s*|\s+`)
	oneParameter = regexp.MustCompile(`^\((\w+)\)\s*=>\s*$`)
)

// compact takes comments and white space out of the embedded style and script.
// It relies on how these are written and is for no other text: every string of
// the script is in double quotes, and no statement lacks its semicolon.
func compact(name, text string) string {
	if strings.HasSuffix(name, ".css") {
		text = styleComment.ReplaceAllString(text, "")
		text = styleSpace.ReplaceAllString(text, "$1$2")
		return strings.ReplaceAll(text, ";}", "}")
	}

	text = lineComment.ReplaceAllString(text, "")
	return scriptPart.ReplaceAllStringFunc(text, func(part string) string {
		switch {
		case part[0] == '"':
			return part
		case strings.HasSuffix(strings.TrimSpace(part), "}"):
			return "}"
		}
		part = oneParameter.ReplaceAllString(part, "$1=>")
		return cmp.Or(strings.TrimSpace(part), " ")
	})
}

// readInline reads a file that goes into every page as it is. Its digest is in
// the content security policy, so nothing in it may come out otherwise after a
// browser has parsed the page.
func (f files) readInline(name string) (string, error) {
	text, err := f.read(name)
	if err != nil {
		return "", err
	}

	if strings.ContainsAny(text, "\r\x00") ||
		strings.Contains(strings.ToLower(text), "</s") ||
		strings.Contains(text, "<!--") {
		return "", fmt.Errorf("resethttp: Config.Files: %s holds a carriage"+
			" return, a closing tag or a comment of HTML", name)
	}
	return text, nil
}
