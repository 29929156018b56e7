package resethttp

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

//go:embed assets pages locales
var embedded embed.FS

//go:embed assets/style.css
var styleSheet string

// StyleSheet returns the style sheet of the pages, as it is without
// Config.Files. It is for an application whose other pages should look alike,
// which can serve it with rules of its own after it.
func StyleSheet() string { return styleSheet }

// overlay is the embedded files with those of Config.Files over them.
type overlay struct{ override fs.FS }

// read returns the override's file of this name, or else the embedded one.
func (o overlay) read(name string) (string, error) {
	layers := o.layers(name)
	body, err := fs.ReadFile(layers[len(layers)-1], name)
	if err != nil {
		return "", fmt.Errorf("resethttp: read %s: %w", name, err)
	}
	return string(body), nil
}

// layers returns the file systems that may hold the file, the embedded one
// first.
func (o overlay) layers(name string) []fs.FS {
	var layers []fs.FS
	if _, err := fs.Stat(embedded, name); err == nil {
		layers = append(layers, embedded)
	}
	if o.override == nil {
		return layers
	}
	// The read reports an error other than absence.
	if _, err := fs.Stat(o.override, name); !errors.Is(err, fs.ErrNotExist) {
		layers = append(layers, o.override)
	}
	return layers
}

// glob returns the names in either layer that match, sorted.
func (o overlay) glob(pattern string) ([]string, error) {
	names, err := fs.Glob(embedded, pattern)
	if err != nil {
		return nil, fmt.Errorf("resethttp: %w", err)
	}
	if o.override != nil {
		more, err := fs.Glob(o.override, pattern)
		if err != nil {
			return nil, fmt.Errorf("resethttp: Config.Files: %w", err)
		}
		names = append(names, more...)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// strangers refuses a file of the override that replaces nothing. A misspelt
// name would otherwise silently have no effect.
func (o overlay) strangers() error {
	for _, pattern := range []string{"assets/*", "pages/*"} {
		names, err := o.glob(pattern)
		if err != nil {
			return err
		}
		for _, name := range names {
			if _, err := fs.Stat(embedded, name); err != nil {
				return fmt.Errorf(
					"resethttp: Config.Files: %s is not one of the files of the pages",
					name,
				)
			}
		}
	}
	return nil
}
