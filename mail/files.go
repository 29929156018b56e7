package mail

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
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

// validate refuses host files that nothing would ever read. A misspelt name
// would be noticed by the readers of a mail only.
func (f files) validate() error {
	if f.host == nil {
		return nil
	}
	locales, err := files{}.glob("locales/*.json")
	if err != nil {
		return err
	}

	visit := func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if err := validateName(name, locales); err != nil {
			return err
		}
		if !strings.HasPrefix(name, "mails/blocks.") {
			return nil
		}
		content, err := fs.ReadFile(f.host, name)
		if err != nil {
			return err
		}
		return f.validateBlocks(name, string(content))
	}
	if err := fs.WalkDir(f.host, ".", visit); err != nil {
		return fmt.Errorf("mail: TemplatesConfig.Files: %w", err)
	}
	return nil
}

func validateName(name string, locales []string) error {
	dir, base := path.Split(name)
	tag, isJSON := strings.CutSuffix(base, ".json")
	isText := slices.Contains([]string{".html", ".txt", ".tmpl"}, path.Ext(base))

	switch {
	case strings.HasPrefix(base, "."):
		return nil // of a file manager
	case dir == "pages/" || dir == "assets/":
		return nil // of package resethttp, which may share the folder
	case dir == "mails/" && isText && isTemplate(base):
		return nil
	case dir == "locales/" && isJSON && isLanguageTag(tag):
		for _, known := range locales {
			if strings.EqualFold(known, name) && known != name {
				return fmt.Errorf("%s: the file is called %s", name, known)
			}
		}
		return nil
	case isJSON || isText || dir == "mails/" || dir == "locales/":
		return fmt.Errorf("%s is not a file of the mails", name)
	}
	return nil
}

// isTemplate reports whether mails/base is one of the files that
// [TemplatesConfig.Files] names.
func isTemplate(base string) bool {
	name, ext := strings.TrimSuffix(base, path.Ext(base)), path.Ext(base)
	return (ext == ".html" || ext == ".txt") &&
		(name == "layout" || name == "blocks" || slices.Contains(Kinds(), Kind(name)))
}
