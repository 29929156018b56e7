package resethttp

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed assets pages
var embedded embed.FS

// files are the embedded ones with those of [Config.Files] over them.
type files struct{ host fs.FS }

// read returns the host's file of this name, or else the embedded one.
func (f files) read(name string) (string, error) {
	if f.host != nil {
		content, err := fs.ReadFile(f.host, name)
		if err == nil {
			return string(content), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("resethttp: read %s: %w", name, err)
		}
	}

	content, err := fs.ReadFile(embedded, name)
	if err != nil {
		return "", fmt.Errorf("resethttp: read %s: %w", name, err)
	}
	return string(content), nil
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
		return "", fmt.Errorf("resethttp: %s holds a carriage return,"+
			" a closing tag or a comment of HTML", name)
	}
	return text, nil
}

// validate refuses a file of the host that replaces nothing. A misspelt name
// would otherwise silently have no effect.
func (f files) validate() error {
	if f.host == nil {
		return nil
	}

	for _, pattern := range []string{"assets/*", "pages/*"} {
		names, err := fs.Glob(f.host, pattern)
		if err != nil {
			return fmt.Errorf("resethttp: Config.Files: %w", err)
		}
		for _, name := range names {
			if _, err := fs.Stat(embedded, name); err != nil {
				return fmt.Errorf("resethttp: Config.Files:"+
					" %s is not one of the files of the pages", name)
			}
		}
	}
	return nil
}
