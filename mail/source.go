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
	"text/template/parse"
)

// The blocks that must be there, so that a missing one is named at construction.
var (
	commonBlocks = []string{"dir", "date", "month", "minutes", "hours", "days", "expiry", "copy", "contact", "sender"}
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

// file is one template file.
type file struct{ name, content string }

// read returns the versions of a file there are: the built-in one first, the user's second.
func (s *source) read(name string) ([]file, error) {
	var found []file
	for _, from := range []fs.FS{s.builtin, s.override} {
		if from == nil {
			continue
		}
		content, err := fs.ReadFile(from, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("mail: %w", err)
		}
		found = append(found, file{name, string(content)})
	}
	return found, nil
}

func (s *source) parse(tag string) (*locale, error) {
	loc := &locale{tag: tag, mails: make(map[Kind]*parts)}
	for _, kind := range Kinds() {
		text := template.New("text").Funcs(funcs).Option("missingkey=error")
		html := htmltemplate.New("html").Funcs(funcs).Option("missingkey=error")
		// The tag has been checked to be letters, digits and '-', so that it is its own template.
		if _, err := text.New("lang").Parse(tag); err != nil {
			return nil, fmt.Errorf("mail: %w", err)
		}
		if _, err := html.New("lang").Parse(tag); err != nil {
			return nil, fmt.Errorf("mail: %w", err)
		}
		var files []file
		for _, name := range []string{
			"layout.txt", "layout.html", "blocks.txt", "blocks.html",
			tag + "/common.tmpl", tag + "/" + string(kind) + ".tmpl",
			tag + "/" + string(kind) + ".txt", tag + "/" + string(kind) + ".html",
		} {
			found, err := s.read(name)
			if err != nil {
				return nil, err
			}
			files = append(files, found...)
		}
		for _, f := range files {
			if err := add(text, html, f, files); err != nil {
				return nil, err
			}
		}
		if err := complete(text, tag, kind); err != nil {
			return nil, err
		}
		loc.shared = text
		set := &parts{
			subject: text.Lookup("subject"),
			text:    text.Lookup(frame(tag, kind, ".txt", text.Lookup(tag+"/"+string(kind)+".txt") != nil)),
			html:    html.Lookup(frame(tag, kind, ".html", html.Lookup(tag+"/"+string(kind)+".html") != nil)),
		}
		inline(set.text.Root, func(name string) *parse.Tree { return treeOf(text.Lookup(name)) })
		inline(set.html.Tree.Root, func(name string) *parse.Tree { return htmlTreeOf(html.Lookup(name)) })
		loc.mails[kind] = set
	}
	dir, err := loc.format("dir", nil)
	if err != nil {
		return nil, err
	}
	if dir != "ltr" && dir != "rtl" {
		return nil, fmt.Errorf("mail: %s/common.tmpl: block dir is neither ltr nor rtl", tag)
	}
	if err := loc.learn(); err != nil {
		return nil, err
	}
	return loc, nil
}

func treeOf(t *template.Template) *parse.Tree {
	if t == nil {
		return nil
	}
	return t.Tree
}

func htmlTreeOf(t *htmltemplate.Template) *parse.Tree {
	if t == nil {
		return nil
	}
	return t.Tree
}

// frame names the template that a part is executed from.
func frame(tag string, kind Kind, ext string, own bool) string {
	if own {
		return tag + "/" + string(kind) + ext
	}
	return "layout" + ext
}

// add parses one file into the part, or both parts, it belongs to. The user's version comes after the built-in one, so that its
// definitions win.
func add(text *template.Template, html *htmltemplate.Template, f file, all []file) error {
	if path.Ext(f.name) != ".html" {
		if _, err := text.New(f.name).Parse(f.content); err != nil {
			return fmt.Errorf("mail: %w", err)
		}
	}
	if path.Ext(f.name) != ".txt" {
		if _, err := html.New(f.name).Parse(f.content); err != nil {
			return fmt.Errorf("mail: %w", err)
		}
	}
	if path.Ext(f.name) == ".tmpl" || strings.HasPrefix(f.name, "blocks.") {
		return onlyBlocks(f, all)
	}
	return nil
}

// onlyBlocks refuses what would be parsed and then never be seen: text outside of a definition, and definitions that nothing
// calls, which are usually misspelt.
func onlyBlocks(f file, all []file) error {
	trees := make(map[string]*parse.Tree)
	tree := parse.New(f.name)
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse(f.content, "", "", trees); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	for name, tree := range trees {
		switch {
		case name == f.name && !parse.IsEmptyTree(tree.Root):
			return fmt.Errorf("mail: %s: there is text outside of {{define}}", f.name)
		case name != f.name && parse.IsEmptyTree(tree.Root):
			// text/template keeps the earlier definition then.
			return fmt.Errorf(`mail: %s: the block %s is empty; write {{""}} to leave it out`, f.name, name)
		case name == f.name, slices.Contains(commonBlocks, name), slices.Contains(mailBlocks, name):
		case !slices.ContainsFunc(all, func(other file) bool {
			return strings.Contains(other.content, `{{template "`+name+`"`)
		}):
			return fmt.Errorf("mail: %s: nothing uses the block %s", f.name, name)
		}
	}
	if len(trees) == 0 || len(trees) == 1 && trees[f.name] != nil {
		return fmt.Errorf("mail: %s: the file defines no block", f.name)
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
