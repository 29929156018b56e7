package mail

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

//go:embed locales mails
var embedded embed.FS

// files are the embedded ones with those of [TemplatesConfig.Files] over them.
type files struct{ host fs.FS }

// layers returns the file systems there are, the embedded one first.
func (f files) layers() []fs.FS {
	if f.host == nil {
		return []fs.FS{embedded}
	}
	return []fs.FS{embedded, f.host}
}

// read returns the versions of a file that there are, the host's last.
func (f files) read(name string) ([]string, error) {
	var found []string
	for _, layer := range f.layers() {
		content, err := fs.ReadFile(layer, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("mail: read %s: %w", name, err)
		}
		found = append(found, string(content))
	}
	return found, nil
}

// glob returns the names in any layer that match, sorted.
func (f files) glob(pattern string) ([]string, error) {
	var names []string
	for _, layer := range f.layers() {
		more, err := fs.Glob(layer, pattern)
		if err != nil {
			return nil, fmt.Errorf("mail: find %s: %w", pattern, err)
		}
		names = append(names, more...)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
