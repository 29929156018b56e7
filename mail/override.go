package mail

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template/parse"
)

// validate refuses host files that nothing would ever read, all of them at
// once. A misspelt name would be noticed by the readers of a mail only.
func (f files) validate(kinds []Kind) error {
	if f.host == nil {
		return nil
	}
	locales, err := files{}.glob("locales/*.json")
	if err != nil {
		return err
	}

	var faults []error
	visit := func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if err := validateName(name, locales, kinds); err != nil {
			faults = append(faults, inFiles(err))
			return nil
		}
		if !strings.HasPrefix(name, "mails/blocks.") {
			return nil
		}

		content, err := fs.ReadFile(f.host, name)
		if err != nil {
			return err
		}
		if err := f.validateBlocks(name, string(content)); err != nil {
			faults = append(faults, inFiles(err))
		}
		return nil
	}
	if err := fs.WalkDir(f.host, ".", visit); err != nil {
		faults = append(faults, inFiles(err))
	}
	return errors.Join(faults...)
}

func inFiles(err error) error {
	return fmt.Errorf("mail: TemplatesConfig.Files: %w", err)
}

func validateName(name string, locales []string, kinds []Kind) error {
	dir, base := path.Split(name)
	tag, isJSON := strings.CutSuffix(base, ".json")
	isText := slices.Contains([]string{".html", ".txt", ".tmpl"},
		path.Ext(base))

	switch {
	case strings.HasPrefix(base, "."):
		return nil // of a file manager
	case dir == "pages/" || dir == "assets/":
		return nil // of package resethttp, which may share the folder
	case dir == "mails/" && isText && isTemplate(base, kinds):
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
func isTemplate(base string, kinds []Kind) bool {
	name, ext := strings.TrimSuffix(base, path.Ext(base)), path.Ext(base)
	return (ext == ".html" || ext == ".txt") &&
		(name == "layout" || name == "blocks" ||
			slices.Contains(kinds, Kind(name)))
}

// validateBlocks refuses what would be parsed and then never be seen: text
// outside of a block, and blocks that nothing uses, which are usually misspelt.
func (f files) validateBlocks(name, content string) error {
	blocks := make(map[string]*parse.Tree)
	tree := parse.New(name)
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse(content, "", "", blocks); err != nil {
		return err
	}

	for block, tree := range blocks {
		empty := parse.IsEmptyTree(tree.Root)
		used, err := f.uses(block)
		switch {
		case err != nil:
			return err
		case block == name && !empty:
			return fmt.Errorf("%s has text outside of {{define}}", name)
		case block == name:
		case empty: // text/template keeps the earlier definition then
			return fmt.Errorf(`%s: block %s is empty, want at least {{""}}`,
				name, block)
		case !used:
			return fmt.Errorf("%s: nothing uses the block %s", name, block)
		}
	}
	return nil
}

// uses reports whether any template has a place for a block.
func (f files) uses(block string) (bool, error) {
	names, err := f.glob("mails/*")
	if err != nil {
		return false, err
	}

	for _, name := range names {
		layers, err := f.read(name)
		if err != nil {
			return false, err
		}
		for _, content := range layers {
			if strings.Contains(content, `{{template "`+block+`"`) {
				return true, nil
			}
		}
	}
	return false, nil
}
