package mail

import (
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template"
)

// The blocks that must be there, so that a missing one is named at construction.
var (
	commonBlocks = []string{"dir", "date", "minutes", "hours", "days", "expiry", "copy", "contact", "sender"}
	mailBlocks   = []string{"subject", "title", "what", "action", "button", "notyou"}
)

// funcs is closed: templates reach neither files nor the environment.
var funcs = map[string]any{"pick": pick, "mod": mod}

func pick(n int, words ...string) (string, error) {
	if n < 1 || n > len(words) {
		return "", fmt.Errorf("pick: there is no word %d", n)
	}
	return words[n-1], nil
}

func mod(n, by int) (int, error) {
	if by == 0 {
		return 0, errors.New("mod: division by zero")
	}
	return n % by, nil
}

// source reads files by name: the user's first, the built-in ones second.
type source struct {
	override, builtin fs.FS
	locales           []string // sorted
}

func newSource(override fs.FS) (*source, error) {
	builtin, err := fs.Sub(embedded, "templates")
	if err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	s := &source{override: override, builtin: builtin}
	if err := s.scan(builtin); err != nil {
		return nil, err
	}
	if override != nil {
		if err := s.scan(override); err != nil {
			return nil, err
		}
	}
	slices.Sort(s.locales)
	return s, nil
}

// scan collects the locales, and refuses template files that nothing would ever read: a misspelt override that is silently
// ignored would be noticed by users only.
func (s *source) scan(files fs.FS) error {
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !slices.Contains([]string{".tmpl", ".html", ".txt"}, path.Ext(name)) {
			return err
		}
		dir, base := path.Split(name)
		dir = strings.TrimSuffix(dir, "/")
		switch {
		case dir == "" && slices.Contains([]string{"layout.html", "layout.txt", "blocks.html", "blocks.txt"}, base):
			return nil
		case dir == "" || !plainLocale(dir) || !localeFile(base):
			return fmt.Errorf("%s: no such template; see TemplatesConfig.Override", name)
		}
		for _, tag := range s.locales {
			if strings.EqualFold(tag, dir) && tag != dir {
				return fmt.Errorf("%s: the folder of this locale is called %s", name, tag)
			}
		}
		if !slices.Contains(s.locales, dir) {
			s.locales = append(s.locales, dir)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	return nil
}

func localeFile(base string) bool {
	if base == "common.tmpl" {
		return true
	}
	name := strings.TrimSuffix(base, path.Ext(base))
	return slices.Contains(Kinds(), Kind(name))
}

// both returns the built-in text and the user's, either of which may be empty.
func (s *source) both(name string) (builtin, override string, err error) {
	if builtin, err = read(s.builtin, name); err != nil {
		return "", "", err
	}
	if s.override != nil {
		override, err = read(s.override, name)
	}
	return builtin, override, err
}

func read(files fs.FS, name string) (string, error) {
	content, err := fs.ReadFile(files, name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("mail: %w", err)
	}
	return string(content), nil
}

func (s *source) parse(tag string) (*locale, error) {
	loc := &locale{tag: tag, mails: make(map[Kind]*parts)}
	for _, kind := range Kinds() {
		text := template.New("text").Funcs(funcs).Option("missingkey=error")
		html := htmltemplate.New("html").Funcs(funcs).Option("missingkey=error")
		for _, name := range []string{
			"layout.txt", "layout.html", "blocks.txt", "blocks.html",
			tag + "/common.tmpl", tag + "/" + string(kind) + ".tmpl",
			tag + "/" + string(kind) + ".txt", tag + "/" + string(kind) + ".html",
		} {
			if err := s.add(text, html, name); err != nil {
				return nil, err
			}
		}
		if err := complete(text, tag, kind); err != nil {
			return nil, err
		}
		loc.shared = text
		loc.mails[kind] = &parts{
			subject: text.Lookup("subject"),
			text:    text.Lookup(frame(tag, kind, ".txt", text.Lookup(tag+"/"+string(kind)+".txt") != nil)),
			html:    html.Lookup(frame(tag, kind, ".html", html.Lookup(tag+"/"+string(kind)+".html") != nil)),
		}
	}
	dir, err := loc.format("dir", nil)
	if err != nil {
		return nil, err
	}
	if dir != "ltr" && dir != "rtl" {
		return nil, fmt.Errorf("mail: %s/common.tmpl: block dir is neither ltr nor rtl", tag)
	}
	loc.dir = dir
	return loc, nil
}

// frame names the template that a part is executed from.
func frame(tag string, kind Kind, ext string, own bool) string {
	if own {
		return tag + "/" + string(kind) + ext
	}
	return "layout" + ext
}

// add parses one file into the part, or both parts, it belongs to; the user's definitions come second and win. A whole layout of
// the user's is parsed in place of the built-in one.
func (s *source) add(text *template.Template, html *htmltemplate.Template, name string) error {
	builtin, override, err := s.both(name)
	if err != nil {
		return err
	}
	for _, content := range []string{builtin, override} {
		if content == "" {
			continue
		}
		if path.Ext(name) != ".html" {
			if _, err := text.New(name).Parse(content); err != nil {
				return fmt.Errorf("mail: %w", err)
			}
		}
		if path.Ext(name) != ".txt" {
			if _, err := html.New(name).Parse(content); err != nil {
				return fmt.Errorf("mail: %w", err)
			}
		}
	}
	return nil
}

func complete(text *template.Template, tag string, kind Kind) error {
	for _, block := range commonBlocks {
		if text.Lookup(block) == nil {
			return fmt.Errorf("mail: %s/common.tmpl: block %s is missing", tag, block)
		}
	}
	for _, block := range mailBlocks {
		if text.Lookup(block) == nil {
			return fmt.Errorf("mail: %s/%s.tmpl: block %s is missing", tag, kind, block)
		}
	}
	return nil
}
